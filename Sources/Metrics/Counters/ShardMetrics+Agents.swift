public import AgentModel
public import Basis
import OpAMP

/// What agents do, recorded under its counters and measures.
extension ShardMetrics {
    /// A report has been passed to the connection.
    public func sent(_ kind: ReportKind) {
        count(.messagesSent)
        count(Counter(kind))
        if kind == .heartbeat { count(.heartbeatsDue) }
    }

    /// A TLS handshake has succeeded.
    public func recordHandshake(_ span: Nanoseconds, isResumed: Bool) {
        count(isResumed ? .tlsHandshakesResumed : .tlsHandshakesFull)
        record(isResumed ? .tlsResumption : .tlsHandshake, span)
    }

    /// Counts an anomaly. What the connection has counted already, with its cause, is left out.
    public func count(anomaly: Anomaly, _ amount: Int) {
        if let counter = Counter(anomaly) { count(counter, amount) }
        // They were due; the tool did not send them.
        if case .heartbeatsSkipped = anomaly { count(.heartbeatsDue, amount) }
        if anomaly.isNamed { count(named: anomaly.name, UInt64(max(amount, 0))) }
    }

    /// Counts a fault that has just been injected.
    public func count(fault: Fault) {
        count(.faults)
        count(named: "fault_\(fault.name)")
    }

    /// An agent reported another health than before.
    public func record(_ change: HealthChange) {
        healthReported(change.to, after: change.from)
    }

    /// An agent has reached a stage of an offer.
    public func record(_ step: OfferStep, at now: Instant) {
        if let counter = Counter(step.kind, step.stage) { count(counter) }
        if let measure = Measure(step.kind, step.stage) { record(measure, step.elapsed) }
        guard let number = step.number else { return }
        reached(step.stage, of: step.kind, number: number, received: now - step.elapsed, at: now)
    }

    /// An agent has done something with one package.
    public func record(_ step: PackageStep) {
        switch step {
        case .downloading, .installing: break
        case .installed: count(.packagesInstalled)
        case .failed: count(.packagesFailed)
        }
    }
}

extension Counter {
    /// The counter of a stage of an offer. `nil`: no counter; trials of connection settings are counted by
    /// how they end.
    init?(_ kind: OfferKind, _ stage: OfferStage) {
        switch (kind, stage) {
        case (.remoteConfig, .received): self = .remoteConfigsReceived
        case (.remoteConfig, .applied): self = .configsApplied
        case (.remoteConfig, .converged): self = .configsConverged
        case (.remoteConfig, .failed): self = .configsFailed
        case (.remoteConfig, .superseded): self = .configsSuperseded
        case (.packages, .received): self = .packageOffers
        case (.packages, .converged): self = .packageOffersConverged
        case (.packages, .failed): self = .packageOffersFailed
        case (.connectionSettings, .received): self = .settingsOffered
        case (.remoteConfig, .applying), (.packages, .applying), (.packages, .applied), (.packages, .superseded),
            (.connectionSettings, .applying), (.connectionSettings, .applied), (.connectionSettings, .converged),
            (.connectionSettings, .failed), (.connectionSettings, .superseded):
            return nil
        }
    }
}

extension Measure {
    /// The measure of the time from an offer's receipt to a stage; `nil`: that time is kept by wave only.
    init?(_ kind: OfferKind, _ stage: OfferStage) {
        switch (kind, stage) {
        case (.remoteConfig, .applying): self = .configApplying
        case (.remoteConfig, .applied): self = .configApplied
        case (.remoteConfig, .converged): self = .configConverged
        case (.packages, .converged): self = .packagesConverged
        default: return nil
        }
    }
}
