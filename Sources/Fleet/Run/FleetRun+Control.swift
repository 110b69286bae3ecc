import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import Schema

extension FleetRun {
    /// What the load of this run can be changed to by its control.
    nonisolated var possible: RunControl.Possible {
        let shape = PopulationShape(profile)
        let isShaped = !shape.parts.isEmpty && shape.arriving.isEmpty
        let peak = shape.parts.reduce(0) { $0 + $1.curve.peak }
        return RunControl.Possible(
            maxAgents: isShaped ? Int(peak.rounded()) : nil,
            changesPace: profile.cohorts.contains { $0.mode == .openLoop && $0.heartbeat.enabled })
    }

    /// Carries out what has been asked for. A changed load begins a phase of its own, as a planned one does.
    /// - Returns: whether a phase began.
    func obey(
        _ recorder: RunRecorder, _ tell: @Sendable (String) -> Void, enter: (String) async -> Void
    ) async -> Bool {
        guard let control, control.hasCommands else { return false }
        var hasBegunPhase = false
        for command in control.take() {
            switch command {
            case .drain:
                tell("drain: the agents disconnect, then the results are written")
                interrupt()
            case .abort:
                tell("abort: the run ends at once, then the results are written")
                abort()
            case .mark(let name):
                recorder.mark(name, at: Shard.clock)
                tell("mark: \(name)")
            case .agents(let count):
                for shard in preparation.shards { shard.fixAgents(count) }
                await enter(count.map { "agents \($0)" } ?? "agents as planned")
                hasBegunPhase = true
            case .pace(let factor):
                for cohort in cohorts { cohort.pace.factor = factor }
                await enter("pace x\(NumberText.shortest(factor))")
                hasBegunPhase = true
            }
        }
        return hasBegunPhase
    }
}

/// Makes the state of a run for those who watch it, as long as somebody does.
struct WatchedRun {
    private let control: RunControl
    private let identity: RunIdentity
    private let profile: String
    private var next = Instant.zero

    init(_ control: RunControl, _ identity: RunIdentity, profile: String) {
        self.control = control
        self.identity = identity
        self.profile = profile
    }

    /// The recorder has taken over the figures of a tick.
    mutating func ticked(_ recorder: RunRecorder, at now: Instant) {
        guard now >= next, control.isWatched(at: now) else { return }
        next = now + Self.interval
        control.show(recorder.record(of: identity, outcome: .interrupted, profile: profile, hasIntervals: false))
    }

    /// Not at each of the quick ticks at the end of a run.
    private static let interval = Nanoseconds.milliseconds(800)
}
