public import Basis

/// How a rehearsal should end.
public struct RolloutExpectation: Hashable, Sendable {
    public enum Outcome: String, CaseIterable, Hashable, Sendable {
        case any, finished, paused, aborted
        case stoppedInCanary = "stopped-in-canary"
        case stopped
        case rolledBack = "rolled-back"
    }

    public var outcome = Outcome.any
    /// The most agents that may break before it ends.
    public var broken: Int?
    /// From the begin to the end, or to the pause.
    public var within: Nanoseconds?
    /// The most agents that end on another revision than the outcome means.
    public var left: Int?

    public init() {}
}
