/// How a shard's thread passes the time until its next timer.
enum ShardPause: Equatable {
    /// Not at all: the sockets are looked at, and those that are ready are served.
    case none
    /// In the kernel, for so many nanoseconds at most; a socket that is ready ends it.
    case asleep(UInt64)
    /// Awake, reading the clock until that instant; sockets are looked at afterwards.
    case awake(until: UInt64)

    /// So much is passed awake, nanoseconds: to sleep and to wake up takes about as much CPU time.
    static let awakeLimit: UInt64 = 10_000

    /// - Parameters:
    ///   - next: when the next timer is due, nanoseconds on the axis of `now`.
    ///   - wakeLatency: how long the thread takes to wake up.
    ///   - former: the pause before this one. No two in a row are passed awake: however many timers there are, sockets
    ///     have their turn between them.
    init(until next: UInt64, now: UInt64, wakeLatency: UInt64, after former: ShardPause) {
        guard next > now else {
            self = .none
            return
        }
        let left = next - now
        if left <= Self.awakeLimit {
            if case .awake = former { self = .none } else { self = .awake(until: next) }
        } else {
            // Where less is left than a wake-up takes, the shortest sleep there is: it costs less than to stay awake.
            self = .asleep(left > wakeLatency ? left - wakeLatency : 1)
        }
    }
}
