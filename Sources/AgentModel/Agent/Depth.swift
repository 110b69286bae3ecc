import Basis
import OpAMP

/// What only some agents have: boxed, and made when first needed.
struct Depth {
    /// What the agent declares, where it is no longer what its cohort does.
    var capabilities: AgentCapabilities?
    /// The uid that the agent had before the server gave it another: answers to reports under way still bear it.
    var formerInstanceUID: InstanceUID?
    var configuration: Configuration?
    var packages: Boxed<PackageKeeper>?
    var connectionSettings: Boxed<ConnectionSettingsKeeper>?
    /// A server has paused the collection by a custom message.
    var isPaused = false
    /// When the agent was started for the first time, and which planned change of its capabilities comes when.
    var firstStarted: Instant = .zero
    var nextCapabilityChange = 0
    var capabilityChangeDue: Instant = .distantFuture
    var health: HealthState?
    /// When what the agent says of its health last changed.
    var healthChanged: Instant = .zero
    /// When a collector that its supervisor restarts is back; `.distantFuture` while it runs.
    var collectorBack: Instant = .distantFuture
    /// When an agent that talks too much talks next, and how often it has.
    var chats: Instant = .distantFuture
    var chatRound: UInt32 = 0
    /// When a process that crashes for no reason does so next.
    var crashes: Instant = .distantFuture

    /// When something of it next falls due.
    var nextDeadline: Instant {
        var deadline = min(crashes, chats, collectorBack, capabilityChangeDue)
        if let packages { deadline = min(deadline, packages.value.nextDeadline) }
        if let health { deadline = min(deadline, health.nextDeadline) }
        if let configuration { deadline = min(deadline, configuration.nextDeadline) }
        return deadline
    }

    /// What is under way apart from the connection.
    var work: LifeCycle.Work {
        var work: LifeCycle.Work = []
        if configuration?.application != nil { work.insert(.configuring) }
        if packages?.value.sync != nil { work.insert(.updating) }
        return work
    }
}

extension Agent {
    /// Changes the rare state, making it where there is none yet. The box leaves the agent meanwhile, so that it is changed
    /// in place.
    mutating func withDepth<Result>(_ change: (inout Depth) -> Result) -> Result {
        var box = depth ?? Boxed(Depth())
        depth = nil
        defer { depth = box }
        return change(&box.value)
    }

    /// Changes what the agent makes of remote configurations.
    mutating func withConfiguration<Result>(_ change: (inout Configuration) -> Result) -> Result {
        withDepth { depth in
            var configuration = depth.configuration ?? Configuration()
            depth.configuration = nil
            defer { depth.configuration = configuration }
            return change(&configuration)
        }
    }

    var configuration: Configuration? { depth?.value.configuration }

    /// What is under way apart from the connection.
    var work: LifeCycle.Work { depth?.value.work ?? [] }

    /// Does what has fallen due besides heartbeats.
    mutating func advanceDepth(at now: Instant, _ effects: inout Effects) {
        guard let depth, isProcessUp, depth.value.nextDeadline <= now else { return }
        if depth.value.crashes <= now { return crashForNoReason(at: now, &effects) }
        if depth.value.collectorBack <= now { collectorIsBack(at: now, &effects) }
        if let health = depth.value.health, health.nextDeadline <= now { checkHealth(at: now, &effects) }
        if depth.value.capabilityChangeDue <= now { changeCapabilitiesAsPlanned(at: now, &effects) }
        if depth.value.chats <= now { chat(at: now, &effects) }
        if let configuration = depth.value.configuration {
            if let application = configuration.application, application.done <= now {
                finish(application, at: now, &effects)
            }
            if configuration.dies <= now { dieOfConfiguration(at: now, &effects) }
            if configuration.retries <= now { retryConfiguration(at: now, &effects) }
        }
        if let packages = depth.value.packages, packages.value.nextDeadline <= now {
            advancePackages(at: now, &effects)
        }
    }

    /// Whether the agent's process runs: one that is down or not yet started does nothing of its own.
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
