public import AgentModel
public import Basis
public import Engine
public import OpAMP
import OpenSSL
public import Transport

/// Where a fleet's agents connect, resolved once before the run: addresses, not names, so that no shard ever waits for
/// DNS.
public struct AgentTarget: Sendable {
    /// How the agents talk to the server.
    public var transport: AgentTransport
    /// The server's addresses; agents are spread over them by index. Never empty.
    public internal(set) var addresses: [SocketAddress]
    /// Local addresses to connect from, spread by index; empty where the system chooses. Each adds another range of
    /// ports.
    public let sources: [SocketAddress]
    /// The `Host` field of the upgrade request, and where a proxy's tunnel leads.
    public var host: String
    /// The request target of the upgrade, normally `/v1/opamp`.
    public var path: String
    /// Further fields of the upgrade request.
    public var fields: HTTPFields
    /// The fields that each agent adds; a field that `fields` already has is skipped.
    public var agentFields = AgentFields()

    /// What `agent` sends with its upgrades and requests: the fields of all agents, and its own as far as those do not
    /// name them.
    public func fields(of agent: Agent) -> HTTPFields {
        var fields = fields
        _ = agentFields.append(of: agent, except: self.fields, to: &fields)
        return fields
    }
    /// The proxy that the connections go through, where there is one: `addresses` are then the proxy's.
    public var proxy: ProxyRoute?
    public var compression = WireCompression()
    /// The limit of bytes in one of the server's messages (specification: WebSocket Message Size Limits).
    public var limits: WebSocketLimits
    /// How long one of the server's WebSocket messages may take from its first byte to its last, however often bytes
    /// arrive. A message that continues to arrive with 64 KiB/s has the same time again.
    public var messageTimeout = Nanoseconds.seconds(30)
    /// The most bytes of payload in one frame that an agent sends; larger messages are fragmented (RFC 6455, section
    /// 5.4), as some clients do whose write buffer is small.
    public var frameBytes = Int.max
    /// An agent that has received nothing on its WebSocket for so long closes the connection and reconnects; nil: it
    /// waits for ever.
    public var silenceTimeout: Nanoseconds?
    /// How the connections are secured; `nil`: not at all.
    public var security: TargetSecurity?
    /// The slow network that the connections go over; `nil`: there is none.
    public var link: LinkPlan?

    /// `nil` where `addresses` is empty: there is nowhere to connect to.
    public init?(
        addresses: [SocketAddress], sources: [SocketAddress] = [], host: String, path: String,
        fields: HTTPFields = HTTPFields(), limits: WebSocketLimits = WebSocketLimits(),
        transport: AgentTransport = .webSocket, security: TargetSecurity? = nil
    ) {
        guard !addresses.isEmpty else { return nil }
        self.addresses = addresses
        self.sources = sources
        self.host = host
        self.path = path
        self.fields = fields
        self.limits = limits
        self.transport = transport
        self.security = security
    }

    /// The same target at another server, `nil` where `addresses` is empty. Behind a proxy the addresses stay the
    /// proxy's.
    public func moved(to addresses: [SocketAddress], host: String, path: String) -> AgentTarget? {
        guard !addresses.isEmpty || proxy != nil else { return nil }
        var target = self
        if proxy == nil { target.addresses = addresses }
        target.host = host
        target.path = path
        return target
    }

    /// The same target through a proxy at one of `addresses`, `nil` where there is none.
    public func through(_ proxy: ProxyRoute, at addresses: [SocketAddress]) -> AgentTarget? {
        guard !addresses.isEmpty else { return nil }
        var target = self
        target.addresses = addresses
        target.proxy = proxy
        return target
    }

    /// The server address of agent `index`.
    func address(of index: UInt64) -> SocketAddress {
        addresses[Int(index % UInt64(addresses.count))]
    }

    /// The local address of agent `index`, or `nil` where the system chooses.
    func source(of index: UInt64) -> SocketAddress? {
        sources.isEmpty ? nil : sources[Int(index / UInt64(addresses.count) % UInt64(sources.count))]
    }

    /// How agent `index` connects.
    /// - Parameters:
    ///   - identity: the certificate for a server that requests one.
    ///   - resumes: whether an earlier session of TLS may be resumed.
    ///   - timeout: for each phase.
    ///   - connection: the connection's number among those of the agent; it matters only behind a link.
    func connectPlan(
        of index: UInt64, identity: PackedIdentity?, resumes: Bool, timeout: Nanoseconds, connection: UInt32 = 0
    ) -> ConnectPlan {
        ConnectPlan(
            address: address(of: index), source: source(of: index), tunnel: tunnel,
            tls: security?.request(identity: identity, resumes: resumes), timeouts: ConnectTimeouts(each: timeout),
            link: link.map { LinkRoute($0, place: index, connection: UInt64(connection)) })
    }

    /// The tunnel to request from the proxy, if there is one.
    var tunnel: (authority: String, fields: HTTPFields)? {
        proxy.map { (host, $0.fields) }
    }
}

/// A proxy on the way to the server, asked for a tunnel with HTTP CONNECT.
public struct ProxyRoute: Sendable {
    /// What is for the proxy alone, such as its credentials.
    public var fields: HTTPFields

    public init(fields: HTTPFields = HTTPFields()) {
        self.fields = fields
    }
}

/// Where agents connect and how: one object for all agents of a cohort, and one for an agent that a server has sent to
/// another server.
final class AgentPlace {
    let target: AgentTarget
    // What each connection asks for is kept apart, so that nobody copies the target for it.
    /// Whether the way to the server is a connection to it and nothing else: no proxy, no TLS, no slow network.
    let isDirect: Bool
    /// What is proposed for the compression of WebSockets.
    let deflateOffer: DeflateOffer?
    /// The upgrade's request, where all agents send the same.
    let upgradeRequest: WebSocketRequest?
    let silenceTimeout: Nanoseconds?
    /// Whether a link to the server lets only so many bytes a second through.
    let isNarrow: Bool
    /// The fields of every request over plain HTTP but the agent's own.
    private(set) lazy var requestFields = PollingHost.fields(of: target)

    init(_ target: AgentTarget) {
        self.target = target
        isDirect = target.proxy == nil && target.security == nil && target.link == nil
        let offer = target.compression.offersDeflate ? DeflateOffer() : nil
        deflateOffer = offer
        upgradeRequest =
            target.agentFields.isCommon
            ? WebSocketRequest(target: target.path, host: target.host, fields: target.fields, offer: offer) : nil
        silenceTimeout = target.silenceTimeout
        isNarrow = target.link?.bytesDown != nil
    }
}

/// Finds the target that offered connection settings lead to; what they leave out stays as in the given target. Called
/// off the shard.
public typealias OfferResolver =
    @Sendable (OpAMPConnectionSettings, AgentTarget) async throws(OfferProblem) -> AgentTarget
