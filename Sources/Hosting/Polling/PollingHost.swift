import Basis
import Engine
import Metrics
import OpAMP
import OpenSSL
import Transport

/// What all polling agents of one shard share: the pools, the compression contexts and the fields of their requests.
/// Confined to its shard.
final class PollingHost {
    let plan: PollingPlan
    /// By level; 0: the usual ones.
    private var coders: [Int: ContentCoder] = [:]
    private let shard: Shard
    private let metrics: ShardMetrics
    /// Of what is drawn for the connections that agents share.
    private let seed: UInt64
    private var pools: [PoolKey: ConnectionPool] = [:]
    /// A request on its way to the kernel; empty between events.
    var output: [UInt8] = []
    /// A body being compressed or decompressed; empty between events.
    var scratch: [UInt8] = []

    init(plan: PollingPlan, shard: Shard, metrics: ShardMetrics, seed: UInt64) {
        self.plan = plan
        self.seed = seed
        self.shard = shard
        self.metrics = metrics
    }

    /// Encodes and decodes bodies.
    /// - Parameter level: of what is encoded; nil: the usual one.
    func coder(level: Int? = nil) -> ContentCoder {
        if let coder = coders[level ?? 0] { return coder }
        let coder = ContentCoder(
            gzipLevel: level ?? ContentCoder.standardGzipLevel, zstdLevel: level ?? ContentCoder.standardZstdLevel)
        coders[level ?? 0] = coder
        return coder
    }

    /// Which agents share connections: those that poll the same server, behind the same address, under the same
    /// certificate and over the same kind of network, and that show a proxy the same.
    private struct PoolKey: Hashable {
        var address: SocketAddress
        var server: String
        var serverName: String?
        var isSecured: Bool
        var identity: ObjectIdentifier?
        var proxy: HTTPFields?
        var link: LinkPlan?
    }

    /// The pool of the connections to a server; the limit on their number holds for each address, certificate and
    /// proxy.
    /// - Parameters:
    ///   - address: the server's, or that of the proxy in front of it.
    ///   - identity: the certificate that the connections show; kept alive by the pool.
    func pool(of address: SocketAddress, target: AgentTarget, identity: PackedIdentity?) -> ConnectionPool {
        let key = PoolKey(
            address: address, server: target.host, serverName: target.security?.serverName,
            isSecured: target.security != nil, identity: identity.map { ObjectIdentifier($0) },
            proxy: target.proxy?.fields, link: target.link)
        if let pool = pools[key] { return pool }
        let place = SeededRandom.mixed(seed ^ UInt64(pools.count))
        let pool = ConnectionPool(
            shard: shard, metrics: metrics, plan: plan, address: address, target: target, identity: identity,
            place: .ofConnections(place))
        pools[key] = pool
        return pool
    }

    /// A pool of one connection, for an agent that shares none.
    func ownPool(
        of address: SocketAddress, target: AgentTarget, identity: PackedIdentity?, agent: UInt64
    ) -> ConnectionPool {
        var plan = plan
        plan.connections = 1
        return ConnectionPool(
            shard: shard, metrics: metrics, plan: plan, address: address, target: target, identity: identity,
            place: .ofAgent(agent))
    }

    /// A poll is distinguished from a WebSocket by its Content-Type (specification: Plain HTTP Transport).
    static func fields(of target: AgentTarget) -> HTTPFields {
        var fields = target.fields
        // Literals of visible characters are always valid fields.
        try? fields.append("Content-Type", "application/x-protobuf")
        try? fields.append("Accept-Encoding", "gzip, zstd")
        return fields
    }
}
