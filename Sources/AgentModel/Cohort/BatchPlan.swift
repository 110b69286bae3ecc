public import Basis

/// How status changes that come close together are joined: instead of a report each, one report of where things stand leaves
/// when the window is over (Status Reporting leaves the moment to the agent).
public struct BatchPlan: Hashable, Sendable {
    /// From the first change to the report; zero: each change is reported at once.
    public var window: Nanoseconds
    /// With so many changes waiting, the report leaves before the window is over; at least 1.
    public var size: Int

    /// Sixteen changes: more than any ordinary agent has to tell within a window.
    public static let standardSize = 16

    public init(window: Nanoseconds = .zero, size: Int = standardSize) {
        self.window = max(window, .zero)
        self.size = max(size, 1)
    }
}

/// The changes of one agent that wait for their window to end.
struct Batch: Hashable, Sendable {
    /// When the report leaves.
    let due: Instant
    /// How many changes wait.
    var changes: Int
}
