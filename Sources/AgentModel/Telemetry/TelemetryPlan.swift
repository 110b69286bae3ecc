public import Basis
public import OTLP
public import OpAMP

/// How the agents of a cohort report about themselves, once a server has offered a destination (Own Telemetry
/// Reporting).
public struct TelemetryPlan: Hashable, Sendable {
    /// Between two exports; 10 s is what the specification recommends.
    public var interval: Nanoseconds

    public init(interval: Nanoseconds = .seconds(10)) {
        self.interval = max(interval, Self.shortestInterval)
    }

    /// A shorter interval would be a significant load.
    public static let shortestInterval = Nanoseconds.milliseconds(100)
}

/// Where telemetry goes, as a server has offered it. Shared by all agents that got the same offer.
public final class TelemetryDestination: Sendable {
    public let settings: TelemetryConnectionSettings

    public init(_ settings: TelemetryConnectionSettings) {
        self.settings = settings
    }

    /// Whether the endpoint is an OTLP/HTTP one at all (TelemetryConnectionSettings.destination_endpoint).
    static func isUsable(_ endpoint: String) -> Bool {
        ["http://", "https://"].contains { endpoint.lowercased().hasPrefix($0) }
    }
}

/// One export request, encoded in `Effects.bytes`.
public struct TelemetryExport: Sendable {
    public let signal: TelemetrySignal
    /// The range of its body in `Effects.bytes`.
    public let range: Range<Int>
    /// How many data points, spans or log records it holds.
    public let items: Int
    public let destination: TelemetryDestination

    public init(signal: TelemetrySignal, range: Range<Int>, items: Int, destination: TelemetryDestination) {
        self.signal = signal
        self.range = range
        self.items = items
        self.destination = destination
    }
}

/// The destinations that servers offered last: thousands of agents get the same one, and keep it once.
struct TelemetryCache: Sendable {
    static let limit = 16

    private var cache: [TelemetryDestination] = []

    mutating func destination(_ settings: TelemetryConnectionSettings) -> TelemetryDestination {
        if let known = cache.first(where: { $0.settings == settings }) { return known }
        let destination = TelemetryDestination(settings)
        if cache.count == Self.limit { cache.removeFirst() }
        cache.append(destination)
        return destination
    }
}

extension TelemetrySignal {
    /// What an agent declares that reports it.
    public var capability: AgentCapabilities {
        switch self {
        case .metrics: .reportsOwnMetrics
        case .traces: .reportsOwnTraces
        case .logs: .reportsOwnLogs
        }
    }
}

/// What one agent keeps for its own telemetry. Exists only where a server has offered a destination.
struct TelemetryKeeper {
    /// Events that are kept between two exports. Above the limit the oldest are dropped, and the next export says how
    /// many.
    static let eventLimit = 32

    private(set) var destinations: [TelemetrySignal: TelemetryDestination] = [:]
    /// When the next export is due.
    private(set) var due: Instant = .distantFuture
    /// What happened since the last export, oldest first.
    private(set) var events: [StateChange] = []
    private(set) var droppedEvents = 0
    /// Exports until now: the identifiers of spans are made from this number.
    private(set) var exports: UInt64 = 0

    /// Telemetry of a kind goes there from now on.
    mutating func take(_ destination: TelemetryDestination, for signal: TelemetrySignal, firstExport: Instant) {
        destinations[signal] = destination
        due = min(due, firstExport)
    }

    mutating func note(_ change: StateChange) {
        events.append(change)
        guard events.count > Self.eventLimit else { return }
        events.removeFirst()
        droppedEvents += 1
    }

    /// An export has been made; the next one is due an interval later. What a late host has missed is left out.
    mutating func exported(every interval: Nanoseconds, at now: Instant) {
        let missed = (now - due).count / max(interval.count, 1)
        due = due + interval * (missed + 1)
        events = []
        droppedEvents = 0
        exports += 1
    }
}
