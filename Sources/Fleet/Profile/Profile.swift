public import Basis
public import Metrics

/// What a run is to be: how many agents of which kinds, when they arrive, what they do, against which server, for how
/// long.
///
/// A plain value. Its `schema`, like that of every section, has a line for each key: name, bounds, meaning.
/// `ProfileReader` reads it from YAML with the changes of the command line, `resolvedYAML` prints it in full.
public struct Profile: Hashable, Sendable {
    public var name: String = "unnamed"
    public var description: String = ""
    public var agents: Int = 100
    public var seed: UInt64 = 1
    public var server: ServerChoice = .embedded(EmbeddedServer())
    public var tls: TLSProfile?
    public var duration: Nanoseconds = .seconds(60)
    public var drain: Nanoseconds = .seconds(10)
    public var arrival: Arrival = .allAtOnce
    /// How the number of agents changes over the run, after the arrival; empty: those that have arrived stay.
    public var population: [PopulationStage] = []
    public var cohorts: [CohortProfile] = [CohortProfile()]
    public var events: [TimedEvent] = []
    /// How a server elsewhere is made to do what the events ask of it; nil: such events are skipped.
    public var driver: ProfileDriver?
    public var limits: ProfileLimits = ProfileLimits()
    public var wire: WireProfile = WireProfile()
    public var sources: [String] = []
    public var shards: Int?
    /// The limits by which the run passes or fails.
    public var thresholds: [Threshold] = []

    /// Every default: what the profile `{}` gives.
    public static let standard = Profile()

    /// The events that have times, with these from the run's start, earliest first; those of one time in the order of
    /// the profile. One that repeats is there once.
    public var timeline: [(at: Nanoseconds, action: TimedEvent.Action)] {
        events.compactMap { event in event.at.map { ($0.offset(in: duration), event.action) } }
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

/// The timeouts of the fleet.
public struct ProfileLimits: Hashable, Sendable {
    public var connectTimeout: Nanoseconds = .seconds(45)
    public var answerTimeout: Nanoseconds = .seconds(30)
    public var downloads: Int = usualDownloads
    public var downloadBandwidth: Int?
    public var messageBytes: Int = usualMessageBytes
    /// The largest age of the summary that a run which is killed leaves behind; nil: it leaves none.
    public var checkpoint: Nanoseconds? = .seconds(30)

    public static let usualDownloads = 64
    /// What the specification recommends.
    public static let usualMessageBytes = 64 << 20
}
