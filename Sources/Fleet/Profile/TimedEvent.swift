public import Basis

/// Something that happens to the whole run at a given time.
public struct TimedEvent: Hashable, Sendable {
    /// What happens.
    public enum Action: Hashable, Sendable {
        /// This share of the agents, drawn from the seed, loses its connection at one moment and comes back under its
        /// cohort's reconnect policy.
        case dropConnections(share: Double)
    }

    public var at: RunTime
    public var action: Action

    public init(at: RunTime, action: Action) {
        self.at = at
        self.action = action
    }
}

/// A time of the run, from its start.
public enum RunTime: Hashable, Sendable {
    /// So long after the start.
    case after(Nanoseconds)
    /// When this share of the run's duration is over: it moves along when the duration is changed.
    case share(Double)

    /// The time from the start in a run of the given duration.
    public func offset(in duration: Nanoseconds) -> Nanoseconds {
        switch self {
        case .after(let span): return span
        case .share(let share): return duration.scaled(by: share)
        }
    }
}
