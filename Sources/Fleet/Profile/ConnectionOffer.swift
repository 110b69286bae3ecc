public import Basis

/// Connection settings that the embedded server offers to agents (specification: ConnectionSettingsOffers).
public struct ConnectionOffer: Hashable, Sendable {
    /// A header of requests to the endpoint.
    public struct Header: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Where and with which headers.
    public struct Destination: Hashable, Sendable {
        /// An address; `{{server}}` in it stands for the host and port of the run's own server. Empty: as it was.
        public var endpoint: String
        public var headers: [Header]

        public init(endpoint: String = "", headers: [Header] = []) {
            self.endpoint = endpoint
            self.headers = headers
        }
    }

    /// The agents' connection to their server.
    public struct OpAMP: Hashable, Sendable {
        public var destination: Destination
        /// `nil`: the interval that the server offers anyway, or 30 s; zero would switch heartbeats off.
        public var heartbeat: Nanoseconds?

        public init(destination: Destination, heartbeat: Nanoseconds? = nil) {
            self.destination = destination
            self.heartbeat = heartbeat
        }
    }

    /// A connection that only agents know the use of.
    public struct Other: Hashable, Sendable {
        public var name: String
        public var destination: Destination
        /// What else is set, by name.
        public var settings: [Header]

        public init(name: String, destination: Destination, settings: [Header] = []) {
            self.name = name
            self.destination = destination
            self.settings = settings
        }
    }

    /// By which it can be withdrawn; nil where it never is.
    public var name: String?
    public var opamp: OpAMP?
    public var ownMetrics: Destination?
    public var ownTraces: Destination?
    public var ownLogs: Destination?
    /// Names distinct.
    public var others: [Other]
    public var target: EventTarget

    /// What stands for the run's own server in an endpoint.
    public static let serverMark = "{{server}}"

    public init(
        name: String? = nil, opamp: OpAMP? = nil, ownMetrics: Destination? = nil, ownTraces: Destination? = nil,
        ownLogs: Destination? = nil, others: [Other] = [], target: EventTarget = .everybody
    ) {
        self.name = name
        self.opamp = opamp
        self.ownMetrics = ownMetrics
        self.ownTraces = ownTraces
        self.ownLogs = ownLogs
        self.others = others
        self.target = target
    }

    /// Whether it offers nothing at all.
    var isEmpty: Bool { opamp == nil && ownMetrics == nil && ownTraces == nil && ownLogs == nil && others.isEmpty }
}
