public import Basis

/// Whether watching takes more time than it may. What waits behind it is the bytes of others, so beyond the limit
/// connections are passed through unseen.
public struct ObservingPace: Sendable {
    /// The share of the time that watching may take.
    private let limit: Double
    private var windowStart = Instant.zero
    private var spent = Nanoseconds.zero

    private static let window = Nanoseconds.milliseconds(200)

    /// The share that watching may take unless another is given.
    public static let usualLimit = 0.5

    /// - Parameter limit: the share of the time, 0...1; 0: nothing is watched.
    public init(limit: Double = usualLimit) {
        self.limit = limit
    }

    /// Whether there is time to watch what passes at `now`.
    public mutating func hasTime(at now: Instant) -> Bool {
        if now - windowStart >= Self.window {
            windowStart = now
            spent = .zero
        }
        return spent < Self.window.scaled(by: limit)
    }

    /// So much time was spent on watching.
    public mutating func spent(_ span: Nanoseconds) {
        spent = spent + span
    }
}
