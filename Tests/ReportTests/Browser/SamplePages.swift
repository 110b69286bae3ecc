import Basis
import Foundation
import Rollout
import Simulation
import Testing

@testable import Metrics
@testable import Report
@testable import Statistics

/// The pages that are looked at in a browser: each kind, and one with more names than there is room for.
enum SamplePages: String, CaseIterable, CustomTestStringConvertible {
    case report, crowded, live, comparison, single, limit, rehearsal

    var testDescription: String { rawValue }

    func html() throws -> String {
        switch self {
        case .report: return ReportPage.html(for: SampleRun.record())
        case .crowded: return ReportPage.html(for: Self.crowdedRun)
        case .live:
            let frame = LivePage.frame(
                "a run", .init(maxAgents: 2_000, changesPace: true, paceRange: 0.1...10, maxName: 60))
            var drawn = DrawnRows()
            let content = String(decoding: LivePage.content(SampleRun.record(), &drawn), as: UTF8.self)
            return frame.replacing("<div id=\"content\"></div>", with: "<div id=\"content\">\(content)</div>")
                // There is no run to ask.
                .replacing("refresh();\n", with: "\n")
        case .comparison: return try Self.comparison(runs: 3)
        case .single: return try Self.comparison(runs: 1)
        case .limit: return LimitPage.html(Self.limitDocument, goal: Self.goal)
        case .rehearsal:
            let path =
                #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
                + "/profiles/rollouts/slow-poison.yaml"
            let plan = try RolloutPlan.read(try Files.read(path, limit: 1 << 20), source: path)
            var rehearsal = Rehearsal(plan)
            rehearsal.stopsWithRollouts = true
            return RehearsalPage.html(
                RehearsalSummary(plan, seed: plan.seed, rehearsal.run()), command: "muster rehearse")
        }
    }

    /// Many short phases and marks with long names, several cohorts, and a server that gives no answer for a while.
    private static let crowdedRun: RunRecord = {
        var record = SampleRun.record()
        for index in record.series.indices {
            record.series[index].phase = index < 8 ? "arrival" : "rolling-restart of zone \(index / 3)"
            if (20..<24).contains(index) {
                record.series[index].counters[.answersReceived] = 0
            }
        }
        record.summary.marks = (0..<12).map {
            RunMark(at: .seconds(Int64($0 * 4)), name: "deployment number \($0) of the server begins")
        }
        let response = record.summary[.heartbeatResponse]
        record.summary.cohorts = ["small", "an-agent-with-a-rather-long-name-of-its-own", "gateway"].map { name in
            CohortSummary(
                name: name, cohorts: 1, counters: record.summary.counters, response: response, service: response)
        }
        return record
    }()

    private static func comparison(runs: Int) throws -> String {
        let results = SampleResults()
        defer { results.remove() }
        let sides = try results.sides(runs, factor: 1.2)
        return ComparisonPage.html(try RunComparison(sides.a, sides.b, margin: 0.05))
    }

    static let goal = Threshold(
        text: "heartbeat.response.p99 < 100ms", metric: .time(.heartbeatResponse, .percentile(99)), relation: .below,
        limit: 1e8)

    static let limitDocument: LimitDocument = {
        let result = LimitSearch.Result(
            ending: .narrow, limit: 9_347, interval: 8_951...9_804, trials: 24, highestPassed: 9_400)
        var random = SeededRandom(seed: 5)
        let trials = (1...24).map { number in
            let load = number < 4 ? 1_000 * Double(number) : 7_500 + 4_000 * random.unit()
            var trial = LimitDocument.Trial(number: number, load: load, seconds: 20)
            let passed = load < 9_347 + 400 * (random.unit() - 0.5)
            trial.outcome = number == 7 ? "not_decided" : passed ? "passed" : "failed"
            trial.value = number == 7 ? nil : (passed ? 4e7 : 2e8) * (0.5 + random.unit())
            trial.figure = trial.value.map { Figures.duration(Nanoseconds(Int64($0))) } ?? "the tool was the bottleneck"
            let law = load / 30 / (1 + 2e-5 * load + 5e-9 * load * load) * (0.98 + 0.04 * random.unit())
            if number != 7 { (trial.throughput, trial.messages) = (law, UInt64(law * 20)) }
            return trial
        }
        return LimitDocument(
            load: "agents", goal: goal.text, trialSeconds: 20, result: result, trials: trials, seconds: 700)
    }()
}
