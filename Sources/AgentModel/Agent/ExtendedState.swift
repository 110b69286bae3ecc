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
    /// What somebody outside makes of the agent's health.
    var imposedHealth = ImposedHealth()
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
    /// When the agent was last cut off from its server, or, afterwards, when that ended.
    var cutOffChanged: Instant = .zero
    /// When an agent that leaves no longer waits for answers.
    var leaveBy: Instant = .distantFuture

    /// When something of it next falls due. Updated by `withExtendedState`, so that a heartbeat reads one number.
    fileprivate(set) var nextDeadline: Instant = .distantFuture
    /// Whether it was changed since the agent was put into a record or woken from one.
    var isChanged = false

    fileprivate var earliestDeadline: Instant {
        min(
            min(crashes, excessiveReportsDue, collector.backAt, capabilityChangeDue), min(healthDue, packagesDue),
            min(configuration.nextDeadline, batchDue), min(telemetryDue, leaveBy))
    }

    var capabilityChangeDue: Instant { capabilityChanges?.due ?? .distantFuture }
    var excessiveReportsDue: Instant { excessiveReports?.due ?? .distantFuture }
    var batchDue: Instant { batch?.due ?? .distantFuture }
    var telemetryDue: Instant { telemetry?.value.due ?? .distantFuture }
    var healthDue: Instant { health?.nextDeadline ?? .distantFuture }
    var packagesDue: Instant { packages?.nextDeadline ?? .distantFuture }

    /// What may fall due.
    fileprivate struct Due: OptionSet {
        let rawValue: UInt16
        static let leaving = Due(rawValue: 1 << 0)
        static let crash = Due(rawValue: 1 << 1)
        static let collector = Due(rawValue: 1 << 2)
        static let health = Due(rawValue: 1 << 3)
        static let capabilities = Due(rawValue: 1 << 4)
        static let excessiveReport = Due(rawValue: 1 << 5)
        static let application = Due(rawValue: 1 << 6)
        static let death = Due(rawValue: 1 << 7)
        static let retry = Due(rawValue: 1 << 8)
        static let packages = Due(rawValue: 1 << 9)
        static let batch = Due(rawValue: 1 << 10)
        static let telemetry = Due(rawValue: 1 << 11)
    }

    @inline(__always)
    fileprivate func due(at now: Instant) -> Due {
        var due: Due = []
        if leaveBy <= now { due.insert(.leaving) }
        if crashes <= now { due.insert(.crash) }
        if collector.backAt <= now { due.insert(.collector) }
        if healthDue <= now { due.insert(.health) }
        if capabilityChangeDue <= now { due.insert(.capabilities) }
        if excessiveReportsDue <= now { due.insert(.excessiveReport) }
        if configuration.applicationDue <= now { due.insert(.application) }
        if configuration.dies <= now { due.insert(.death) }
        if configuration.retries <= now { due.insert(.retry) }
        if packagesDue <= now { due.insert(.packages) }
        if batchDue <= now { due.insert(.batch) }
        if telemetryDue <= now { due.insert(.telemetry) }
        return due
    }

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
            && imposedHealth.isNone && healthChanged == .zero && !collector.isDown && excessiveReports == nil
            && crashes == .distantFuture && batch == nil && outage == nil && leaveBy == .distantFuture
    }

    /// What is under way apart from the connection.
    @inline(__always)
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
        guard let next = extended?.value.nextDeadline, next <= now, isProcessUp else { return }
        var due = whatIsDue(now)
        if due.contains(.leaving) { return leaveUnanswered(at: now, &effects) }
        if due.contains(.crash) { return crashWithoutCause(at: now, &effects) }
        func isDue(_ what: ExtendedState.Due, _ act: (inout Agent, inout Effects) -> Void) {
            guard due.contains(what) else { return }
            act(&self, &effects)
            due = whatIsDue(now)
        }
        isDue(.collector) { $0.collectorIsBack(at: now, &$1) }
        isDue(.health) { $0.checkHealth(at: now, &$1) }
        isDue(.capabilities) { $0.changeCapabilitiesAsPlanned(at: now, &$1) }
        isDue(.excessiveReport) { $0.reportExcessively(at: now, &$1) }
        isDue(.application) { agent, effects in
            guard let application = agent.extended?.value.configuration.application else { return }
            agent.finish(application, at: now, &effects)
        }
        isDue(.death) { $0.crashOfConfiguration(at: now, &$1) }
        isDue(.retry) { $0.retryConfiguration(at: now, &$1) }
        isDue(.packages) { $0.advancePackages(at: now, &$1) }
        isDue(.batch) { $0.releaseChanges(at: now, &$1) }
        isDue(.telemetry) { $0.exportTelemetry(at: now, &$1) }
    }

    private func whatIsDue(_ now: Instant) -> ExtendedState.Due {
        guard let extended, extended.value.nextDeadline <= now else { return [] }
        return extended.value.due(at: now)
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
