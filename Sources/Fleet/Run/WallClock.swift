public import Basis
import Engine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The time of day, for what the protocol wants stamped with it; durations are never measured by it.
public enum WallClock {
    /// UNIX time, in nanoseconds, at `instant` on the engine's monotonic axis.
    public static func unixNanoseconds(at instant: Instant) -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        return now &- (Shard.clock.nanoseconds &- instant.nanoseconds)
    }
}
