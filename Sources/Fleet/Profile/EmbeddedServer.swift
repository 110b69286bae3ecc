public import Basis

/// How the embedded server behaves: by default well and at once.
public struct EmbeddedServer: Hashable, Sendable {
    /// The port on 127.0.0.1 to listen on; 0 for any free one.
    public var port: Int
    /// From a report's arrival to its answer.
    public var answerDelay: Distribution
    /// When nothing is answered, in the order of the profile.
    public var pauses: [Pause]
    /// Reports answered with UNAVAILABLE; nil for none.
    public var throttle: Throttle?
    /// Connection attempts turned away with an HTTP status; nil for none.
    public var refuse: Refusal?
    /// Connections broken off; nil for none.
    public var drop: Drop?
    /// The heartbeat interval offered to agents, in whole seconds; nil for no offer.
    public var heartbeatInterval: Nanoseconds?
    /// How the fleet talks to it.
    public var transport: Transport
    /// Whether it agrees to permessage-deflate, and takes and gives gzip and zstd.
    public var compression: Bool
    /// Whether every answer over plain HTTP ends its connection.
    public var closesConnections: Bool
    /// An HTTP connection that was not used for so long is closed; nil: after ten minutes.
    public var idleTimeout: Nanoseconds?
    /// The largest message in bytes; nil: 64 MiB.
    public var largestMessage: Int?
    /// The tokens, a line each, of which every agent has to show one; nil: anybody is served.
    public var credentials: SecretSource?

    /// How package files are served.
    public var packages: Packages

    public enum Transport: String, CaseIterable, Hashable, Sendable {
        case websocket, http
    }
    /// How its connections are secured; nil: plaintext, unless the profile has a `tls` of its own.
    public var tls: ServerTLS?

    public init(
        port: Int = 0, answerDelay: Distribution = .constant(.zero), pauses: [Pause] = [], throttle: Throttle? = nil,
        refuse: Refusal? = nil, drop: Drop? = nil, heartbeatInterval: Nanoseconds? = nil,
        transport: Transport = .websocket, compression: Bool = true, closesConnections: Bool = false,
        idleTimeout: Nanoseconds? = nil, largestMessage: Int? = nil, credentials: SecretSource? = nil,
        tls: ServerTLS? = nil, packages: Packages = Packages()
    ) {
        self.port = port
        self.answerDelay = answerDelay
        self.pauses = pauses
        self.throttle = throttle
        self.refuse = refuse
        self.drop = drop
        self.heartbeatInterval = heartbeatInterval
        self.transport = transport
        self.compression = compression
        self.closesConnections = closesConnections
        self.idleTimeout = idleTimeout
        self.largestMessage = largestMessage
        self.credentials = credentials
        self.tls = tls
        self.packages = packages
    }

    /// The package files that the server has for download, and how well it serves them.
    public struct Packages: Hashable, Sendable {
        /// Where the files are; nil: there are only made-up ones.
        public var folder: String?
        /// Bytes a second on each connection; nil: as fast as the agents read.
        public var bandwidth: Int?
        /// Of the requests, drawn: broken off after `breakAfter` bytes.
        public var breakShare: Double
        public var breakAfter: Int
        public var access: Access

        /// Who may fetch the files.
        public enum Access: Hashable, Sendable {
            /// Where agents need credentials for OpAMP, they need some for files: the same, or what the offers give them.
            case asForOpAMP
            case anybody
            /// Who shows one of these; the first of them goes into the offers.
            case secret(SecretSource)
        }

        public static let usualBreak = 64 << 10

        public init(
            folder: String? = nil, bandwidth: Int? = nil, breakShare: Double = 0, breakAfter: Int = Self.usualBreak,
            access: Access = .asForOpAMP
        ) {
            self.folder = folder
            self.bandwidth = bandwidth
            self.breakShare = breakShare
            self.breakAfter = breakAfter
            self.access = access
        }
    }

    /// A time in which the server takes reports and answers none; it answers them all when the pause is over.
    public struct Pause: Hashable, Sendable {
        public var at: RunTime
        public var length: Nanoseconds

        public init(at: RunTime, length: Nanoseconds) {
            self.at = at
            self.length = length
        }
    }

    /// UNAVAILABLE for a share of the reports, with or without the time after which to come back.
    public struct Throttle: Hashable, Sendable {
        public var share: Double
        public var retryAfter: Nanoseconds?

        public init(share: Double, retryAfter: Nanoseconds? = nil) {
            self.share = share
            self.retryAfter = retryAfter
        }
    }

    /// An HTTP error for a share of the connection attempts.
    public struct Refusal: Hashable, Sendable {
        public var share: Double
        /// 429 or 503.
        public var status: Int
        /// In whole seconds, as the Retry-After header has it.
        public var retryAfter: Nanoseconds?

        public init(share: Double, status: Int = 503, retryAfter: Nanoseconds? = nil) {
            self.share = share
            self.status = status
            self.retryAfter = retryAfter
        }
    }

    /// A share of the connections broken off without an agent_disconnect, a drawn time after they were accepted.
    public struct Drop: Hashable, Sendable {
        public var share: Double
        public var after: Distribution

        public init(share: Double, after: Distribution = .constant(.zero)) {
            self.share = share
            self.after = after
        }
    }
}

extension Profile {
    /// How the embedded server secures its connections: as it is told, and with everything self-made where only the fleet is told
    /// to speak TLS. Nil: it does not, or there is none.
    var serverTLS: ServerTLS? {
        guard case .embedded(let server) = server else { return nil }
        return server.tls ?? (tls == nil ? nil : ServerTLS())
    }
}
