import Basis
public import Foundation
public import Metrics

/// A line of `--log-format json`: the figures of the progress line, for log collectors. Within one schema version keys
/// are only ever added.
public struct ProgressDocument: Codable, Hashable, Sendable {
    /// `progress`, `message` or `finished`.
    public var event: String
    /// Seconds since 1970.
    public var time: Double
    public var message: String?
    public var elapsedSeconds: Double?
    public var phase: String?
    public var agents: Int?
    public var agentsConnected: Int?
    public var reportsPerSecond: Double?
    public var answersPerSecond: Double?
    /// Of the response time, in the phase until now.
    public var responseP50Ms: Double?
    public var responseP99Ms: Double?
    public var responseMaxMs: Double?
    public var heartbeatsMissed: UInt64?
    public var errors: UInt64?
    /// 0...1.
    public var cpuShare: Double?
    public var toolBound: Bool?
    /// Of the end: what became of the run, whether it passed its thresholds, where the results are.
    public var outcome: String?
    public var passed: Bool?
    public var results: String?

    private init(_ event: String, at time: Date) {
        self.event = event
        self.time = time.timeIntervalSince1970
    }

    public init(message: String, at time: Date) {
        self.init("message", at: time)
        self.message = message
    }

    public init(_ snapshot: Snapshot, of plan: RunPlan, at time: Date) {
        self.init("progress", at: time)
        let (row, counters) = (snapshot.row, snapshot.counters)
        let response = snapshot.phaseMeasures[Measure.heartbeatResponse.index]
        elapsedSeconds = snapshot.elapsed.seconds
        phase = snapshot.phase
        agents = plan.agents
        agentsConnected = snapshot.states.online
        reportsPerSecond = row.rate(row.counters.reportsSent)
        answersPerSecond = row.rate(of: .answersReceived)
        heartbeatsMissed = counters[.heartbeatsMissed]
        errors = counters.errors
        cpuShare = row.cpuShare.isFinite ? row.cpuShare : 0
        toolBound = snapshot.verdict.isToolBound
        guard response.count > 0 else { return }
        responseP50Ms = response.p50.seconds * 1e3
        responseP99Ms = response.p99.seconds * 1e3
        responseMaxMs = response.max.seconds * 1e3
    }

    public init(finished summary: RunSummary, results: String, at time: Date) {
        self.init("finished", at: time)
        message = summary.verdict.headline ?? summary.outcome.reason
        elapsedSeconds = summary.duration.seconds
        outcome = summary.outcome.name
        passed = summary.hasPassed
        errors = summary.counters.errors
        self.results = results
    }

    /// One line, without a line break.
    public var line: String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}
