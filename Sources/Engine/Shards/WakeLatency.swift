/// How long the thread takes to wake up after the end of a wait, learned from its waits: some microseconds on a machine
/// of its own, tens of them in a virtual one. A shard that waits so much less fires its timers on time.
struct WakeLatency {
    /// The present estimate: about the 10th percentile, so that a thread is awake too early, and passes the rest of the
    /// time so, in a tenth of its wakes.
    private(set) var nanoseconds: UInt64 = 0

    /// More than this is no wake-up but another process on the core.
    static let limit: UInt64 = 60_000
    private static let step: UInt64 = 100

    /// - Parameter latency: how much later than asked a wait ended, in nanoseconds.
    mutating func observe(_ latency: UInt64) {
        nanoseconds =
            latency > nanoseconds
            ? min(nanoseconds + Self.step, Self.limit)
            : nanoseconds - min(nanoseconds, 9 * Self.step)
    }
}
