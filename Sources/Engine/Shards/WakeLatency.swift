/// How long the thread takes to wake up after the end of a wait, learned from its waits: some microseconds on a machine
/// of its own, tens of them in a virtual one. A shard that waits so much less fires its timers on time.
struct WakeLatency {
    /// The present estimate: about the 25th percentile, so that a thread is awake too early, and spins, in a quarter of
    /// its wakes.
    private(set) var nanoseconds: UInt64 = 0

    /// More than this is no wake-up but another process on the core.
    static let limit: UInt64 = 60_000
    private static let step: UInt64 = 200

    /// - Parameter latency: how much later than asked a wait ended, in nanoseconds.
    mutating func observe(_ latency: UInt64) {
        nanoseconds =
            latency > nanoseconds
            ? min(nanoseconds + Self.step, Self.limit)
            : nanoseconds - min(nanoseconds, 3 * Self.step)
    }
}
