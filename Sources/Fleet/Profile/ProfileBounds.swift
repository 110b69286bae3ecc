import AgentModel
import Basis

/// What a profile may ask for. The bounds are wide enough for every real run; what lies beyond is a slip of the pen.
enum ProfileBounds {
    /// Ten million: what one fleet in virtual time can hold; sockets run out long before.
    static let agents = 1...10_000_000
    static let shards = 1...256
    static let cohorts = 1...100
    static let zones = 1...1_000
    /// Attributes of one kind in one cohort.
    static let attributes = 0...100
    static let events = 0...1_000
    static let pauses = 0...1_000
    static let stages = 1...1_000
    static let sources = 0...256
    static let nameBytes = 1...100
    static let textBytes = 0...10_000
    static let port = 0...65_535
    /// A month.
    static let duration = Nanoseconds.milliseconds(100)...Nanoseconds.seconds(31 * 86_400)
    static let drain = Nanoseconds.zero...Nanoseconds.seconds(3_600)
    static let heartbeatInterval = Nanoseconds.milliseconds(10)...Nanoseconds.seconds(86_400)
    /// The offer is in whole seconds on the wire.
    static let offeredHeartbeatInterval = Nanoseconds.seconds(1)...Nanoseconds.seconds(86_400)
    static let reconnectDelay = Nanoseconds.milliseconds(1)...Nanoseconds.seconds(86_400)
    static let poolConnections = 1...20_000
    static let poolTime = Nanoseconds.milliseconds(10)...Nanoseconds.seconds(86_400)
    static let poolQueue = 1...10_000_000
    static let compressionThreshold = 0...(1 << 20)
    /// zstd's; zlib's ends at 9.
    static let compressionLevel = 1...19
    static let headers = 0...32
    static let headerText = 0...4_096
    static let path = 1...4_096
    static let largestMessage = 64...(64 << 20)
    static let messageBytes = 1_024...(1 << 30)
    static let batchWindow = Nanoseconds.zero...Nanoseconds.seconds(3_600)
    static let batchSize = 1...1_000
    static let timeout = Nanoseconds.milliseconds(10)...Nanoseconds.seconds(3_600)
    static let modelledTime = Nanoseconds.zero...Nanoseconds.seconds(3_600)
    /// Times of the modelled world that may be as long as a run.
    static let longTime = Nanoseconds.zero...Nanoseconds.seconds(31 * 86_400)
    /// Every event of a gateway looks at each of its members.
    static let gatewayMembers = 0...Gateway.memberLimit
    static let checkInterval = Nanoseconds.milliseconds(100)...Nanoseconds.seconds(86_400)
    static let healthFaults = 0...16
    static let settings = 0...100
    static let configHistory = 1...32
    /// Bytes a second.
    static let slowReading = 1...(1 << 20)
    static let oversized = 0...(80 << 20)
    static let retryAfter = Nanoseconds.seconds(1)...Nanoseconds.seconds(86_400)
    static let runTime = Nanoseconds.zero...Nanoseconds.seconds(31 * 86_400)
    static let stageLength = Nanoseconds.zero...Nanoseconds.seconds(31 * 86_400)
    static let arrivalRate = 0.001...1_000_000.0
    static let sigma = 0.0...5.0
    /// Somewhat more than the 64 MiB that a message may have, to try what a server does then.
    static let effectiveConfigBytes = 0...(80 << 20)
    static let availableComponents = 0...10_000
    static let healthPipelines = 0...1_000
    /// Files of one offered configuration.
    static let configFiles = 1...50
    /// The text of one offered file, in bytes: with all its quoting it still has to fit into a profile.
    static let configText = 0...(64 << 10)
    /// The texts of all offered files as they stand in the resolved profile: half of what a profile may have.
    static let configTexts = 128 << 10
    /// An agent takes a file without a type for what it is.
    static let contentType = 0...100
    static let generatedConfig = 64...(8 << 20)
    /// Offers of one kind: a server forgets none of them, and remembers 64.
    static let offers = 60
    /// Packages of one offer, or of one agent.
    static let packages = 1...50
    static let packageBytes = 0...(1 << 40)
    static let otherConnections = 20
    /// Headers of one offered connection.
    static let offeredHeaders = 20
    /// An address.
    static let endpoint = 0...1_000
    static let offeredHeaderText = 0...4_000
    static let telemetryInterval = Nanoseconds.milliseconds(100)...Nanoseconds.seconds(86_400)
    static let capabilityChanges = 0...16
    /// Bytes a second: from a bad mobile line to what no disk reads.
    static let byteRate = (1 << 10)...(1 << 40)
    /// Each takes a descriptor.
    static let downloads = 1...10_000
    /// What a run hashes before it starts.
    static let generatedPackage = (2 << 10)...(1 << 30)
    static let downloadAttempts = 1...100
    static let redirects = 0...20
    static let trustedKeys = 0...100
    /// PEM text of a public key; RSA of 16,384 bits needs a third of it.
    static let keyText = 1...(8 << 10)
    static let patterns = 0...1_000
    static let packageFiles = 1...100_000
    static let breakAfter = 0...(1 << 40)
    static let targetAttributes = 16
    static let hostBytes = 1...253
    static let hosts = 0...100
    static let pins = 0...100
    /// What a path may have on Linux.
    static let pathBytes = 1...4_096
    /// More keys than this would take a fleet's start for themselves.
    static let certificateKeys = 1...1_024
    /// A certificate's times are in whole seconds.
    static let certificateLifetime = Nanoseconds.seconds(1)...Nanoseconds.seconds(10 * 365 * 86_400)
    static let attributeText = 0...1_000
}
