public import Basis

/// How the fleet's connections are secured: the profile's `tls`. Files are named by their full paths and read when a
/// run begins, so a profile never holds a secret.
public struct TLSProfile: Hashable, Sendable {
    public var authorities: String?
    public var trustsSystem: Bool?
    public var pinnedKeys: [String] = []
    public var serverName: String?
    public var verifiesHost: Bool = true
    public var lowestVersion: TLSVersionWord = .tls12
    public var highestVersion: TLSVersionWord = .tls13
    public var revocationList: String?
    public var requiresStapledStatus: Bool = false
    public var skipsVerification: Bool = false
    public var resumes: Bool = true
    /// TLS handshakes under way at once, over all shards.
    public var handshakes: Int = 100
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

    public var sharing: Sharing = .agent
    public var authority: KeyPairFiles?
    public var keys: Int = 16
    public var lifetime: Nanoseconds = .seconds(30 * 86_400)
}

/// How the embedded server secures its connections: `server.embedded.tls`.
public struct ServerTLS: Hashable, Sendable {
    public enum ClientCertificates: String, CaseIterable, Hashable, Sendable {
        case none, request, require
    }

    public var identity: KeyPairFiles?
    public var authority: KeyPairFiles?
    public var clientCertificates: ClientCertificates = .none
    public var clientAuthorities: String?
    public var revocationList: String?
    public var folder: String?
    public var hosts: [String] = []
    public var lowestVersion: TLSVersionWord = .tls12
    public var highestVersion: TLSVersionWord = .tls13
    public var resumes: Bool = true
    public var staplesStatus: Bool = false
    public var lifetime: Nanoseconds = .seconds(30 * 86_400)
}
