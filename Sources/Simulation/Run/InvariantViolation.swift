public import Basis

/// What must never happen in a rehearsal, whatever goes wrong in its world.
public struct InvariantViolation: Hashable, Sendable {
    public enum Kind: String, Sendable {
        /// An agent runs a revision that nobody has offered.
        case runsWhatNobodyOffered
        /// An agent takes step after step within one second.
        case doesNotMoveOn
        /// A rollback ended, and an agent that could be reached still runs what was rolled back.
        case rollbackMissedAgent
        /// More agents were in flight than the plan allows.
        case concurrencyExceeded
        /// A restarted controller is not what its snapshot and its journal say.
        case controllerNotRecovered
        /// The rollout waits, and nothing that it waits for can come.
        case waitsForEver
    }

    public let at: Instant
    public let agent: UInt32?
    public let kind: Kind
}
