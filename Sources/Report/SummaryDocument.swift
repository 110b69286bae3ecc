import AgentModel
import Basis
public import Foundation
public import Metrics
import OpAMP

/// `summary.json`: a run in figures, for programs. Documented, with the meaning of every key, in `docs/results.md`.
///
/// Within one schema version keys are only ever added.
public struct SummaryDocument: Codable, Hashable, Sendable {
    /// What the document says it is.
    public static let schemaName = "muster/summary"

    /// The version written by this release.
    public static let currentVersion = 3

    public var schema: String
    public var schemaVersion: Int
    public var run: Run
    public var outcome: Outcome
    public var durationSeconds: Double
    public var verdict: VerdictPart
    public var agents: [String: Int]
    public var health: HealthPart
    public var counters: [String: UInt64]
    public var errors: [String: ErrorPart]
    public var named: [String: UInt64]
    public var measures: [String: MeasurePart]
    public var phases: [PhasePart]
    /// Each cohort; empty in a run of one.
    public var cohorts: [CohortPart]
    public var waves: [WavePart]
    public var transitions: [TransitionPart]
    public var process: ProcessPart
    public var reconciliation: ReconciliationPart
    /// Files of the results that could not be written; nil where all were.
    public var missingFiles: [String]?

    /// What else has to be known before the figures are used.
    public var warnings: [WarningPart]
    /// The share of the heartbeats due that were answered in time; nil where none was due.
    public var availability: Double?
    /// Whether the run ended as planned and passed every threshold; nil where it has none.
    public var passed: Bool?
    /// In the order of the profile; nil where there is none.
    public var thresholds: [ThresholdPart]?
    /// The rates while all agents were connected and nothing happened to them; nil where that was never so.
    public var steady: SteadyRates?
    /// The number of agents where they come without an end; nil where they do not.
    public var churn: ChurnPart?
    /// The moments that the user named; nil where there is none.
    public var marks: [MarkPart]?
    /// The runs that it was merged from; nil: none.
    public var merged: [MergedPart]?
    /// What the server used; nil where it was not watched.
    public var serverUse: ServerUsePart?
    /// What follows from the figures; nil where nothing does.
    public var advice: [AdvicePart]?

    public struct Run: Codable, Hashable, Sendable {
        public var name: String
        public var profile: String
        public var server: String
        /// Whether the run brought the server along; nil in documents of earlier releases.
        public var embeddedServer: Bool?
        public var seed: UInt64
        public var agents: Int
        public var shards: Int
        /// Seconds since 1970.
        public var startedAt: Double
        public var tool: String
        public var machine: String
        /// Which part of the fleet it was; nil: all of it.
        public var shard: ShardPart?
    }

    public struct Outcome: Codable, Hashable, Sendable {
        public var status: String
        public var reason: String?
    }

    public struct VerdictPart: Codable, Hashable, Sendable {
        public var level: String
        public var headline: String?
        public var toolBoundSeconds: Double
        /// The tool's own part of the response time by percentile (`p50`, …), as far as enough is known.
        public var ownShare: [String: OwnSharePart]
        public var findings: [FindingPart]
    }

    public struct OwnSharePart: Codable, Hashable, Sendable {
        /// 0...1.
        public var share: Double
        public var lagMs: Double
        public var responseMs: Double
    }

    public struct WarningPart: Codable, Hashable, Sendable {
        public var rule: String
        public var message: String
        public var remedy: String
    }

    public struct AdvicePart: Codable, Hashable, Sendable {
        /// `storm-back-off` or `rollout-batch`.
        public var rule: String
        public var message: String
    }

    public struct SteadyRates: Codable, Hashable, Sendable {
        public var durationSeconds: Double
        public var reportsPerSecond: Double
        public var answersPerSecond: Double
    }

    public struct FindingPart: Codable, Hashable, Sendable {
        public var rule: String
        public var level: String
        public var message: String
        public var remedy: String
    }

    /// Agents by the health that they last reported, and the maximum of each at one time.
    public struct HealthPart: Codable, Hashable, Sendable {
        public var last: [String: Int]
        public var max: [String: Int]
    }

    public struct ErrorPart: Codable, Hashable, Sendable {
        public var count: UInt64
        public var fault: String
    }

