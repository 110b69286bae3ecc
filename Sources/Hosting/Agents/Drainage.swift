import Basis
import Engine

/// Has a shard's agents disconnect and stop one after the other, evenly over a span. An endpoint without a connection:
/// only its timer is used.
final class Drainage: Endpoint, @unchecked Sendable {
    private let links: [any FleetMember]
    private let span: Nanoseconds
    private let limit: Nanoseconds
    private var start = Instant.zero
    private var drained = 0

    /// - Parameter limit: how long agents wait, counted from the start, for the answers that they are owed.
    init(host: AgentHost, over span: Nanoseconds, waiting limit: Nanoseconds) {
        links = host.population.drains()
        self.span = span
        self.limit = limit
        super.init(shard: host.shard)
    }

    func begin() {
        start = shard.now
        drainDue()
    }

    override func timerFired(due: Instant) {
        drainDue()
    }

    /// Drains every agent whose turn has come.
    private func drainDue() {
        let agents = links.count
        let elapsed = span > .zero ? (shard.now - start).seconds / span.seconds : 1
        let due = elapsed >= 1 ? agents : min(Int(Double(agents) * elapsed) + 1, agents)
        while drained < due {
            links[drained].drain(by: start + limit)
            drained += 1
        }
        if drained < agents {
            setTimer(at: shard.now + Drainage.step)
        }
    }

    private static let step = Nanoseconds.milliseconds(2)
}
