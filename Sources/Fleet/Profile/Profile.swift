public import Basis

/// What a run is to be: how many agents of which kinds, when they arrive, what they do, against which server, for how long.
///
/// A plain value. `ProfileReader` makes it from YAML, `applying(_:)` changes it from the command line, `resolvedYAML` prints
/// it in full. docs/profiles.md explains every key.
public struct Profile: Hashable, Sendable {
    /// One word for file names and headings.
    public var name: String
    /// Free text for people.
    public var description: String
    /// How many agents the fleet has.
    public var agents: Int
    /// Everything random in the run derives from it: the same seed, the same fleet.
    public var seed: UInt64
    public var server: ServerChoice
    /// How connections to the server are secured; nil: as its address has it, with this machine's authorities.
    public var tls: TLSProfile?
    /// From the run's start, arrival included, to the moment when the fleet is asked to leave.
    public var duration: Nanoseconds
    /// How long the fleet may take to leave; what is still connected then is cut off.
    public var drain: Nanoseconds
    public var arrival: Arrival
    /// The kinds of agents; never empty, names distinct.
    public var cohorts: [CohortProfile]
    /// What happens to the run at given times, in the order of the profile.
    public var events: [TimedEvent]
    public var limits: ProfileLimits
    /// How connections are made and used: compression, polling, headers, credentials, a proxy.
    public var wire: WireProfile
    /// Local addresses to connect from, in turn; empty where the system chooses. Each gives about 28,000 connections more to
    /// one destination.
    public var sources: [String]
    /// On how many shards the agents run; nil for one a core.
    public var shards: Int?

    public init(
        name: String = "unnamed", description: String = "", agents: Int = 100, seed: UInt64 = 1,
        server: ServerChoice = .embedded(EmbeddedServer()), tls: TLSProfile? = nil,
        duration: Nanoseconds = .seconds(60),
        drain: Nanoseconds = .seconds(10), arrival: Arrival = .allAtOnce, cohorts: [CohortProfile] = [CohortProfile()],
        events: [TimedEvent] = [], limits: ProfileLimits = ProfileLimits(), wire: WireProfile = WireProfile(),
        sources: [String] = [], shards: Int? = nil
    ) {
        self.name = name
        self.description = description
        self.agents = agents
        self.seed = seed
        self.server = server
        self.tls = tls
        self.duration = duration
        self.drain = drain
        self.arrival = arrival
        self.cohorts = cohorts
        self.events = events
        self.limits = limits
        self.wire = wire
        self.sources = sources
        self.shards = shards
    }

    /// Every default: what the profile `{}` gives.
    public static let standard = Profile()

    /// The events with their times from the run's start, earliest first; those of one time in the order of the profile.
    public var timeline: [(at: Nanoseconds, action: TimedEvent.Action)] {
        events.map { ($0.at.offset(in: duration), $0.action) }
            .enumerated()
            .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map { (at: $0.element.0, action: $0.element.1) }
    }
}

/// The server that the fleet is driven against.
public enum ServerChoice: Hashable, Sendable {
    /// One of our own, in the same process.
    case embedded(EmbeddedServer)
    /// Somebody's.
    case url(ServerURL)
}

/// How long the fleet waits before it takes something for failed.
public struct ProfileLimits: Hashable, Sendable {
    /// From the attempt to the upgraded connection.
    public var connectTimeout: Nanoseconds
    /// From a report to its answer.
    public var answerTimeout: Nanoseconds
    /// How many package files the fleet fetches at the same time; the others wait their turn.
    public var downloads: Int
    /// Bytes a second that the fleet reads of package files; nil: as fast as they come.
    public var downloadBandwidth: Int?
    /// The largest message, in bytes, that agents send or take (WebSocket and Plain HTTP Message Size Limits).
    public var messageBytes: Int

    public static let usualDownloads = 64
    /// What the specification recommends.
    public static let usualMessageBytes = 64 << 20

    public init(
        connectTimeout: Nanoseconds = .seconds(45), answerTimeout: Nanoseconds = .seconds(30),
        downloads: Int = Self.usualDownloads, downloadBandwidth: Int? = nil,
        messageBytes: Int = Self.usualMessageBytes
    ) {
        self.connectTimeout = connectTimeout
        self.answerTimeout = answerTimeout
        self.downloads = downloads
        self.downloadBandwidth = downloadBandwidth
        self.messageBytes = messageBytes
    }
}
