import Basis

/// One direction of a link: when what is handed over arrives. A value without I/O.
///
/// A segment first waits until those before it have been sent, takes its bytes' time by the bandwidth, and is then on
/// its way for the latency, give or take the jitter. A lost one is sent again after the retransmission timeout. None
/// arrives before one that was handed over earlier.
struct LinkDirection {
    /// The bytes of a segment of TCP on Ethernet, with time stamps.
    static let segmentBytes = 1_448
    /// A segment is lost so often at most; then it arrives.
    static let lossLimit = 8

    let latency: Nanoseconds
    private let jitter: Nanoseconds
    /// 0: no limit.
    private let bytesPerSecond: UInt64
    private let lossShare: Double
    /// After which a lost segment is sent again.
    private let timeout: Nanoseconds
    private let key: UInt64
    /// The number of the next segment.
    private var number: UInt64 = 0
    /// When the last byte handed over has been sent, as nanoseconds and a rest of `1 / bytesPerSecond` nanoseconds.
    private var freeAt = Instant.zero
    private var freeRest: UInt64 = 0
    /// When the last segment arrives.
    private(set) var lastArrival = Instant.zero

    init(_ route: LinkRoute, isUp: Bool) {
        let plan = route.plan
        latency = route.latency
        jitter = max(plan.jitter, .zero)
        bytesPerSecond = UInt64(max((isUp ? plan.bytesUp : plan.bytesDown) ?? 0, 0))
        lossShare = plan.lossShare
        timeout = latency * 2 + plan.retransmission
        key = route.key(isUp: isUp)
    }

    /// What became of a segment.
    struct Passage: Equatable {
        var arrival: Instant
        /// How often it was lost.
        var losses = 0
    }

    /// A segment is handed over.
    /// - Parameters:
    ///   - bytes: its length, up to `segmentBytes`; 0: of a SYN or its answer.
    ///   - timeout: after which it is sent again; nil: the usual one.
    mutating func pass(_ bytes: Int, at now: Instant, timeout: Nanoseconds? = nil) -> Passage {
        var passage = Passage(arrival: sent(bytes, at: now))
        var travel = latency
        if jitter > .zero || lossShare > 0 {
            // Counter-based: what is drawn for a segment depends on its number alone.
            var random = SeededRandom(seed: SeededRandom.mixed(key ^ number &* 0x9E37_79B9_7F4A_7C15))
            if jitter > .zero { travel = max(travel + jitter.scaled(by: 2 * random.unit() - 1), .zero) }
            var wait = timeout ?? self.timeout
            while passage.losses < Self.lossLimit, random.chance(lossShare) {
                passage.losses += 1
                travel = travel + wait
                wait = wait * 2
            }
        }
        number += 1
        passage.arrival = max(passage.arrival + travel, lastArrival)
        lastArrival = passage.arrival
        return passage
    }

    /// When the end of the stream arrives that is handed over now.
    mutating func end(at now: Instant) -> Instant {
        lastArrival = max(sent(0, at: now) + latency, lastArrival)
        return lastArrival
    }

    /// When so many bytes have been sent. Exact: what a division leaves is kept for the next ones.
    private mutating func sent(_ bytes: Int, at now: Instant) -> Instant {
        guard bytesPerSecond > 0 else { return now }
        if freeAt < now { (freeAt, freeRest) = (now, 0) }
        let (span, rest) = (UInt64(bytes) * 1_000_000_000 + freeRest).quotientAndRemainder(dividingBy: bytesPerSecond)
        freeAt += Nanoseconds(Int64(clamping: span))
        freeRest = rest
        return freeRest == 0 ? freeAt : freeAt + Nanoseconds(1)
    }
}
