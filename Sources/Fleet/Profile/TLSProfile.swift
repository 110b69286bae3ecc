public import Basis

/// How the fleet's connections are secured: the profile's `tls`. Files are named by their full paths and read when a run begins,
/// so a profile never holds a secret.
public struct TLSProfile: Hashable, Sendable {
    /// A file of authorities to trust, PEM.
    public var authorities: String?
    /// Whether this machine's authorities are trusted; nil: where nothing else is given to trust by.
    public var trustsSystem: Bool?
    /// SHA-256 digests of server keys (SubjectPublicKeyInfo), hexadecimal; one of them has to be the server's.
    public var pinnedKeys: [String]
    /// The name to ask for and to hold the certificate against; nil: that of the server's address.
    public var serverName: String?
    /// Whether the certificate has to carry that name.
    public var verifiesHost: Bool
    public var lowestVersion: TLSVersionWord
    public var highestVersion: TLSVersionWord
    /// A file with the revocation list of the server's authority, PEM.
    public var revocationList: String?
    /// Whether servers have to staple an OCSP status.
    public var requiresStapledStatus: Bool
    /// Whether nothing is verified at all.
    public var skipsVerification: Bool
    /// Whether agents that come back resume their session.
    public var resumes: Bool

    public init(
        authorities: String? = nil, trustsSystem: Bool? = nil, pinnedKeys: [String] = [], serverName: String? = nil,
        verifiesHost: Bool = true, lowestVersion: TLSVersionWord = .tls12, highestVersion: TLSVersionWord = .tls13,
        revocationList: String? = nil, requiresStapledStatus: Bool = false, skipsVerification: Bool = false,
        resumes: Bool = true
    ) {
        self.authorities = authorities
        self.trustsSystem = trustsSystem
        self.pinnedKeys = pinnedKeys
        self.serverName = serverName
        self.verifiesHost = verifiesHost
        self.lowestVersion = lowestVersion
        self.highestVersion = highestVersion
        self.revocationList = revocationList
        self.requiresStapledStatus = requiresStapledStatus
        self.skipsVerification = skipsVerification
        self.resumes = resumes
    }
}

/// A version of TLS, as profiles and options write it.
public enum TLSVersionWord: String, CaseIterable, Hashable, Sendable {
    case tls12 = "1.2"
    case tls13 = "1.3"
}

/// What the agents of a cohort show to servers that ask for a certificate.
public enum ClientCertificate: Hashable, Sendable {
    case none
    /// The same for all, from files.
    case files(KeyPairFiles)
    /// Issued on the fly.
    case issued(IssuedClientCertificate)
}

/// A certificate and its key, each a PEM file by its full path.
public struct KeyPairFiles: Hashable, Sendable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Client certificates that are issued when agents first need them.
public struct IssuedClientCertificate: Hashable, Sendable {
    public enum Sharing: String, CaseIterable, Hashable, Sendable {
        /// Each agent its own.
        case agent
        /// One for all agents of the cohort.
        case cohort
    }

    public var sharing: Sharing
    /// The authority that issues them; nil: the embedded server's own.
    public var authority: KeyPairFiles?
    /// How many keys the certificates of a cohort are for, in turn: making a key takes longer than issuing a certificate.
    public var keys: Int
    /// How long they are good for, in whole seconds.
    public var lifetime: Nanoseconds

    public init(
        sharing: Sharing = .agent, authority: KeyPairFiles? = nil, keys: Int = 16,
        lifetime: Nanoseconds = .seconds(30 * 86_400)
    ) {
        self.sharing = sharing
        self.authority = authority
        self.keys = keys
        self.lifetime = lifetime
    }
}

/// How the embedded server secures its connections: `server.embedded.tls`.
public struct ServerTLS: Hashable, Sendable {
    public enum ClientCertificates: String, CaseIterable, Hashable, Sendable {
        case none, request, require
    }

    /// The server's certificate; nil: one of the self-made authority.
    public var identity: KeyPairFiles?
    /// The authority that issues certificates for clients and is trusted for them; nil: the self-made one.
    public var authority: KeyPairFiles?
    /// Whether clients are asked for a certificate.
    public var clientCertificates: ClientCertificates
    /// A file of further authorities that clients' certificates may come from, PEM.
    public var clientAuthorities: String?
    /// A file with the revocation list for clients' certificates, PEM.
    public var revocationList: String?
    /// Where the self-made authority is kept; nil: nowhere, another one in each run.
    public var folder: String?
    /// What the self-made certificate is for besides this machine's loopback.
    public var hosts: [String]
    public var lowestVersion: TLSVersionWord
    public var highestVersion: TLSVersionWord
    /// Whether clients may resume their sessions.
    public var resumes: Bool
    /// Whether an OCSP status is stapled to the self-made certificate.
    public var staplesStatus: Bool
    /// How long the certificates that the server issues are good for, in whole seconds.
    public var lifetime: Nanoseconds

    public init(
        identity: KeyPairFiles? = nil, authority: KeyPairFiles? = nil, clientCertificates: ClientCertificates = .none,
        clientAuthorities: String? = nil, revocationList: String? = nil, folder: String? = nil, hosts: [String] = [],
        lowestVersion: TLSVersionWord = .tls12, highestVersion: TLSVersionWord = .tls13, resumes: Bool = true,
        staplesStatus: Bool = false, lifetime: Nanoseconds = .seconds(30 * 86_400)
    ) {
        self.identity = identity
        self.authority = authority
        self.clientCertificates = clientCertificates
        self.clientAuthorities = clientAuthorities
        self.revocationList = revocationList
        self.folder = folder
        self.hosts = hosts
        self.lowestVersion = lowestVersion
        self.highestVersion = highestVersion
        self.resumes = resumes
        self.staplesStatus = staplesStatus
        self.lifetime = lifetime
    }
}
