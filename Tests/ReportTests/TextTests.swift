import Basis
import Testing

@testable import Metrics
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

    @Test("What the profile asks for is no error: faults, and configurations that steer agents")
    func askedFor() {
        var summary = SampleRun.record(SampleRun.Options(errors: false)).summary
        for name in ["steered", "fault_chats"] { summary.named.count(name, 7) }
        let lines = ClosingTable.lines(for: summary, width: nil, style: .plain)
        #expect(lines.contains("  none"))
        #expect(lines.contains { $0.hasPrefix("  steered ") } && lines.contains { $0.hasPrefix("  chats ") })
        #expect(PageTables.errors(summary).contains("None of any kind"))
    }

    @Test("The closing table counts agents apart, lists phases and errors, and flags what the server counted otherwise")
    func closingTable() throws {
        let lines = ClosingTable.lines(for: SampleRun.record().summary, width: 160, style: .plain)
        let text = lines.joined(separator: "\n")
        for part in [
            "completed after 50s", "2,000 started · 2,000 connected · 2,000 answered · 0 failed · 2,000 reconnects",
            "connection refused", "malformed answer", "close_code_1011", "seed 42",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
        let differing = try #require(lines.firstIndex { $0.contains("reports sent") && $0.hasSuffix("-3") })
        #expect(lines[differing + 1].contains("lost"))
        #expect(lines.contains { $0.contains("connections opened") && $0.contains("equal") })
        for phase in ["arrival", "steady", "storm", "drain"] {
            #expect(lines.contains { $0.hasPrefix("  \(phase)") }, "\(phase)")
        }
    }

    @Test("Without a terminal nothing is cut off, and prose keeps a readable width")
    func nothingIsCut() {
        let summary = SampleRun.record(SampleRun.Options(cpu: 0.96)).summary
        let lines = ClosingTable.lines(for: summary, width: nil, style: .plain)
        #expect(!lines.contains { $0.contains("…") }, "\(lines)")
        #expect(lines.contains { $0.contains("reports/s") && $0.contains("CPU") && $0.contains("tool") })
        #expect(lines.contains { $0.contains("remedy") || $0.count > 60 })
        let remedies = lines.drop { $0 != "what speaks against these figures" }
        #expect(remedies.count > 1 && remedies.allSatisfy { $0.count <= 104 }, "\(remedies)")
    }

    @Test("On a narrow terminal the verdict of each phase stays, and figures go on below", arguments: [80, 100])
    func narrow(width: Int) throws {
        let lines = ClosingTable.lines(for: SampleRun.record().summary, width: width, style: .plain)
        let header = try #require(lines.first { $0.contains("reports/s") && $0.contains("errors") })
        #expect(header.hasSuffix("tool"), "\(header)")
        for phase in ["arrival", "steady", "storm", "drain"] {
            #expect(lines.contains { $0.hasPrefix("  \(phase)") && !$0.contains("…") }, "\(phase)")
        }
        let sent = try #require(lines.firstIndex { $0.hasPrefix("  reports ") })
        #expect(lines[sent...(sent + 1)].contains { $0.contains("agent_disconnects") })
        #expect(lines.contains { $0 == "    lost with their connections, or still on their way at the end" })
    }

    @Test("Illness has a line of its own, live and at the end; a healthy fleet has none")
    func health() {
        let ill = SampleRun.recorded(SampleRun.Options(seconds: 34, ailing: 30))
        let frame = LiveFrame.lines(for: ill.last, of: Self.plan, width: 100, style: .plain)
        #expect(frame.contains(" health   1,980 healthy  ·  0 degraded  ·  20 unhealthy"), "\(frame)")
        let table = ClosingTable.lines(for: ill.record.summary, width: nil, style: .plain)
        let expected =
            "  health    at the end · 1,980 healthy · 0 degraded · 20 unhealthy · at most 10 degraded at once"
            + " · at most 20 unhealthy at once"
        #expect(table.contains(expected), "\(table)")
        let well = SampleRun.recorded()
        #expect(
            !ClosingTable.lines(for: well.record.summary, width: 100, style: .plain).contains { $0.contains("health ") }
        )
        #expect(
            !LiveFrame.lines(for: well.last, of: Self.plan, width: 100, style: .plain).contains {
                $0.contains("health ")
            })
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
