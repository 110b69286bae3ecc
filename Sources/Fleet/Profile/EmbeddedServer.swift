public import Basis

/// How the embedded server behaves: by default well and at once.
public struct EmbeddedServer: Hashable, Sendable {
    public var port: Int = 0
    public var answerDelay: Distribution = .constant(.zero)
    public var pauses: [Pause] = []
    public var throttle: Throttle?
    public var refuse: Refusal?
    public var drop: Drop?
    public var heartbeatInterval: Nanoseconds?
    public var transport: Transport = .websocket
    public var compression: Bool = true
    public var closesConnections: Bool = false
    public var idleTimeout: Nanoseconds?
    public var silentTimeout: Nanoseconds?
    public var echoesSequence: Bool = false
    public var largestMessage: Int?
    public var credentials: SecretSource?

    public var tls: ServerTLS?

    public enum Transport: String, CaseIterable, Hashable, Sendable {
        case websocket, http
    }
    public var packages: Packages = Packages()
    /// Layers of configuration and channels of packages.
    public var served = ServedVersions()

    /// The package files that the server has for download, and how well it serves them.
    public struct Packages: Hashable, Sendable {
        public var folder: String?
        public var bandwidth: Int?
        public var breakShare: Double = 0
        public var breakAfter: Int = usualBreak
        public var access: Access = .asForOpAMP

        /// Who may fetch the files.
        public enum Access: Hashable, Sendable {
            /// Where agents need credentials for OpAMP, they need some for files: the same, or what the offers give
            /// them.
            case asForOpAMP
            case anybody
            /// Who shows one of these; the first of them goes into the offers.
            case secret(SecretSource)
        }

        public static let usualBreak = 64 << 10
    }

    /// A time in which the server takes reports and answers none; it answers them all when the pause is over.
    public struct Pause: Hashable, Sendable {
        public var at: RunTime
        public var length: Nanoseconds
    }

    /// UNAVAILABLE for a share of the reports, with or without the time after which to come back.
    public struct Throttle: Hashable, Sendable {
        public var share: Double
        public var retryAfter: Nanoseconds?
    }

    /// An HTTP error for a share of the connection attempts.
    public struct Refusal: Hashable, Sendable {
        public var share: Double
        public var status: Int = 503
        public var retryAfter: Nanoseconds?
    }

    /// A share of the connections broken off without an agent_disconnect, a drawn time after they were accepted.
    public struct Drop: Hashable, Sendable {
        public var share: Double
        public var after: Distribution = .constant(.zero)
    }
}

extension Profile {
    /// How the embedded server secures its connections: as it is told, and with everything self-made where only the
    /// fleet is told to speak TLS. Nil: it does not, or there is none.
    var serverTLS: ServerTLS? {
        guard case .embedded(let server) = server else { return nil }
        return server.tls ?? (tls == nil ? nil : ServerTLS())
    }
}
