public import Basis
import Engine
import Schema

/// The slow network between the agents of a cohort and their server.
public struct LinkProfile: Hashable, Sendable {
    /// One way.
    public var latency: Distribution = .constant(.zero)
    public var jitter: Nanoseconds = .zero
    public var bandwidth = Bandwidth()
    public var stalls = Stalls()

    /// Bytes a second; nil: as many as the machine has.
    public struct Bandwidth: Hashable, Sendable {
        public var up: Int?
        public var down: Int?
    }

    /// Segments that are lost, as their retransmission looks to an agent.
    public struct Stalls: Hashable, Sendable {
        public var share: Double = 0
        public var timeout: Nanoseconds = LinkPlan.standardRetransmission
    }

    /// What the agents' connections go over; nil: nothing is slow.
    func plan(seed: UInt64) -> LinkPlan? {
        guard isSlow else { return nil }
        var plan = LinkPlan(seed: seed)
        plan.latency = latency
        plan.jitter = jitter
        plan.bytesUp = bandwidth.up
        plan.bytesDown = bandwidth.down
        plan.lossShare = stalls.share
        plan.retransmission = stalls.timeout
        return plan
    }

    private var isSlow: Bool {
        latency != .constant(.zero) || jitter > .zero || bandwidth != Bandwidth() || stalls.share > 0
    }

    /// How long a round trip takes on average, without bandwidth and losses.
    var usualRoundTrip: Nanoseconds { (latency.mean + jitter) * 2 }

    /// The least time of a round trip.
    var minRoundTrip: Nanoseconds {
        let least: Nanoseconds =
            switch latency {
            case .constant(let span): span
            case .uniform(let low, _): low
            case .quantiles(let table): table.first?.span ?? .zero
            case .exponential, .logNormal: .zero
            }
        return max(least - jitter, .zero) * 2
    }
}
