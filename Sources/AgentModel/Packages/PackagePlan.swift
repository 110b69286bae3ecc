public import Basis
public import OpAMP

/// How the agents of a cohort download and install packages (Packages).
public struct PackagePlan: Hashable, Sendable {
    /// What is installed before any server offers anything.
    public var installed: [LocalPackage]
    /// How files are downloaded; nil: downloads are simulated, and last `downloadTime`.
    public var fetch: FetchPlan?
    /// How long the simulated download of one package lasts.
    public var downloadTime: Distribution
    /// How large a package is, for the rate that is reported while it is downloaded.
    public var fileBytes: Int
    /// How often the progress of a download is reported; opamp-go's default is 10 s.
    public var progressInterval: Nanoseconds
    public var installTime: Distribution
    public var odds: FailureOdds
    /// Whether a package without a signature is refused (Code Signing).
    public var requiresSignature: Bool
    /// Packages that have to be there before another can be installed, by that other's name.
    public var dependencies: [String: [String]]

    public init(
        installed: [LocalPackage] = [],
        fetch: FetchPlan? = nil,
        downloadTime: Distribution = .uniform(.seconds(2), .seconds(15)),
        fileBytes: Int = 60_000_000,
        progressInterval: Nanoseconds = .seconds(10),
        installTime: Distribution = .uniform(.seconds(1), .seconds(4)),
        odds: FailureOdds = FailureOdds(),
        requiresSignature: Bool = false,
        dependencies: [String: [String]] = [:]
    ) {
        self.installed = installed
        self.fetch = fetch
        self.downloadTime = downloadTime
        self.fileBytes = max(fileBytes, 0)
        self.progressInterval = max(progressInterval, .milliseconds(100))
        self.installTime = installTime
        self.odds = odds
        self.requiresSignature = requiresSignature
        self.dependencies = dependencies
    }

    /// The odds that each step of an installation fails, 0 ... 1.
    public struct FailureOdds: Hashable, Sendable {
        public var download: Double
        public var contentHash: Double
        public var signature: Double
        public var install: Double

        public init(download: Double = 0, contentHash: Double = 0, signature: Double = 0, install: Double = 0) {
            self.download = download
            self.contentHash = contentHash
            self.signature = signature
            self.install = install
        }
    }

    /// A package that came with the machine.
    public struct LocalPackage: Hashable, Sendable {
        public var name: String
        public var version: String
        public var type: PackageType

        public init(name: String, version: String, type: PackageType = .topLevel) {
            self.name = name
            self.version = version
            self.type = type
        }
    }
}
