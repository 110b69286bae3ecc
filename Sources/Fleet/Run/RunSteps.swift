import Basis

/// Something that the run does at an instant: a new phase begins, and perhaps something happens to the fleet.
struct RunStep {
    let at: Instant
    let phase: String
    let action: TimedEvent.Action
}

extension Profile {
    /// The profile's events in a run that starts at `start`, in order.
    func steps(from start: Instant) -> [RunStep] {
        timeline.filter { $0.at < duration }
            .map { RunStep(at: start + $0.at, phase: $0.action.phase, action: $0.action) }
    }
}

extension TimedEvent.Action {
    /// The name of the phase that begins with it.
    var phase: String {
        switch self {
        case .dropConnections: "storm"
        }
    }
}
