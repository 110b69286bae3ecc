import Basis
import Engine

/// Sends a shard's agents away one after the other, evenly over a span. An endpoint without a connection: only its timer is used.
final class Drainage: Endpoint, @unchecked Sendable {
    private let host: AgentHost
    private let span: Nanoseconds
    private var start = Instant.zero
    private var departed = 0

    init(host: AgentHost, over span: Nanoseconds) {
        self.host = host
        self.span = span
        super.init(shard: host.shard)
    }

    func begin() {
        start = shard.now
        depart()
    }

    override func timerFired(due: Instant) {
        depart()
    }

    /// Every agent whose turn has come.
    private func depart() {
        let agents = host.links.count
        let elapsed = span > .zero ? (shard.now - start).seconds / span.seconds : 1
        let due = elapsed >= 1 ? agents : min(Int(Double(agents) * elapsed) + 1, agents)
        while departed < due {
            host.links[departed].drain()
            departed += 1
        }
        if departed < agents {
            setTimer(at: shard.now + Drainage.step)
        }
    }

    private static let step = Nanoseconds.milliseconds(2)
}
