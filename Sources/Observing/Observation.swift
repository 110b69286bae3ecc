public import Basis

/// What a watch has seen of a fleet.
public struct Observation: Sendable {
    public let start: Instant
    public let end: Instant
    /// When the first agent reported; `nil`: none has.
    public let firstReport: Instant?
    /// The kinds of agents of which any was seen, those with the most agents first.
    public let cohorts: [CohortFigures]
    /// The keys of the attributes that the user has named.
    public let attributes: [String]
    /// The rules that the server broke, with the number of times; empty where they were not checked.
    public let serverViolations: [ServerRule: Int]
    public let checksConformance: Bool
    public let agentsBeyondLimit: Int
    public let unreadable: Int
    /// Connections that were passed through without being watched from some moment on, by the reason.
    public let unwatched: [UnwatchedReason: Int]

    init(_ observer: FleetObserver, end: Instant) {
        start = observer.start
        self.end = end
        firstReport = observer.firstReport
        cohorts = observer.cohorts.filter { $0.agents > 0 }.sorted { $0.agents > $1.agents }
        attributes = observer.limits.attributes
        serverViolations = observer.serverViolations
        checksConformance = observer.limits.checksConformance
        agentsBeyondLimit = observer.agentsBeyondLimit
        unreadable = observer.unreadable
        unwatched = observer.unwatched
    }

    /// How many agents were seen.
    public var agents: Int { cohorts.reduce(0) { $0 + $1.agents } }

    /// How many agents there were at the end of each step, all kinds together, and the length of a step.
    public var population: (width: Nanoseconds, counts: [Int]) {
        let series = cohorts.map(\.population)
        let steps = series.map(\.steps.count).max() ?? 0
        var sums = [Int](repeating: 0, count: steps)
        for counts in series.map(\.counts) {
            for step in 0..<steps { sums[step] += counts.isEmpty ? 0 : counts[min(step, counts.count - 1)] }
        }
        return (series.first?.width ?? .seconds(1), sums)
    }
}

/// Why a connection was passed through without being watched.
public enum UnwatchedReason: String, CaseIterable, Sendable {
    /// Watching took more time than it may.
    case busy
    /// Its bytes are not what a reader of HTTP and WebSockets understands.
    case notUnderstood
    /// It needs a decompressor of its own, and there are too many.
    case decompressors
    /// A message is larger than what is read.
    case tooLarge
}