    /// Milliseconds; of a measure that never occurred only the count, zero.
    ///
    /// Where values are not known exactly, each figure has bounds beside it that hold for every reading of them; a
    /// missing upper bound: nothing is known above.
    public struct MeasurePart: Codable, Hashable, Sendable {
        public var count: UInt64
        /// Values that are the likeliest of several readings; nil: none.
        public var ambiguous: UInt64?
        /// Values of which only a lower bound is known; nil: none.
        public var atLeast: UInt64?
        public var minMs: Double?
        public var meanMs: Double?
        public var p50Ms: Double?
        public var p90Ms: Double?
        public var p99Ms: Double?
        public var p999Ms: Double?
        public var maxMs: Double?
        public var minLowMs: Double?
        public var minHighMs: Double?
        public var meanLowMs: Double?
        public var meanHighMs: Double?
        public var p50LowMs: Double?
        public var p50HighMs: Double?
        public var p90LowMs: Double?
        public var p90HighMs: Double?
        public var p99LowMs: Double?
        public var p99HighMs: Double?
        public var p999LowMs: Double?
        public var p999HighMs: Double?
        public var maxLowMs: Double?
        public var maxHighMs: Double?
    }

    public struct PhasePart: Codable, Hashable, Sendable {
        public var label: String
        public var startSeconds: Double
        public var durationSeconds: Double
        public var level: String
        public var ownShare: [String: OwnSharePart]
        public var cpuShare: Double
        public var counters: [String: UInt64]
        public var measures: [String: MeasurePart]
        /// Nil in documents of earlier releases.
        public var findings: [FindingPart]?
    }

    /// The measures are response and service time, within 1 %.
    public struct CohortPart: Codable, Hashable, Sendable {
        public var name: String
        /// How many cohorts it is: more than one for the one that stands for all beyond the limit.
        public var cohorts: Int
        public var agents: UInt64
        public var reports: UInt64
        public var answers: UInt64
        public var unanswered: UInt64
        public var errors: UInt64
        public var counters: [String: UInt64]
        public var measures: [String: MeasurePart]
    }

    /// An offer on its way through the fleet; times from its clock on.
    public struct WavePart: Codable, Hashable, Sendable {
        public var label: String
        public var kind: String
        public var clock: String
        public var startSeconds: Double
        /// By stage.
        public var agents: [String: UInt64]
        public var times: [String: MeasurePart]
        public var lastConvergedSeconds: Double?
        public var shareConverged: Double
        /// Which offer it is, the same for all agents and runs; nil in documents of earlier releases.
        public var offer: String?
    }

    public struct TransitionPart: Codable, Hashable, Sendable {
        public var from: String
        public var to: String
        public var cause: String
        public var count: UInt64
    }

    public struct ProcessPart: Codable, Hashable, Sendable {
        public var cpuSeconds: Double
        public var meanCpuShare: Double
        public var peakCpuShare: Double
        public var peakResidentBytes: UInt64
        public var availableCores: Double
    }

    public struct ReconciliationPart: Codable, Hashable, Sendable {
        public var serverKnown: Bool
        public var agrees: Bool
        public var lines: [LinePart]
    }

    public struct LinePart: Codable, Hashable, Sendable {
        public var what: String
        public var tool: UInt64
        public var server: UInt64?
        public var difference: Int64?
        public var remark: String?
    }

    /// The document's text: sorted keys, indented, so that two runs can be compared line by line.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// Reads a document of this schema version.
    ///
    /// - Throws: `DecodingError` where a key that every release wrote is missing or of another type.
    public init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(SummaryDocument.self, from: json)
    }
}

