public import Basis

/// What the controller asks of the server: from `at` on, evenly over `over`, these agents are meant to have `revision`.
public struct RolloutCommand: Hashable, Sendable {
    public enum Agents: Hashable, Sendable {
        /// The agents at these positions of the controller's `order`. Positions that were offered never change.
        case positions(Range<Int>)
        case one(UInt32)
    }

    public enum Cause: UInt8, CaseIterable, Hashable, Sendable {
        /// The agents' turn has come.
        case stage
        /// The agent failed or gave no answer, and the plan offers again.
        case retry
        /// What was offered is taken back: `revision` is the former one.
        case rollBack
    }

    public var revision: Revision
    public var agents: Agents
    public var at: Instant
    /// Agent i of n is offered at `at + over * i / n`.
    public var over: Nanoseconds
    public var cause: Cause

    /// How many agents it is for.
    public var count: Int {
        switch agents {
        case .positions(let positions): positions.count
        case .one: 1
        }
    }

    /// When the agent at `index` of this command is offered.
    public func instant(_ index: Int) -> Instant { Self.instant(index, of: count, at: at, over: over) }

    static func instant(_ index: Int, of count: Int, at: Instant, over: Nanoseconds) -> Instant {
        guard count > 1, over > .zero else { return at }
        let (product, overflows) = UInt64(over.count).multipliedReportingOverflow(by: UInt64(index))
        guard overflows else { return at + Nanoseconds(Int64(clamping: product / UInt64(count))) }
        let (high, low) = UInt64(over.count).multipliedFullWidth(by: UInt64(index))
        return at + Nanoseconds(Int64(clamping: UInt64(count).dividingFullWidth((high, low)).quotient))
    }
}

/// What the controller asks for and decides, in order. The caller takes both lists out.
public struct RolloutOutput: Sendable {
    public var commands: [RolloutCommand] = []
    public var decisions: [RolloutDecision] = []

    public init() {}

    public mutating func removeAll() {
        commands.removeAll(keepingCapacity: true)
        decisions.removeAll(keepingCapacity: true)
    }
}
