public import Basis
public import OpAMP

/// A package's file that an agent wants fetched and verified (Downloading Packages): the host does it, and tells the agent
/// by `Agent.downloadTold`.
public struct PackageDownload: Equatable, Sendable {
    /// The number of the agent in the run; behind a gateway that is how its news finds it.
    public let agent: UInt64
    /// The agent's own number for it. An agent fetches one file at a time.
    public let number: UInt32
    public let file: DownloadableFile
    public let plan: FetchPlan
    /// Whether a file without a signature is refused (Code Signing).
    public let requiresSignature: Bool
    /// How often the agent wants to receive how it goes.
    public let progressInterval: Nanoseconds

    public init(
        agent: UInt64, number: UInt32, file: DownloadableFile, plan: FetchPlan, requiresSignature: Bool,
        progressInterval: Nanoseconds
    ) {
        self.agent = agent
        self.number = number
        self.file = file
        self.plan = plan
        self.requiresSignature = requiresSignature
        self.progressInterval = progressInterval
    }
}

/// What the host tells of a download.
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
    /// Since the last news, or since the download began.
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
