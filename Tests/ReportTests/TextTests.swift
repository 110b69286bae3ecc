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
    func toolBoundComesFirst(cpu: Double, isToolBound: Bool) {
        let options = SampleRun.Options(cpu: cpu)
        let last = SampleRun.recorded(options).last
        let outputs = [
            LiveFrame.lines(for: last, of: Self.plan, width: 100, style: .plain),
            [ProgressLine.line(for: last, of: Self.plan)],
            ClosingTable.lines(for: SampleRun.record(options).summary, width: 100, style: .plain),
        ]
        for lines in outputs {
            #expect(lines.first?.contains(Verdict.headlineStart) == isToolBound, "\(lines)")
            #expect(lines.contains { $0.contains(Verdict.headlineStart) } == isToolBound)
        }
    }

    @Test("The live display shows phase, agents, rates, percentiles and errors by name")
    func liveFrame() {
        let run = SampleRun.recorded(SampleRun.Options(seconds: 34))
        let text = LiveFrame.lines(for: run.last, of: Self.plan, width: 120, style: .plain).joined(separator: "\n")
        for part in [
            "storm", "26 %", "4s of 15s", "2,000 of 2,000 connected", "700 reports", "p99.9", "response time",
            "service time", "scheduling lag", "80 connection refused", "28 upgrade: throttled (429/503)",
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

    @Test("Injected faults, and configurations that control agents, are not errors")
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
            "completed after 50s",
            "2,000 started · 2,000 connected · 2,000 answered · 0 never answered · 2,000 reconnects",
            "connection refused", "malformed answer", "close_code_1011", "seed 42",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
        let differing = try #require(lines.firstIndex { $0.contains("reports sent") && $0.hasSuffix("-3") })
        #expect(lines[differing + 1].contains("agent_disconnects"))
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
        #expect(lines.contains { $0.contains("reports/s") && $0.contains("CPU") && $0.contains("verdict") })
        #expect(lines.contains { $0.contains("remedy") || $0.count > 60 })
        let remedies = lines.drop { $0 != "warnings about these results" }
        #expect(remedies.count > 1 && remedies.allSatisfy { $0.count <= 104 }, "\(remedies)")
    }

    /// The column headings of the table below a section's title.
    private static func columns(_ title: String, _ lines: [String]) -> Set<String> {
        let section = lines.drop { $0 != title }.dropFirst().prefix { !$0.isEmpty }
        return Set(section.flatMap { $0.split(separator: "  ").map { $0.trimmingPrefix { $0 == " " }.description } })
    }

    @Test("On a narrow terminal no table loses a column, and nothing is cut off", arguments: [80, 100])
    func narrow(width: Int) throws {
        let summary = SampleRun.record().summary
        let lines = ClosingTable.lines(for: summary, width: width, style: .plain)
        #expect(!lines.contains { $0.contains("…") }, "\(lines)")
        let wide = ClosingTable.lines(for: summary, width: nil, style: .plain)
        for (title, header) in [
            ("latencies", ["count", "min", "mean", "p50", "p90", "p99", "p99.9", "max"]),
            (
                "phases",
                [
                    "length", "reports/s", "reconnects", "errors", "response p50", "p99", "max", "CPU", "own share p50",
                    "verdict",
                ]
            ),
            ("errors", ["count", "caused by"]),
        ] {
            for column in header {
                #expect(Self.columns(title, wide).contains(column), "\(title): \(column)")
                #expect(Self.columns(title, lines).contains(column), "\(title): \(column)\n\(lines)")
            }
        }
        let meaning = Counter.connectRefused.summary.split(separator: " ").prefix(3).joined(separator: " ")
        #expect(lines.contains { $0.contains(meaning) })
        for phase in ["arrival", "steady", "storm", "drain"] {
            #expect(lines.contains { $0.hasPrefix("  \(phase)") && !$0.contains("…") }, "\(phase)")
        }
        let sent = try #require(lines.firstIndex { $0.hasPrefix("  reports ") })
        #expect(lines[sent...(sent + 1)].contains { $0.contains("agent_disconnects") })
        #expect(lines.contains { $0 == "    of the reports sent 3 agent_disconnects have no answer" })
    }

    @Test("Health has a separate line, live and at the end, unless all agents are healthy")
    func health() {
        let ill = SampleRun.recorded(SampleRun.Options(seconds: 34, ailing: 30))
        let frame = LiveFrame.lines(for: ill.last, of: Self.plan, width: 100, style: .plain)
        #expect(frame.contains(" health    1,980 healthy  ·  0 degraded  ·  20 unhealthy"), "\(frame)")
        let table = ClosingTable.lines(for: ill.record.summary, width: nil, style: .plain)
        let expected =
            """
              health       at the end · 1,980 healthy · 0 degraded · 20 unhealthy · peak 10 degraded · peak 20 \
            unhealthy
            """
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
        let lines = ClosingTable.lines(for: record.summary, width: 120, style: .plain)
        #expect(lines[0].contains(outcome == .interrupted ? "interrupted" : "failed"))
        #expect(lines.contains("reason: no server") == (outcome != .interrupted))
    }

    @Test("What became of a run is never cut off", arguments: [40, 60, 80])
    func outcomeIsWhole(width: Int) {
        let lines = ClosingTable.lines(for: SampleRun.record().summary, width: width, style: .plain)
        #expect(lines.prefix(2).contains { $0.hasSuffix("completed after 50s") }, "\(lines.prefix(2))")
    }

    @Test("The headline rate is that of the steady part, where there was one")
    func headlineRate() throws {
        let summary = SampleRun.record().summary
        // 200 heartbeats a second, which neither arrival nor storm nor drain dilute.
        let steady = try #require(summary.steady)
        #expect(abs(steady.reportsPerSecond - 200) < 1 && abs(steady.seconds - 20) < 0.01)
        func reports(_ summary: RunSummary) -> String? {
            ClosingTable.lines(for: summary, width: nil, style: .plain).first { $0.hasPrefix("  reports ") }
        }
        #expect(reports(summary)?.contains(" · 200/s when steady · ") == true)
        let short = SampleRun.record(SampleRun.Options(seconds: 5)).summary
        #expect(short.steady == nil && reports(short)?.contains("/s on average") == true)
    }

    @Test("Names that are no errors have a section of their own, and the errors of a run without errors are none")
    func otherEvents() {
        var summary = SampleRun.record(SampleRun.Options(errors: false)).summary
        summary.named.count("slow_reading_over_pool", 3)
        let lines = ClosingTable.lines(for: summary, width: 80, style: .plain)
        #expect(lines.contains("  none"))
        #expect(
            lines.drop { $0 != "events without a counter of their own" }.contains {
                $0.contains("slow_reading_over_pool")
            })
        #expect(
            !lines.prefix { $0 != "events without a counter of their own" }.contains { $0.contains("slow_reading") })
        let html = ReportPage.html(for: SampleRun.record())
        #expect(
            html.contains("Events without a counter of their own")
                && !PageTables.errors(summary).contains("slow_reading"))
    }

    @Test("The embedded server is named in every output, and warnings are as well")
    func embeddedServer() throws {
        var record = SampleRun.record()
        record.summary.identity.isEmbedded = true
        record.summary.warnings = [
            RunWarning(rule: "skipped-event", message: "an event was skipped", remedy: "do it there")
        ]
        let lines = ClosingTable.lines(for: record.summary, width: 80, style: .plain)
        #expect(lines.contains { $0.contains("(embedded server)") })
        #expect(lines.contains("  - an event was skipped; do it there"))
        let html = ReportPage.html(for: record)
        #expect(html.contains("(embedded server)") && html.contains("an event was skipped; do it there"))
        let document = SummaryDocument(record.summary)
        #expect(document.run.embeddedServer == true)
        #expect(
            document.warnings == [.init(rule: "skipped-event", message: "an event was skipped", remedy: "do it there")])
        #expect(try SummaryDocument(json: document.json()) == document)
    }
}
