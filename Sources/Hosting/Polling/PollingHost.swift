import Basis
import Engine
import Metrics
import OpAMP
import Transport

/// What all polling agents of one shard share: the pools, the compression contexts and the fields of their requests. Confined to its
/// shard.
final class PollingHost {
    let plan: PollingPlan
    let coder: ContentCoder
    /// The fields of every request to the profile's target but the agent's own.
    let fields: HTTPFields
    private let shard: Shard
    private let metrics: ShardMetrics
    private var pools: [Destination: ConnectionPool] = [:]
    /// A request on its way to the kernel; empty between events.
    var output: [UInt8] = []
    /// A body being compressed or decompressed; empty between events.
    var scratch: [UInt8] = []

    init(plan: PollingPlan, shard: Shard, metrics: ShardMetrics, target: AgentTarget) {
        self.plan = plan
        self.shard = shard
        self.metrics = metrics
        let level = target.compression.level
        coder = ContentCoder(
            gzipLevel: level ?? ContentCoder.standardGzipLevel, zstdLevel: level ?? ContentCoder.standardZstdLevel)
        fields = PollingHost.fields(of: target)
    }

    /// Where a pool's connections lead: an address, and behind a proxy the server that its tunnels are for.
    private struct Destination: Hashable {
        let address: SocketAddress
        let server: String
    }

    /// The pool of the connections to `address`; the limit on their number holds for each address.
    func pool(of address: SocketAddress, target: AgentTarget) -> ConnectionPool {
        let destination = Destination(address: address, server: target.host)
        if let pool = pools[destination] { return pool }
        let pool = ConnectionPool(shard: shard, metrics: metrics, plan: plan, address: address, target: target)
        pools[destination] = pool
        return pool
    }

    /// Content-Type is what tells a poll from a WebSocket (specification: Plain HTTP Transport).
    static func fields(of target: AgentTarget) -> HTTPFields {
        var fields = target.fields
        // Literals of visible characters are always valid fields.
        try? fields.append("Content-Type", "application/x-protobuf")
        try? fields.append("Accept-Encoding", "gzip, zstd")
        return fields
    }
}
