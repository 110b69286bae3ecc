import Basis
import OpAMP

/// What only some agents have: boxed, and made when first needed.
struct ExtendedState {
    /// What the agent declares, where it is no longer what its cohort does.
    var capabilities: AgentCapabilities?
    /// The uid that the agent had before the server gave it another: answers to reports under way still carry it.
    var formerInstanceUID: InstanceUID?
    var configuration = Configuration()
    var packages: PackageHolding?
    var connectionSettings: Boxed<ConnectionSettingsKeeper>?
    var telemetry: Boxed<TelemetryKeeper>?
    /// A server has paused the collection by a custom message.
    var isPaused = false
    /// The planned changes of what the agent declares.
    var capabilityChanges: CapabilitySchedule?
    var health: HealthState?
    /// When the reported health last changed.
    var healthChanged: Instant = .zero
    /// The collector, where a supervisor runs it.
    var collector = SupervisedCollector()
    /// The reports of an agent that reports its health far too often.
    var excessiveReports: ExcessiveReports?
    /// When a process that crashes without a cause does so next.
    var crashes: Instant = .distantFuture
    /// Status changes that wait for others.
    var batch: ChangeBatch?

    /// What the agent misses while it has no connection.
    var outage: Boxed<Outage>?
    /// When an agent that leaves no longer waits for answers.
    var leaveBy: Instant = .distantFuture

    /// When something of it next falls due. Updated by `withExtendedState`, so that a heartbeat reads one number.
    fileprivate(set) var nextDeadline: Instant = .distantFuture
    /// Whether it was changed since the agent was put into a record or woken from one.
    var isChanged = false

    fileprivate var earliestDeadline: Instant {
        min(
            min(crashes, excessiveReportsDue, collector.backAt, capabilityChangeDue), min(healthDue, packagesDue),
            min(applicationDue, deathDue, retryDue, batchDue), min(telemetryDue, leaveBy))
    }

    var capabilityChangeDue: Instant { capabilityChanges?.due ?? .distantFuture }
    var excessiveReportsDue: Instant { excessiveReports?.due ?? .distantFuture }
    var batchDue: Instant { batch?.due ?? .distantFuture }
    var telemetryDue: Instant { telemetry?.value.due ?? .distantFuture }
    var healthDue: Instant { health?.nextDeadline ?? .distantFuture }
    var packagesDue: Instant { packages?.nextDeadline ?? .distantFuture }
    var applicationDue: Instant { configuration.applicationDue }
    var deathDue: Instant { configuration.dies }
    var retryDue: Instant { configuration.retries }

    /// Makes a change, and finds out what falls due next.
    @inline(__always)
    fileprivate mutating func changing<Result>(_ change: (inout ExtendedState) -> Result) -> Result {
        let result = change(&self)
        nextDeadline = earliestDeadline
        isChanged = true
        return result
    }

    /// Whether nothing is in it, so that it may go.
    var isEmpty: Bool {
        capabilities == nil && formerInstanceUID == nil && !configuration.hasOffer && packages == nil
            && connectionSettings == nil && telemetry == nil && !isPaused && capabilityChanges == nil && health == nil
            && healthChanged == .zero && !collector.isDown && excessiveReports == nil && crashes == .distantFuture
            && batch == nil && outage == nil && leaveBy == .distantFuture
    }

    /// What is under way apart from the connection.
    var work: LifeCycle.Work {
        var work: LifeCycle.Work = []
        if configuration.isApplying { work.insert(.configuring) }
        if packages?.isWorking == true { work.insert(.updating) }
        return work
    }
}

extension Agent {
    /// Changes the extended state, making it where there is none yet. The box leaves the agent meanwhile, so that it is
    /// changed in place.
    mutating func withExtendedState<Result>(_ change: (inout ExtendedState) -> Result) -> Result {
        var box = extended ?? Boxed(ExtendedState())
        extended = nil
        defer { extended = box }
        return box.value.changing(change)
    }

    /// Changes what the agent does with remote configurations.
    @inline(__always)
    mutating func withConfiguration<Result>(_ change: (inout Configuration) -> Result) -> Result {
        withExtendedState { change(&$0.configuration) }
    }

    /// What the agent does with remote configurations; nil: none was offered.
    var configuration: Configuration? {
        guard let extended, extended.value.configuration.hasOffer else { return nil }
        return extended.value.configuration
    }

    /// What is under way apart from the connection.
    var work: LifeCycle.Work { extended?.value.work ?? [] }

    /// Does what has fallen due besides heartbeats. The box is not held meanwhile, or each change would copy it.
    mutating func advanceExtendedState(at now: Instant, _ effects: inout Effects) {
        guard let due = extended?.value.nextDeadline, due <= now, isProcessUp else { return }
        if isDue(now, { $0.leaveBy }) { return leaveUnanswered(at: now, &effects) }
        if isDue(now, { $0.crashes }) { return crashWithoutCause(at: now, &effects) }
        if isDue(now, { $0.collector.backAt }) { collectorIsBack(at: now, &effects) }
        if isDue(now, { $0.healthDue }) { checkHealth(at: now, &effects) }
        if isDue(now, { $0.capabilityChangeDue }) { changeCapabilitiesAsPlanned(at: now, &effects) }
        if isDue(now, { $0.excessiveReportsDue }) { reportExcessively(at: now, &effects) }
        if isDue(now, { $0.applicationDue }), let application = extended?.value.configuration.application {
            finish(application, at: now, &effects)
        }
        if isDue(now, { $0.deathDue }) { crashOfConfiguration(at: now, &effects) }
        if isDue(now, { $0.retryDue }) { retryConfiguration(at: now, &effects) }
        if isDue(now, { $0.packagesDue }) { advancePackages(at: now, &effects) }
        if isDue(now, { $0.batchDue }) { releaseChanges(at: now, &effects) }
        if isDue(now, { $0.telemetryDue }) { exportTelemetry(at: now, &effects) }
    }

    @inline(__always)
    private func isDue(_ now: Instant, _ deadline: (ExtendedState) -> Instant) -> Bool {
        guard let extended else { return false }
        return deadline(extended.value) <= now
    }

    /// Whether the agent's process runs: one that is down or not yet started takes no action.
    var isProcessUp: Bool {
        switch life.phase {
        case .connecting, .connected, .running, .configuring, .updating, .backingOff, .closing: return true
        case .initializing, .restarting, .disconnected: return false
        }
    }

    /// Tells the life cycle what is under way, where that has changed.
    mutating func workChanged(because cause: TransitionCause, at now: Instant, _ effects: inout Effects) {
        _ = step(.workChanged(work), because: cause, at: now, &effects)
    }
}