extension SummaryDocument {
    /// `waves`, `transitions` and `health` were added within schema version 1.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        schema = try values.decode(String.self, forKey: .schema)
        schemaVersion = try values.decode(Int.self, forKey: .schemaVersion)
        run = try values.decode(Run.self, forKey: .run)
        outcome = try values.decode(Outcome.self, forKey: .outcome)
        durationSeconds = try values.decode(Double.self, forKey: .durationSeconds)
        verdict = try values.decode(VerdictPart.self, forKey: .verdict)
        agents = try values.decode([String: Int].self, forKey: .agents)
        health =
            try values.decodeIfPresent(HealthPart.self, forKey: .health) ?? HealthPart(last: [:], max: [:])
        counters = try values.decode([String: UInt64].self, forKey: .counters)
        errors = try values.decode([String: ErrorPart].self, forKey: .errors)
        named = try values.decode([String: UInt64].self, forKey: .named)
        measures = try values.decode([String: MeasurePart].self, forKey: .measures)
        phases = try values.decode([PhasePart].self, forKey: .phases)
        cohorts = try values.decodeIfPresent([CohortPart].self, forKey: .cohorts) ?? []
        waves = try values.decodeIfPresent([WavePart].self, forKey: .waves) ?? []
        transitions = try values.decodeIfPresent([TransitionPart].self, forKey: .transitions) ?? []
        process = try values.decode(ProcessPart.self, forKey: .process)
        reconciliation = try values.decode(ReconciliationPart.self, forKey: .reconciliation)
        missingFiles = try values.decodeIfPresent([String].self, forKey: .missingFiles)
        warnings = try values.decodeIfPresent([WarningPart].self, forKey: .warnings) ?? []
        steady = try values.decodeIfPresent(SteadyRates.self, forKey: .steady)
        churn = try values.decodeIfPresent(ChurnPart.self, forKey: .churn)
        availability = try values.decodeIfPresent(Double.self, forKey: .availability)
        passed = try values.decodeIfPresent(Bool.self, forKey: .passed)
        thresholds = try values.decodeIfPresent([ThresholdPart].self, forKey: .thresholds)
        marks = try values.decodeIfPresent([MarkPart].self, forKey: .marks)
        merged = try values.decodeIfPresent([MergedPart].self, forKey: .merged)
        serverUse = try values.decodeIfPresent(ServerUsePart.self, forKey: .serverUse)
        advice = try values.decodeIfPresent([AdvicePart].self, forKey: .advice)
    }

    public init(_ summary: RunSummary) {
        let identity = summary.identity
        schema = Self.schemaName
        schemaVersion = Self.currentVersion
        run = Run(
            name: identity.run, profile: identity.profile, server: identity.server,
            embeddedServer: identity.isEmbedded, seed: identity.seed,
            agents: identity.agents, shards: identity.shards, startedAt: Self.finite(identity.startedAt),
            tool: identity.tool, machine: identity.machine)
        outcome = Outcome(status: summary.outcome.name)
        outcome.reason = summary.outcome.reason
        passed = summary.hasPassed
        thresholds = summary.thresholds.isEmpty ? nil : summary.thresholds.map(ThresholdPart.init)
        marks = summary.marks.isEmpty ? nil : summary.marks.map { MarkPart(name: $0.name, atSeconds: $0.at.seconds) }
        durationSeconds = summary.duration.seconds
        serverUse = summary.server.map { ServerUsePart($0, summary.counters) }
        run.shard = identity.part.map(ShardPart.init)
        merged = summary.merged.isEmpty ? nil : summary.merged.map(MergedPart.init)
        warnings = summary.warnings.map { WarningPart(rule: $0.rule, message: $0.message, remedy: $0.remedy) }
        availability = summary.counters[.heartbeatsDue] > 0 ? summary.counters.availability : nil
        churn = summary.churn.map(ChurnPart.init)
        steady = summary.steady.map {
            SteadyRates(
                durationSeconds: $0.seconds, reportsPerSecond: Self.finite($0.reportsPerSecond),
                answersPerSecond: Self.finite($0.answersPerSecond))
        }
        verdict = VerdictPart(
            level: summary.verdict.level.name, headline: summary.verdict.headline,
            toolBoundSeconds: Self.finite(summary.toolBoundSeconds), ownShare: Self.ownShare(summary.ownShare),
            findings: summary.verdict.findings.map(FindingPart.init))
        agents = Dictionary(uniqueKeysWithValues: AgentState.allCases.map { ($0.key, summary.states[$0]) })
        health = HealthPart(last: Self.health(summary.health), max: Self.health(summary.healthPeaks))
        counters = Self.counters(summary.counters, where: { !$0.isError })
        errors = [:]
        for counter in Counter.errors {
            guard case .error(let fault) = counter.family else { continue }
            errors[counter.name] = ErrorPart(count: summary.counters[counter], fault: fault.rawValue)
        }
        named = [:]
        for (name, count) in summary.named.sorted { named[name] = count }
        measures = Self.measures(summary.measures)
        phases = summary.phases.map(Self.phase)
        cohorts = summary.cohorts.map(Self.cohort)
        waves = summary.waves.map(Self.wave)
        transitions = summary.transitions.sorted.map { step, count in
            TransitionPart(from: step.from, to: step.to, cause: step.cause, count: count)
        }
        process = ProcessPart(
            cpuSeconds: summary.process.cpu.seconds, meanCpuShare: Self.finite(summary.process.meanCPUShare),
            peakCpuShare: Self.finite(summary.process.peakCPUShare),
            peakResidentBytes: summary.process.peakResidentBytes,
            availableCores: Self.finite(summary.process.availableCores))
        reconciliation = ReconciliationPart(
            serverKnown: summary.reconciliation.isServerKnown, agrees: summary.reconciliation.agrees,
            lines: summary.reconciliation.lines.map {
                LinePart(
                    what: $0.what, tool: $0.tool, server: $0.server, difference: $0.difference, remark: $0.remark)
            })
    }

    private static func health(_ table: HealthTable) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: HealthGrade.allCases.map { ($0.name, table[$0]) })
    }

    private static func phase(_ phase: PhaseSummary) -> PhasePart {
        PhasePart(
            label: phase.label, startSeconds: phase.start.seconds, durationSeconds: phase.length.seconds,
            level: phase.level.name, ownShare: ownShare(phase.ownShare), cpuShare: finite(phase.cpuShare),
            counters: counters(phase.counters, where: { _ in true }), measures: measures(phase.measures),
            findings: phase.findings.map(FindingPart.init))
    }

    private static func cohort(_ cohort: CohortSummary) -> CohortPart {
        CohortPart(
            name: cohort.name, cohorts: cohort.cohorts, agents: cohort.counters[.agentsStarted],
            reports: cohort.counters.reportsSent, answers: cohort.counters[.answersReceived],
            unanswered: cohort.counters[.unanswered], errors: cohort.counters.errors,
            counters: counters(cohort.counters, where: { _ in true }),
            measures: measures([cohort.response, cohort.service]))
    }

    private static func ownShare(_ ownShare: OwnShare?) -> [String: OwnSharePart] {
        let parts = (ownShare?.parts ?? []).map { part in
            let share = OwnSharePart(
                share: finite(part.share), lagMs: part.lag.seconds * 1e3, responseMs: part.figure.seconds * 1e3)
            return (part.name, share)
        }
        return Dictionary(uniqueKeysWithValues: parts)
    }

    private static func wave(_ wave: WaveSummary) -> WavePart {
        var (agents, times): ([String: UInt64], [String: MeasurePart]) = ([:], [:])
        for stage in OfferStage.allCases {
            agents[stage.name] = wave.count(stage)
            times[stage.name] = MeasurePart(wave[stage])
        }
        return WavePart(
            label: wave.wave.label, kind: wave.wave.kind.key, clock: wave.wave.clock.rawValue,
            startSeconds: wave.start.seconds, agents: agents, times: times,
            lastConvergedSeconds: wave.lastConverged?.seconds,
            shareConverged: finite(wave.lastConverged.map { wave.share(of: .converged, by: $0) } ?? 0),
            offer: String(wave.wave.number, radix: 16))
    }

    private static func counters(
        _ table: CounterTable, where isWanted: (Counter) -> Bool
    ) -> [String: UInt64] {
        Dictionary(uniqueKeysWithValues: Counter.allCases.filter(isWanted).map { ($0.name, table[$0]) })
    }

    private static func measures(_ summaries: [MeasureSummary]) -> [String: MeasurePart] {
        Dictionary(uniqueKeysWithValues: summaries.map { ($0.measure.name, MeasurePart($0)) })
    }

    /// JSON knows no infinity.
    static func finite(_ value: Double) -> Double { value.isFinite ? value : 0 }
}
