public import Basis

/// How the fleet's connections are made and used, whatever is said on them.
public struct WireProfile: Hashable, Sendable {
    public var compression = CompressionProfile()
    public var polling = PollingProfile()
    public var webSocket = WebSocketProfile()
    /// Further fields of every upgrade and request; names distinct.
    public var headers: [HeaderProfile] = []
    public var auth: AuthProfile?
    public var proxy: ProxyProfile?

    public init() {}
}

/// What the agents compress.
public struct CompressionProfile: Hashable, Sendable {
    /// How request bodies over plain HTTP are encoded.
    public enum Requests: String, CaseIterable, Hashable, Sendable {
        case plain = "none"
        case gzip, zstd
    }

    public var websocket: Bool = false
    public var requests: Requests = .plain
    public var threshold: Int = standardThreshold
    public var level: Int?

    public static let standardThreshold = 128
    public static let off = CompressionProfile()
    /// What `compression: on` means.
    public static let on = CompressionProfile(websocket: true, requests: .gzip)
}

/// How agents use their WebSockets.
public struct WebSocketProfile: Hashable, Sendable {
    /// The most bytes of payload in a frame; nil: each message is one frame.
    public var frameBytes: Int?
    /// For how long a server may say nothing; nil: for ever.
    public var silenceTimeout: Nanoseconds?
}

/// How agents over plain HTTP poll, and the pool that their connections come from.
public struct PollingProfile: Hashable, Sendable {
    public var interval: Nanoseconds?
    public var connections: Int = 256
    /// Whether each agent has a connection of its own instead.
    public var isPerAgent: Bool = false
    public var idleTimeout: Nanoseconds = .seconds(90)
    public var acquireTimeout: Nanoseconds = .seconds(20)
    public var maximumAge: Nanoseconds?
    public var queue: Int = 1_000_000

    /// The interval of the specification for agents without heartbeats (Plain HTTP Transport).
    public static let standardInterval = Nanoseconds.seconds(30)

    /// How often the agents of a cohort poll at least.
    func interval(of heartbeat: HeartbeatProfile) -> Nanoseconds {
        interval ?? (heartbeat.enabled ? max(heartbeat.interval, Self.standardInterval) : Self.standardInterval)
    }
}

/// One field that agents add to their upgrades and requests.
public struct HeaderProfile: Hashable, Sendable {
    public var name: String
    public var value: TextSource

    public init(_ name: String, _ value: TextSource) {
        self.name = name
        self.value = value
    }

    /// The names whose values are credentials: no profile and no command line may hold them.
    static let secretNames: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token",
    ]

    var isSecret: Bool { Self.secretNames.contains(name.lowercased()) }

    /// The names whose values are shown in outputs. Those of all others may be credentials.
    private static let harmlessNames: Set<String> = [
        "accept", "accept-language", "cache-control", "from", "origin", "user-agent", "x-request-id",
    ]

    static func isHarmless(_ name: String) -> Bool { harmlessNames.contains(name.lowercased()) }
}

/// Where the text of a header or a credential comes from. In each of them `{{index}}` and the other words of attributes
/// may stand.
public enum TextSource: Hashable, Sendable {
    /// A text of the profile itself.
    case text(String)
    case secret(SecretSource)
}

/// Where a secret is read when a run begins; the secret itself is no part of a profile.
public enum SecretSource: Hashable, Sendable {
    /// The environment variable of that name.
    case environment(String)
    /// A file with one line for all agents, or a line an agent.
    case file(String)
}

/// How agents prove who they are.
public enum AuthProfile: Hashable, Sendable {
    /// `Authorization: Bearer …`.
    case bearer(TextSource)
    /// `Authorization: Basic …`.
    case basic(user: String, password: SecretSource)
}

/// An HTTP proxy that opens tunnels to the server.
public struct ProxyProfile: Hashable, Sendable {
    public var url: ServerURL
    public var headers: [HeaderProfile] = []
    public var auth: AuthProfile?

    /// The proxy's address as a profile or an option writes it: the port has to be there, for proxies have no usual
    /// one.
    public static func url(_ text: String) throws(ServerURLError) -> ServerURL {
        let url: ServerURL
        do {
            url = try ServerURL(text)
        } catch {
            switch error {
            // What they advise is for servers.
            case .missingScheme, .unknownScheme, .missingHost: throw .noProxy(text)
            default: throw error
            }
        }
        let end = text.hasSuffix("/") ? text.dropLast() : text[...]
        guard url.scheme == .http, end.hasSuffix(":\(url.port)") else { throw .noProxy(text) }
        return url
    }
}

extension Profile {
    /// Whether the agents poll over plain HTTP.
    var isPolling: Bool {
        switch server {
        case .url(let url): !url.isWebSocket
        case .embedded(let server): server.transport == .http
        }
    }
}
