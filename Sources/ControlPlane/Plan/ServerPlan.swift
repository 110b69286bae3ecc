public import Basis
public import OpAMP

/// The behaviour of the embedded server: by default it answers at once; every delay, refusal and offer is a field.
public struct ServerPlan: Sendable {
    /// Declared in the first answer to each agent of a connection. AcceptsStatus is always added (spec:
    /// ServerToAgent.capabilities). What is not declared is not used.
    public var capabilities: ServerCapabilities = .everything
    /// Offered to agents that accept OpAMP connection settings, rounded to whole seconds; nothing is offered when nil.
    public var heartbeatInterval: Nanoseconds?
    /// What offers of a certificate say of heartbeats where the server offers no interval of its own: the interval that
    /// the agents have anyway. 30 seconds are what an agent does that was told nothing (spec: WebSocket Message
    /// Exchange).
    public var usualHeartbeatInterval = Nanoseconds.seconds(30)
    /// The destination_endpoint of offers of OpAMP connection settings.
    public var advertisedEndpoint = ""

    /// From the arrival of a report to its answer, drawn for each.
    public var answerDelay = Distribution.constant(.zero)
    /// How many reports a second it can answer, one after the other: a server with a known limit. Nil: no limit.
    public var answersPerSecond: Double?
    /// When the server answers nothing, upgrades and polls included.
    public var pauses: [Pause] = []
    public var throttle = Throttle.none
    public var refusals = Refusals.none
    public var drops = ConnectionDrops.none

    /// Replies that may wait at once; what comes on top is counted and never answered. A waiting acknowledgement takes
    /// about 80 bytes.
    public var queueLimit = 1_000_000
    /// Agents that are remembered at most, each in about 450 bytes. Where all are connected, reports of further ones
    /// are answered UNAVAILABLE and counted; otherwise one that is gone is forgotten for each.
    public var agentLimit = 1_000_000
    /// An agent that has no connection and has sent no report for so long is forgotten once others need room: when it
    /// returns, it is a new one.
    public var forgetsAfter = Nanoseconds.seconds(3_600)
    /// The largest ServerToAgent that is sent, in bytes (spec: WebSocket Message Size Limits).
    public var messageLimit = 64 << 20

    /// Reverse domain names, each optionally with `/version` (spec: CustomCapabilities).
    public var customCapabilities: [String] = []
    /// Whether answers name their reports to agents that declare `CustomCapability.sequence`.
    public var echoesSequence = false
    /// Whether available components are asked for in full when their hash is unknown (spec: AvailableComponents,
    /// Initial Handshake).
    public var asksForComponents = false
    /// Whether certificate requests become `ServerEffect.certificateRequested`; otherwise they are bad requests.
    public var issuesCertificates = false
    /// Whether status changes of offers become `ServerEffect.reported`.
    public var observesOffers = false
    /// Whether what is learned about single agents becomes `ServerEffect.observed`.
    public var observesAgents = false
    /// Whether what agents take for the time is, too.
    public var observesClocks = false
    /// The components of agents whose health is observed then (`ComponentHealth.unhealthy(among:)`).
    public var watchedComponents: [String?] = []
    /// Attributes of the agent description by which agents can be selected, such as `service.version`.
    public var labels: [String] = []
    /// What is kept of an agent's sub-messages beyond a fingerprint.
    public var retention = Retention.fingerprints

    public init() {}
}

/// The stored parts of an agent's description, health, effective configuration and available components.
public enum Retention: Hashable, Sendable {
    /// Eight bytes each: enough to see a change.
    case fingerprints
    /// The encoded sub-messages too, equal ones stored once for all agents; beyond `limit` bytes in all, fingerprints
    /// only.
    case encoded(limit: Int)
}

extension ServerCapabilities {
    /// All that this server can do.
    public static let everything: ServerCapabilities = [
        .acceptsStatus, .offersRemoteConfig, .acceptsEffectiveConfig, .offersPackages, .acceptsPackagesStatus,
        .offersConnectionSettings, .acceptsConnectionSettingsRequest,
    ]
}
