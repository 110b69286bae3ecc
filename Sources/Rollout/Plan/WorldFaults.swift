public import Basis
public import Schema

/// Agents of a zone lose their connections and cannot connect for a time.
public struct ZoneOutage: Hashable, Sendable {
    public var attribute = "zone"
    public var value = ""
    public var at = Nanoseconds.zero
    public var length = Nanoseconds.minutes(30)

    public init() {}
}

/// Replicas of the server end and start again. The rollout's state survives.
public struct ServerRestart: Hashable, Sendable {
    public var at = Nanoseconds.zero
    public var length = Nanoseconds.seconds(20)
    /// The first so many; nil: all.
    public var replicas: Int?

    public init() {}
}

/// Agents of a zone and replicas of the server do not reach each other for a time.
public struct ZonePartition: Hashable, Sendable {
    public var attribute = "zone"
    public var value = ""
    /// The first so many; nil: all.
    public var replicas: Int? = 1
    public var at = Nanoseconds.zero
    public var length = Nanoseconds.minutes(10)

    public init() {}
}

/// Replicas of the server take longer for a report for a time.
public struct SlowReplicas: Hashable, Sendable {
    /// The first so many; nil: all.
    public var replicas: Int?
    /// How many times as long.
    public var factor = 10
    public var at = Nanoseconds.zero
    public var length = Nanoseconds.minutes(10)

    public init() {}
}

/// Agents that lose their connections again and again, and connect again.
public struct Flapping: Hashable, Sendable {
    /// The share of the agents concerned.
    public var share = 0.01
    /// Which: an agent has to have one of the values of each attribute.
    public var attributes: [Named<[String]>] = []
    /// The numbers of the agents concerned; nil: all that have the attributes.
    public var agents: [UInt32]?
    /// From one loss to the next.
    public var every = Distribution.exponential(mean: .minutes(10))

    public init() {}
}

/// Agents whose clocks are off.
public struct SkewedClocks: Hashable, Sendable {
    public enum Direction: String, CaseIterable, Hashable, Sendable { case either, ahead, behind }

    /// The share of the agents concerned.
    public var share = 0.01
    /// Which: an agent has to have one of the values of each attribute.
    public var attributes: [Named<[String]>] = []
    /// The numbers of the agents concerned; nil: all that have the attributes.
    public var agents: [UInt32]?
    /// How far each clock is off, for the whole rehearsal.
    public var by = Distribution.uniform(.seconds(1), .hours(1))
    public var direction = Direction.either

    public init() {}
}

/// Agents that ask for what their server has for them over plain HTTP.
public struct PollingGroup: Hashable, Sendable {
    /// An agent has to have one of the values of each attribute.
    public var attributes: [Named<[String]>] = []
    public var interval = Nanoseconds.seconds(30)

    public init() {}
}

/// Agents behind gateways.
public struct SharedConnections: Hashable, Sendable {
    /// An agent has to have one of the values of each attribute.
    public var attributes: [Named<[String]>] = []
    /// So many agents in a row share a connection.
    public var size = 20

    public init() {}
}

/// Agents whose heartbeats have another interval than the world's.
public struct HeartbeatGroup: Hashable, Sendable {
    /// An agent has to have one of the values of each attribute.
    public var attributes: [Named<[String]>] = []
    public var interval = Nanoseconds.minutes(1)

    public init() {}
}
