import Basis
import Metrics
import Testing

@testable import Report

@Suite("Text for people")
struct TextTests {
    static let plan = RunPlan(
        title: SampleRun.plan.title, agents: SampleRun.plan.agents,
        phases: SampleRun.plan.phases.map { RunPlan.Phase($0.label, $0.length) })

    /// The columns a line takes on a terminal.
    static func columns(_ line: String) -> Int {
        line.replacing(/\u{1B}\[[0-9;]*m/, with: "").count
    }

    @Test("No line is wider than the terminal, in colour or without", arguments: [20, 40, 60, 80, 100, 200])
    func linesFit(width: Int) {
        let run = SampleRun.recorded(SampleRun.Options(cpu: 0.97))
        let summary = SampleRun.record(SampleRun.Options(cpu: 0.97)).summary
        for style in [TextStyle.plain, .colour] {
            let frame = LiveFrame.lines(for: run.last, of: Self.plan, width: width, style: style)
            let table = ClosingTable.lines(for: summary, width: width, style: style, results: "results/x")
            for line in frame + table { #expect(Self.columns(line) <= width, "\(line)") }
        }
    }

    @Test("Plain text carries no escape sequence, and colour says the same as plain")
    func plainIsPlain() {
        let summary = SampleRun.record().summary
        let plain = ClosingTable.lines(for: summary, width: 100, style: .plain)
        let coloured = ClosingTable.lines(for: summary, width: 100, style: .colour)
        #expect(plain.allSatisfy { !$0.contains("\u{1B}") })
        #expect(coloured.contains { $0.contains("\u{1B}") })
        func bare(_ line: String) -> String {
            String(line.replacing(/\u{1B}\[[0-9;]*m/, with: "").reversed().drop { $0 == " " }.reversed())
        }
        #expect(coloured.map(bare) == plain)
    }

    @Test(
        "When the tool was the bottleneck, the first line says so; else none does",
        arguments: [(0.3, false), (0.96, true)])
    func saturationComesFirst(cpu: Double, isSaturated: Bool) {
        let options = SampleRun.Options(cpu: cpu)
        let last = SampleRun.recorded(options).last
        let outputs = [
            LiveFrame.lines(for: last, of: Self.plan, width: 100, style: .plain),
            [ProgressLine.line(for: last, of: Self.plan)],
            ClosingTable.lines(for: SampleRun.record(options).summary, width: 100, style: .plain),
        ]
        for lines in outputs {
            #expect(lines.first?.contains("GENERATOR SATURATED") == isSaturated, "\(lines)")
            #expect(lines.contains { $0.contains("GENERATOR SATURATED") } == isSaturated)
        }
    }

    @Test("The live display shows phase, agents, rates, percentiles and errors by name")
    func liveFrame() {
        let run = SampleRun.recorded(SampleRun.Options(seconds: 34))
        let text = LiveFrame.lines(for: run.last, of: Self.plan, width: 120, style: .plain).joined(separator: "\n")
        for part in [
            "storm", "26 %", "4s of 15s", "2,000 of 2,000 connected", "700 reports", "p99.9", "response time",
            "service time", "tool's own delay", "80 connection refused", "28 upgrade: throttled (429/503)",
            "of 2 cores",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
    }

    @Test("Every measure has its line where there is something to show")
    func everyMeasureIsShown() {
        #expect(LiveFrame.measures.count == Measure.allCases.count)
        #expect(Set(LiveFrame.measures) == Set(Measure.allCases))
    }

    @Test("An error-free run says so")
    func noErrors() {
        let options = SampleRun.Options(errors: false)
        let frame = LiveFrame.lines(for: SampleRun.recorded(options).last, of: Self.plan, width: 100, style: .plain)
        #expect(frame.contains { $0.contains("errors") && $0.contains("none") })
        let table = ClosingTable.lines(for: SampleRun.record(options).summary, width: 100, style: .plain)
        #expect(table.contains("  none"))
    }

    @Test("The closing table counts agents apart, lists phases and errors, and flags what the server counted otherwise")
    func closingTable() {
        let lines = ClosingTable.lines(for: SampleRun.record().summary, width: 160, style: .plain)
        let text = lines.joined(separator: "\n")
        for part in [
            "completed after 50s", "2,000 started · 2,000 connected · 2,000 answered · 0 failed · 2,000 reconnects",
            "connection refused", "malformed answer", "close_code_1011", "seed 42",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
        #expect(lines.contains { $0.contains("reports sent") && $0.contains("-3") && $0.contains("lost") })
        #expect(lines.contains { $0.contains("connections opened") && $0.contains("equal") })
        for phase in ["arrival", "steady", "storm", "drain"] {
            #expect(lines.contains { $0.hasPrefix("  \(phase)") }, "\(phase)")
        }
    }

    @Test("A piped run prints one line at a time, without line breaks")
    func progressLine() {
        let line = ProgressLine.line(for: SampleRun.recorded(SampleRun.Options(seconds: 20)).last, of: Self.plan)
        #expect(
            line.hasPrefix(
                "20s steady 50 % | agents 2000/2000 connected | reports 200/s | answers 200/s | response p50"))
        #expect(!line.contains("\n"))
    }

    @Test("A phase without a planned length has no bar, only its time")
    func openEndedPhase() {
        let frame = LiveFrame.lines(for: SampleRun.recorded().last, of: Self.plan, width: 100, style: .plain)
        #expect(frame.contains { $0.contains("drain") && $0.contains("for 5s") && !$0.contains("█") })
        let endless = RunPlan(title: "soak", agents: 1, phases: [])
        #expect(endless.length == nil)
    }

    @Test(
        "A failed or interrupted run says so in its title", arguments: [RunOutcome.interrupted, .failed("no server")])
    func outcomes(outcome: RunOutcome) {
        let record = SampleRun.record(SampleRun.Options(seconds: 2, outcome: outcome))
        let title = ClosingTable.lines(for: record.summary, width: 120, style: .plain).first ?? ""
        #expect(title.contains(outcome == .interrupted ? "interrupted" : "failed, no server"))
    }
}
