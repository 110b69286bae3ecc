import AgentModel
import Basis
import Engine
import Metrics

/// What a link that is cut off from its server keeps: the bytes that its agent has sent meanwhile, as the operating
/// system would keep them, and the sockets that the agent has given up without the server learning of it.
final class Partition {
    /// When it ends.
    let end: Instant
    /// What the agent has sent, in order.
    var held: [UInt8] = []
    /// Whether the agent waits for a connection that cannot come about.
    var dialsAfterwards = false
    /// Sockets that are open at the server and belong to nobody here.
    private var givenUp: [SilentSocket] = []

    init(end: Instant) {
        self.end = end
    }

    /// More than that would have made a real client's write wait.
    static let maxHeld = 4 << 20

    /// Takes the socket of a connection that the agent gives up.
    /// - Returns: false where there is none to take.
    func takeSocket(of connection: Endpoint) -> Bool {
        let socket = SilentSocket(shard: connection.shard) {}
        guard connection.giveSocket(to: socket) else { return false }
        givenUp.append(socket)
        return true
    }

    /// The network is whole again: what the server sends to a connection that was given up is answered with a reset.
    func reset() {
        for socket in givenUp { socket.abort() }
        givenUp = []
    }
}

extension ShardPopulation {
    /// An agent is cut off from its server.
    func partition(_ link: any FleetMember, _ plan: PartitionPlan) {
        let end = shard.now + plan.length
        guard link.beginPartition(until: end) else { return }
        host.asCohort(of: link) { host.metrics.count(named: "partitions") }
        schedule(.endOfPartition(link, end: end), at: end)
        guard let notice = plan.notice?.draw(&random), notice < plan.length else { return }
        schedule(.noticePartition(link, end: end), at: shard.now + notice)
    }
}

extension WebSocketLink {
    func beginPartition(until end: Instant) -> Bool {
        guard partition == nil else { return false }
        flush()
        uncork()
        let partition = Partition(end: end)
        self.partition = partition
        switch stage {
        case .open, .closing:
            idleTimeout = nil
            receiveDeadline = nil
            pauseReading()
        case .dialing, .connecting, .upgrading:
            // The attempt comes to nothing until the network is whole again.
            stage = .offline
            partition.dialsAfterwards = true
            if !partition.takeSocket(of: self) { abort() }
        case .offline: break
        }
        act { machine, now, effects in machine.cutOff(at: now, &effects) }
        return true
    }

    func endPartition(_ end: Instant) {
        guard let partition, partition.end == end else { return }
        self.partition = nil
        partition.reset()
        asCohort { tell { machine, now, effects in machine.endCutOff(at: now, &effects) } }
        switch stage {
        case .open, .closing:
            idleTimeout = place.target.silenceTimeout
            write(partition.held.span.bytes)
            host.metrics.count(.bytesSent, partition.held.count)
            resumeReading()
        case .dialing, .connecting, .upgrading: break
        case .offline:
            guard partition.dialsAfterwards, agent.state == .connecting else { return }
            asCohort { connect() }
        }
    }

    func noticePartition(_ end: Instant) {
        guard let partition, partition.end == end, case .open = stage else { return }
        asCohort {
            host.metrics.count(.idleTimeout)
            giveUpSocket()
            act { machine, now, effects in machine.connectionLost(.idle, at: now, &effects) }
        }
    }

    /// Leaves the socket to the partition: the server does not learn that it is closed.
    func giveUpSocket() {
        guard let partition else { return }
        stage = .offline
        partition.held = []
        if !partition.takeSocket(of: self), !isIdle { abort() }
    }

    /// Keeps what the agent sends until the network is whole again.
    func hold(_ output: inout [UInt8], in partition: Partition) {
        if partition.held.count + output.count <= Partition.maxHeld { partition.held += output }
        output.removeAll(keepingCapacity: true)
    }
}

extension PollLink {
    func beginPartition(until end: Instant) -> Bool {
        guard !isCutOff else { return false }
        isCutOff = true
        return true
    }

    /// Requests that waited are sent.
    func endPartition(_ end: Instant) {
        isCutOff = false
        asCohort { advance() }
    }

    /// Over plain HTTP each request has its own timeout.
    func noticePartition(_ end: Instant) {}
}
