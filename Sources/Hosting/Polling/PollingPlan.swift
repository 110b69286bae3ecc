public import Basis

/// How a fleet that polls over plain HTTP uses its connections (specification: Plain HTTP Transport). The connections belong to
/// nobody: each request takes one from its shard's pool and gives it back.
public struct PollingPlan: Hashable, Sendable {
    /// The most connections that one shard holds to one server address at a time; at least 1.
    public var connections: Int
    /// A connection that nobody has used for so long is closed.
    public var idleTimeout: Nanoseconds
    /// A request that has waited so long for a connection is given up.
    public var acquireTimeout: Nanoseconds
    /// Whether request bodies worth it are compressed with gzip.
    public var compressesRequests: Bool

    /// 256 connections for a whole process: what the fleets of a cloud's load balancer come through.
    public static let processConnections = 256

    public init(
        connections: Int = processConnections, idleTimeout: Nanoseconds = .seconds(90),
        acquireTimeout: Nanoseconds = .seconds(20), compressesRequests: Bool = false
    ) {
        self.connections = max(connections, 1)
        self.idleTimeout = idleTimeout
        self.acquireTimeout = acquireTimeout
        self.compressesRequests = compressesRequests
    }

    /// The plan of one of `shards` shards, so that all together keep to `processConnections`.
    public static func share(of shards: Int) -> PollingPlan {
        PollingPlan(connections: processConnections / max(shards, 1))
    }
}

/// How the agents of a fleet talk to their server.
public enum AgentTransport: Hashable, Sendable {
    case webSocket
    case polling(PollingPlan)
}
