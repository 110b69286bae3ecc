/// A way in which an agent misbehaves. Each has a rate in the plan: the share of the cohort's agents that have it.
public enum Fault: UInt8, CaseIterable, Sendable {
    /// Takes offers of configurations and packages and says nothing, ever.
    case ignoresOffers
    /// Takes ten times as long to apply.
    case appliesSlowly
    /// Every configuration fails to apply.
    case failsToApply
    /// Applies a configuration, runs on it for a while, and dies of it.
    case diesAfterApplying
    /// A failed configuration works after a while after all.
    case recovers
    /// The process dies while it installs a package.
    case crashesInstalling
    /// Reports another hash than the one that was offered.
    case reportsWrongHash
    /// Says APPLIED and reports the effective configuration from before.
    case reportsOtherConfig
    /// Reports its health every second, with a tree of fifteen components.
    case chats
    /// Reads from its connection far more slowly than the server writes.
    case readsSlowly
    /// Has another instance uid after each restart of its process.
    case forgetsInstanceUID
    /// Shares its instance uid with all other clones of the cohort, as machines made from one image do.
    case isClone
    /// Leaves out a sequence number now and then.
    case skipsSequenceNumbers
    /// Has the instance uid of the agent before it.
    case reusesInstanceUID
    /// Sends a report beyond the usual size limit now and then.
    case sendsOversized
    /// Sends bytes that are no AgentToServer now and then.
    case sendsMalformed
    /// Stays connected when told that the server is unavailable, and is deaf to Retry-After.
    case ignoresThrottling
    /// Its clock is off: the timestamps in its reports are hours away.
    case hasSkewedClock
    /// Leaves without AgentDisconnect and without a WebSocket Close.
    case leavesWithoutAgentDisconnect
    /// Comes back at once after every loss and failure, without any back-off.
    case reconnectsTooFast
    /// Restarts now and then, for no reason that the server could see.
    case crashes

    /// The name used in profiles, tables and results.
    public var name: String { "\(self)" }
}

/// The faults that one agent has.
public struct Faults: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    init(_ fault: Fault) {
        self.init(rawValue: 1 << UInt32(fault.rawValue))
    }

    /// Whether `fault` is among them.
    @inline(__always)
    public func has(_ fault: Fault) -> Bool {
        rawValue & 1 << UInt32(fault.rawValue) != 0
    }

    mutating func insert(_ fault: Fault) {
        formUnion(Faults(fault))
    }
}
