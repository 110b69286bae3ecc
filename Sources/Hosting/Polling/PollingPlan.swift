public import Basis

/// How a fleet that polls over plain HTTP uses its connections (specification: Plain HTTP Transport). No connection
/// belongs to an agent: each request borrows one from its shard's pool.
public struct PollingPlan: Hashable, Sendable {
    /// The limit of connections of one shard to one server address; at least 1.
    public var connections: Int
    /// Whether each agent has a connection of its own instead; `connections` has no meaning then.
    public var isPerAgent = false
    /// The idle timeout of a connection.
    public var idleTimeout: Nanoseconds
    /// A request that waits longer for a connection fails.
    public var acquireTimeout: Nanoseconds
    /// A connection older than this is not used again, so that the fleet spreads over the server's addresses again;
    /// nil: no limit.
    public var liveness: Nanoseconds?
    /// The limit of requests that wait for a connection; further ones fail at once, and are counted.
    public var queueLimit: Int

    /// A million: more agents than one shard has.
    public static let standardQueueLimit = 1_000_000

    /// 256 connections for a whole process: about as many as a load balancer keeps to a server.
    public static let processConnections = 256

    public init(
        connections: Int = processConnections, idleTimeout: Nanoseconds = .seconds(90),
        acquireTimeout: Nanoseconds = .seconds(20), liveness: Nanoseconds? = nil, queueLimit: Int = standardQueueLimit
    ) {
        self.connections = max(connections, 1)
        self.idleTimeout = idleTimeout
        self.acquireTimeout = acquireTimeout
        self.liveness = liveness
        self.queueLimit = max(queueLimit, 1)
    }

    /// The plan of one of `shards` shards, so that all together keep to its connections.
    public func share(of shards: Int) -> PollingPlan {
        var plan = self
        plan.connections = max(connections / max(shards, 1), 1)
        return plan
    }
}

/// How the agents of a fleet talk to their server.
public enum AgentTransport: Hashable, Sendable {
    case webSocket
    case polling(PollingPlan)
}
