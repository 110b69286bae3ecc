public import Basis

/// Connection settings that the embedded server offers to agents (specification: ConnectionSettingsOffers).
public struct ConnectionOffer: Hashable, Sendable {
    /// A header of requests to the endpoint.
    public struct Header: Hashable, Sendable {
        public var name: String
        public var value: String
    }

    /// Where and with which headers.
    public struct Destination: Hashable, Sendable {
        public var endpoint: String = ""
        public var headers: [Header] = []
    }

    /// The agents' connection to their server.
    public struct OpAMP: Hashable, Sendable {
        public var destination: Destination
        public var heartbeat: Nanoseconds?
    }

    /// A connection that only agents know the use of.
    public struct Other: Hashable, Sendable {
        public var name: String
        public var destination: Destination
        public var settings: [Header] = []
    }

    public var name: String?
    public var opamp: OpAMP?
    public var ownMetrics: Destination?
    public var ownTraces: Destination?
    public var ownLogs: Destination?
    public var others: [Other] = []
    public var target: EventTarget = .everybody

    /// What stands for the run's own server in an endpoint.
    public static let serverMark = "{{server}}"

    /// Whether it offers nothing at all.
    var isEmpty: Bool { opamp == nil && ownMetrics == nil && ownTraces == nil && ownLogs == nil && others.isEmpty }
}
