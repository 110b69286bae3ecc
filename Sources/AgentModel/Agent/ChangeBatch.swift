public import Basis

/// How status changes that come close together are joined: instead of a report each, one report of the present status
/// is sent when the window is over (the section Status Reporting lets the agent choose the moment).
public struct BatchPlan: Hashable, Sendable {
    /// From the first change to the report; zero: each change is reported at once.
    public var window: Nanoseconds
    /// With this many waiting changes, the report is sent before the window is over; at least 1.
    public var size: Int

    /// Sixteen changes: more than an ordinary agent has within a window.
    public static let standardSize = 16

    public init(window: Nanoseconds = .zero, size: Int = standardSize) {
        self.window = max(window, .zero)
        self.size = max(size, 1)
    }
}

/// Status changes of one agent that wait to be sent in one report: from the first one until the window of the plan
/// ends, or until there are as many as the plan allows.
struct ChangeBatch: Hashable, Sendable {
    /// When the report is due.
    let due: Instant
    /// How many changes wait.
    private(set) var changes: Int

    /// The batch that the first change begins.
    init(_ plan: BatchPlan, at now: Instant) {
        due = now + plan.window
        changes = 0
    }

    /// Another change joins.
    /// - Returns: Whether it has to wait.
    mutating func join(_ plan: BatchPlan, at now: Instant) -> Bool {
        changes += 1
        return changes < plan.size && now < due
    }

    /// How many reports the batch has saved.
    var joined: Int { max(changes - 1, 0) }
}
