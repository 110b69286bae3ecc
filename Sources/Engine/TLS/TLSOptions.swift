public import OpenSSL

/// Versions of TLS.
public enum TLSVersion: Int32, Hashable, Sendable, Comparable, CustomStringConvertible {
    case tls12 = 0x0303
    case tls13 = 0x0304

    public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }

    public var description: String { self == .tls12 ? "TLS 1.2" : "TLS 1.3" }
}

/// What a peer's certificate is judged by.
public struct TLSTrust: Hashable, Sendable {
    /// Trust the authorities of the system's store.
    public var usesSystemAuthorities: Bool
    /// Trust these authorities, PEM.
    public var authorities: String
    /// Accept only leaf keys with one of these SHA-256 digests (of the SubjectPublicKeyInfo, 32 bytes each). With no
    /// authorities at all, the pin alone decides; otherwise both must agree.
    public var pinnedKeys: [[UInt8]]
    /// Refuse what this revocation list (PEM) withdraws; and, once given, certificates whose authority has no list.
    public var revocationList: String?
    /// Judge nothing. For rehearsals against servers with throw-away certificates.
    public var skipsVerification: Bool

    private init(
        usesSystemAuthorities: Bool = false, authorities: String = "", pinnedKeys: [[UInt8]] = [],
        skipsVerification: Bool = false
    ) {
        self.usesSystemAuthorities = usesSystemAuthorities
        self.authorities = authorities
        self.pinnedKeys = pinnedKeys
        self.skipsVerification = skipsVerification
    }

    /// The authorities that this machine trusts.
    public static let system = TLSTrust(usesSystemAuthorities: true)

    /// These authorities only, PEM.
    public static func authorities(_ pem: String) -> TLSTrust { TLSTrust(authorities: pem) }

    /// These keys only; nothing else of the certificate matters.
    public static func pinnedKeys(_ digests: [[UInt8]]) -> TLSTrust { TLSTrust(pinnedKeys: digests) }

    /// Anybody. The caller warns its user.
    public static let anybody = TLSTrust(skipsVerification: true)
}

/// How a client secures its connections.
public struct TLSClientOptions: Sendable {
    public var trust: TLSTrust
    /// Whether the certificate must carry the server's name (or address).
    public var verifiesHost = true
    /// Refuse servers that staple no OCSP status, or a bad one.
    public var requiresStapledStatus = false
    /// The certificate shown to servers that ask; an endpoint's own, given to `connect`, comes first.
    public var identity: TLSIdentity?
    public var versions: ClosedRange<TLSVersion> = .tls12 ... .tls13
    /// The suites offered, by their names in the IANA's list; empty: the library's. Those of TLS 1.2 and of 1.3 are
    /// chosen apart: where none of a version is named, the library's stay for that one.
    public var cipherSuites: [String] = []
    /// Application protocols offered (ALPN), the most wanted first; empty: none.
    public var applicationProtocols: [String] = []
    /// Keep tickets and resume with them.
    public var resumes = true

    public init(trust: TLSTrust = .system) {
        self.trust = trust
    }
}

/// How a server secures its connections.
public struct TLSServerOptions: Sendable {
    /// Whom the server asks for a certificate.
    public enum ClientCertificates: Hashable, Sendable {
        case notAsked
        /// Asked; a client without one is welcome, one with a bad one is not.
        case optional(TLSTrust)
        case required(TLSTrust)
    }

    public var identity: TLSIdentity
    public var clientCertificates = ClientCertificates.notAsked
    public var versions: ClosedRange<TLSVersion> = .tls12 ... .tls13
    /// The suites accepted, as in `TLSClientOptions`.
    public var cipherSuites: [String] = []
    /// Application protocols known (ALPN), the most wanted first. A client that offers others only is refused; one that
    /// offers none is not. Empty: ALPN is ignored.
    public var applicationProtocols: [String] = []
    /// An OCSP response (DER) stapled to the certificate for clients that ask.
    public var stapledStatus: [UInt8]?
    /// Hand out tickets, so that clients may resume.
    public var issuesTickets = true
    /// How long a ticket is good for, seconds.
    public var ticketLifetimeSeconds = 7200

    public init(identity: TLSIdentity) {
        self.identity = identity
    }
}

/// What both sides agreed on.
public struct TLSSessionSummary: Hashable, Sendable {
    public var version: TLSVersion
    /// The cipher suite's name, as the standard has it.
    public var cipher: String
    /// Whether an earlier session was resumed: no certificates, a fraction of the CPU time.
    public var isResumed: Bool
    /// The application protocol (ALPN), where one was agreed on.
    public var applicationProtocol: String?
    /// The name that the client asked for (SNI).
    public var serverName: String?
}
