import Basis

/// How long a shard that has just had work goes on looking for more before it sleeps: a thread that sleeps is woken
/// tens of microseconds late. Looking for nothing takes at most a fifth of the time. Without I/O.
struct ShardAttention {
    private let span: Nanoseconds
    private var windowStart = Instant.zero
    /// Time of the window that was spent on looking for nothing.
    private var spent = Nanoseconds.zero
    private var lastLook = Instant.zero

    private static let window = Nanoseconds.milliseconds(100)
    private static let limit = window.scaled(by: 0.2)

    /// - Parameter span: zero: the shard sleeps at once.
    init(_ span: Nanoseconds) {
        self.span = span
    }

    /// Whether the shard looks once more.
    /// - Parameters:
    ///   - didWork: whether it has found something at the last look.
    ///   - lastBusy: when it last did.
    mutating func lasts(at now: Instant, didWork: Bool, lastBusy: Instant) -> Bool {
        guard span > .zero, now - lastBusy < span else { return false }
        if now - windowStart >= Self.window {
            windowStart = now
            spent = .zero
        } else if !didWork {
            spent = spent + (now - lastLook)
        }
        lastLook = now
        return spent < Self.limit
    }
}
