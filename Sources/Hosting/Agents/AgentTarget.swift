public import Engine
public import OpAMP
public import Transport

/// Where a fleet's agents connect, resolved once before the run: addresses, not names, so that no shard ever waits for DNS.
public struct AgentTarget: Sendable {
    /// How the agents talk to the server.
    public let transport: AgentTransport
    /// The server's addresses; agents are spread over them by index. Never empty.
    public let addresses: [SocketAddress]
    /// Local addresses to connect from, spread by index; empty where the system chooses. Each adds another range of ports.
    public let sources: [SocketAddress]
    /// The `Host` field of the upgrade request.
    public let host: String
    /// The request target of the upgrade, normally `/v1/opamp`.
    public let path: String
    /// Further fields of the upgrade request.
    public let fields: HTTPFields
    /// The most bytes in one of the server's messages (specification: WebSocket Message Size Limits).
    public let limits: WebSocketLimits

    /// `nil` where `addresses` is empty: there is nowhere to connect to.
    public init?(
        addresses: [SocketAddress], sources: [SocketAddress] = [], host: String, path: String,
        fields: HTTPFields = HTTPFields(), limits: WebSocketLimits = WebSocketLimits(),
        transport: AgentTransport = .webSocket
    ) {
        guard !addresses.isEmpty else { return nil }
        self.addresses = addresses
        self.sources = sources
        self.host = host
        self.path = path
        self.fields = fields
        self.limits = limits
        self.transport = transport
    }

    /// The server address of agent `index`.
    func address(of index: UInt64) -> SocketAddress {
        addresses[Int(index % UInt64(addresses.count))]
    }

    /// The local address of agent `index`, or `nil` where the system chooses.
    func source(of index: UInt64) -> SocketAddress? {
        sources.isEmpty ? nil : sources[Int(index / UInt64(addresses.count) % UInt64(sources.count))]
    }
}

/// Finds the target that offered connection settings lead to; what they leave out stays as in the given target. `nil` where the host
/// has no address or the endpoint is none. Called off the shard.
public typealias OfferResolver = @Sendable (OpAMPConnectionSettings, AgentTarget) async -> AgentTarget?
