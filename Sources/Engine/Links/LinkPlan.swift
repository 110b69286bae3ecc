public import Basis

/// The slow network between an agent and its server, as it is seen from the agent's socket. Times are one way: a round
/// trip has them twice.
public struct LinkPlan: Hashable, Sendable {
    /// How long a byte is on its way. Drawn once for each place, so that an agent is always as far from its server.
    public var latency = Distribution.constant(.zero)
    /// A segment is on its way for up to so much longer or shorter, evenly.
    public var jitter = Nanoseconds.zero
    /// Bytes a second to the server; nil: no limit.
    public var bytesUp: Int?
    /// Bytes a second from the server; nil: no limit.
    public var bytesDown: Int?
    /// The probability that a segment is lost, and sent again.
    public var lossShare = 0.0
    /// A lost segment is sent again after a round trip and this time; if that one is lost too, after twice as long.
    public var retransmission = LinkPlan.standardRetransmission
    /// Of the draws.
    public var seed: UInt64

    public init(seed: UInt64) {
        self.seed = seed
    }

    /// The least time that Linux waits for an acknowledgement.
    public static let standardRetransmission = Nanoseconds.milliseconds(200)
    /// How long a system waits for the answer to its first SYN (RFC 6298, section 2.1).
    static let firstRetransmission = Nanoseconds.seconds(1)
}

/// The way of one connection: the link's plan, and what the draws depend on besides its seed.
public struct LinkRoute: Sendable {
    public var plan: LinkPlan
    /// Whose link it is: the number of an agent, or of a connection that many agents share.
    public var place: UInt64
    /// The connection's number among those of the place.
    public var connection: UInt64

    public init(_ plan: LinkPlan, place: UInt64, connection: UInt64) {
        self.plan = plan
        self.place = place
        self.connection = connection
    }

    /// The latency of the place.
    var latency: Nanoseconds {
        var random = SeededRandom(seed: plan.seed ^ Self.latencySeed, stream: place)
        return plan.latency.draw(&random)
    }

    /// The key of the draws of one direction.
    func key(isUp: Bool) -> UInt64 {
        let ofPlace = SeededRandom.mixed(plan.seed ^ place &* 0xD134_2543_DE82_EF95)
        return SeededRandom.mixed(ofPlace ^ (connection << 1 | (isUp ? 1 : 0)) &* 0x9E37_79B9_7F4A_7C15)
    }

    private static let latencySeed: UInt64 = 0x6C61_7465_6E63_7921
}
