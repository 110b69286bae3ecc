public import Basis
public import OpAMP

/// A package's file that an agent requests (Downloading Packages): the host fetches and verifies it, and passes its
/// updates to `Agent.downloadTold`.
public struct PackageDownload: Equatable, Sendable {
    /// The number of the agent in the run; behind a gateway that is how its updates are routed.
    public let agent: UInt64
    /// The agent's own number for it. An agent fetches one file at a time.
    public let number: UInt32
    /// The package and the version that the file is offered as.
    public let package: String
    public let version: String
    public let file: DownloadableFile
    public let plan: FetchPlan
    /// Whether a file without a signature is refused (Code Signing).
    public let requiresSignature: Bool
    /// How often the agent wants to receive how it goes.
    public let progressInterval: Nanoseconds

    public init(
        agent: UInt64, number: UInt32, package: String, version: String, file: DownloadableFile, plan: FetchPlan,
        requiresSignature: Bool, progressInterval: Nanoseconds
    ) {
        self.agent = agent
        self.number = number
        self.package = package
        self.version = version
        self.file = file
        self.plan = plan
        self.requiresSignature = requiresSignature
        self.progressInterval = progressInterval
    }
}

/// The host's update about a download.
public struct DownloadUpdate: Equatable, Sendable {
    public enum Event: Equatable, Sendable {
        case progressed(DownloadProgress)
        case ended(DownloadOutcome)
    }

    public let agent: UInt64
    public let number: UInt32
    public let event: Event

    public init(agent: UInt64, number: UInt32, event: Event) {
        self.agent = agent
        self.number = number
        self.event = event
    }
}

/// How far a download is (PackageDownloadDetails).
public struct DownloadProgress: Hashable, Sendable {
    /// Of the file, 0 ... 100; 0 while its size is not known.
    public let percent: Double
    /// Since the last update, or since the download began.
    public let bytesPerSecond: Double

    public init(percent: Double, bytesPerSecond: Double) {
        self.percent = percent.isFinite ? min(max(percent, 0), 100) : 0
        self.bytesPerSecond = bytesPerSecond.isFinite ? max(bytesPerSecond, 0) : 0
    }
}

/// How a download ended.
public enum DownloadOutcome: Equatable, Sendable {
    /// The file is here, and every check that was asked for has passed.
    case verified
    /// It is not here, or may not be installed; in words for PackageStatus.error_message.
    case failed(String)
}

/// How the agents of a cohort really fetch and verify package files.
public struct FetchPlan: Hashable, Sendable {
    /// Bytes a second that one agent reads at most; nil: as fast as they come.
    public var bandwidth: Int?
    /// An attempt fails when no byte has arrived for this long.
    public var stallTimeout: Nanoseconds
    /// For the whole download, attempts and pauses included.
    public var timeout: Nanoseconds
    /// How often it is tried, the first time included.
    public var attempts: Int
    /// Before the second attempt; doubles with each further one, up to `longestRetryDelay`, drawn between half and
    /// whole.
    public var retryDelay: Nanoseconds
    public var redirects: Int
    /// The largest file in bytes.
    public var largestFile: Int
    /// The folder in which verified files are kept, each content once; nil: their bytes are dropped.
    public var folder: String?
    /// Whether signature and contents of one file are checked once for the whole fleet rather than for each agent. The
    /// hash is always that of the bytes that the agent itself has received.
    public var sharesVerdicts: Bool
    /// Public keys as PEM, by signer.
    public var trustedKeys: [String: String]
    /// The checks of the file's contents.
    public var contents: Contents
    /// Patterns of paths that may be executable in an archive; nil: any may.
    public var executables: [String]?
    public var sandbox: Sandbox?

    public static let longestRetryDelay = Nanoseconds.seconds(60)

    public enum Contents: String, CaseIterable, Hashable, Sendable {
        /// Nobody looks.
        case off
        /// An archive has to be sound; a file may be something else.
        case check
        /// It has to be a sound archive.
        case archive
    }

    /// What a package may do on the machine.
    public struct Sandbox: Hashable, Sendable {
        /// Patterns of paths that it may write; nil: any in its own folder.
        public var paths: [String]?
        public var files: Int?
        /// Unpacked, in bytes.
        public var bytes: Int?
        public var worldWritable: Bool

        public init(paths: [String]? = nil, files: Int? = nil, bytes: Int? = nil, worldWritable: Bool = false) {
            self.paths = paths
            self.files = files
            self.bytes = bytes
            self.worldWritable = worldWritable
        }
    }

    public init(
        bandwidth: Int? = nil, stallTimeout: Nanoseconds = .seconds(30), timeout: Nanoseconds = .seconds(600),
        attempts: Int = 5, retryDelay: Nanoseconds = .seconds(1), redirects: Int = 5, largestFile: Int = 1 << 30,
        folder: String? = nil, sharesVerdicts: Bool = true, trustedKeys: [String: String] = [:],
        contents: Contents = .check, executables: [String]? = nil, sandbox: Sandbox? = nil
    ) {
        self.bandwidth = bandwidth
        self.stallTimeout = stallTimeout
        self.timeout = timeout
        self.attempts = max(attempts, 1)
        self.retryDelay = retryDelay
        self.redirects = max(redirects, 0)
        self.largestFile = max(largestFile, 0)
        self.folder = folder
        self.sharesVerdicts = sharesVerdicts
        self.trustedKeys = trustedKeys
        self.contents = contents
        self.executables = executables
        self.sandbox = sandbox
    }
}
