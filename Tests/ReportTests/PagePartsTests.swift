import AgentModel
import Basis
import Metrics
import Testing

@testable import Report

/// What the pages are made of.
@Suite("Parts of the pages")
struct PagePartsTests {
    @Test("Three sentences have the figures of the run: who, how long, what went wrong")
    func story() throws {
        let record = SampleRun.record()
        let sentences = RunStory.sentences(record)
        try #require(sentences.count == 3)
        let summary = record.summary
        #expect(sentences[0].contains("2,000 agents connected to ws://127.0.0.1:4320/v1/opamp and sent"))
        #expect(sentences[0].contains("\(Figures.count(summary.counters.reportsSent)) reports in 50s"))
        #expect(sentences[1].contains(summary[.heartbeatResponse].text(.p50)))
        #expect(sentences[1].contains("in phase storm 99 % within"))
        #expect(sentences[2].contains("\(Figures.count(summary.counters.errors)) errors were counted"))
        let calm = RunStory.sentences(SampleRun.record(SampleRun.Options(errors: false)))
        #expect(calm[2] == "No error of any kind was counted.")
        let none = RunRecorder(start: .zero, exchanges: []).record(
            of: SampleRun.identity, outcome: .interrupted, profile: "")
        #expect(RunStory.sentences(none)[0].hasPrefix("No agent has connected"))
    }

    @Test("A time without answers is found where the fleet asked for something, and only there")
    func silences() {
        var rows = SampleRun.record().series
        #expect(ServerSilence.spans(rows) == [])
        for index in 20..<23 { rows[index].counters[.answersReceived] = 0 }
        #expect(ServerSilence.spans(rows) == [ServerSilence(start: rows[20].start, length: .seconds(3))])
        // Nobody asked.
        var quiet = rows
        for index in 20..<23 { quiet[index].counters = CounterTable() }
        #expect(ServerSilence.spans(quiet) == [])
        // Agents that leave need no answer.
        for index in 20..<23 { rows[index].phase = "drain" }
        #expect(ServerSilence.spans(rows) == [])
    }

    @Test("Names above a chart do not cover each other, and what has no room is said", arguments: [1, 5, 20, 60])
    func labels(count: Int) throws {
        let names = (0..<count).map { (at: Double($0) / Double(count), name: "phase number \($0)") }
        let plot = Plot()
        let labels = TimelineLabels(names, in: plot)
        let texts = labels.svg(plot).matches(
            of: /<text class="phase wide" x="([\d.]+)" y="([-\d.]+)">([^<]*)<\/text>/)
        #expect(texts.count == count - labels.dropped)
        #expect(count > 20 || labels.dropped == 0 || count == 20)
        let places = try texts.map { match in
            (try #require(Double(match.1)), match.2, Double(match.3.count) * Plot.characterWidth.screen)
        }
        for (index, one) in places.enumerated() {
            #expect(one.0 >= 0 && one.0 + one.2 <= Plot.width + 0.1)
            for other in places[(index + 1)...] where other.1 == one.1 {
                #expect(one.0 + one.2 <= other.0 + 0.1 || other.0 + other.2 <= one.0 + 0.1)
            }
        }
    }

    @Test(
        "A round figure has no zeros after its point",
        arguments: [
            ("10.0 ms", "10 ms"), ("1.50 s", "1.5 s"), ("100 µs", "100 µs"), ("1,000", "1,000"), ("0", "0"),
            ("2.00", "2"), ("0.05 %", "0.05 %"),
        ])
    func short(text: String, result: String) {
        #expect(Plot.short(text) == result)
    }

    @Test(
        "A coordinate has a tenth where it needs one",
        arguments: [
            (0, "0"), (0.04, "0"), (-0.04, "0"), (0.05, "0.1"), (-0.5, "-0.5"), (7, "7"), (10, "10"), (99.96, "100"),
            (640.25, "640.3"), (-1_234.5, "-1234.5"), (Double.nan, "0"), (1e13, "0"),
        ])
    func coordinate(value: Double, text: String) {
        #expect(Markup.coordinate(value) == text)
    }

    @Test("Text between markup is escaped where it has to be, and otherwise as it is")
    func pageText() {
        var text = PageText()
        text.add("<b>")
        for part in ["a", "<", "µ – 1 s", "\"&'>"] { text.add(escaped: part) }
        text.add(point: 1.25, -3)
        text.add("</b>")
        #expect(text.string == "<b>a&lt;µ – 1 s&quot;&amp;&#39;&gt;1.3 -3</b>")
    }

    @Test("A line is interrupted where values are missing, and a single value is a dot")
    func polyline() {
        let path = Drawing.polyline([(0, 1), (1, 2), nil, (3, 4), nil])
        #expect(path == "M0 1h0L1 2M3 4h0")
    }

    @Test("The axis that ends where it has to has round marks within its ends", arguments: [(-0.12, 0.3), (7.5, 9.9)])
    func between(low: Double, high: Double) {
        let scale = Scale.between(low: low, high: high)
        #expect(scale.position(of: low) == 0 && scale.position(of: high) == 1 && scale.position(of: high + 1) == 1)
        #expect((2...12).contains(scale.ticks.count) && scale.ticks.allSatisfy { $0 >= low && $0 <= high })
        #expect(Scale.between(low: 1, high: 1).position(of: 1) == 0)
    }

    @Test("Every chart has the same figures as a table")
    func tables() {
        let html = ReportPage.html(for: SampleRun.record())
        let figures = html.matches(of: /<figure>[\s\S]*?<\/figure>/)
        #expect(figures.count > 10)
        for figure in figures {
            #expect(figure.output.contains("<details class=\"data\">") && figure.output.contains("<td"))
        }
    }

    @Test(
        "A live page that keeps the intervals and curves of the one before is the page that is made anew",
        arguments: [1, 4, 7])
    func kept(step: Int) {
        // As many rows as are merged for the charts, and more.
        let seconds = SampleRun.record(SampleRun.Options(seconds: 170)).series
        var record = SampleRun.record()
        var drawn = DrawnRows()
        for count in stride(from: 156, through: seconds.count, by: step) {
            record.series = Array(seconds.prefix(count))
            // Some measures have new values, the others rest.
            for index in record.histograms.indices where (index + count).isMultiple(of: 3) {
                let histogram = record.histograms[index].histogram
                record.histograms[index].histogram = histogram.merged(with: histogram)
            }
            var fresh = DrawnRows()
            #expect(LivePage.content(record, &drawn) == LivePage.content(record, &fresh))
        }
    }

    @Test("The live page has the content of the report, and says that the run goes on")
    func live() {
        let record = SampleRun.record()
        var drawn = DrawnRows()
        let content = String(decoding: LivePage.content(record, &drawn), as: UTF8.self)
        #expect(content.contains("running for 50s") && content.contains("have connected"))
        #expect(PageTests.unbalanced(content).isEmpty)
        let fixed = LivePage.frame("<b>", .init(maxAgents: nil, changesPace: false, paceRange: 0.1...10, maxName: 60))
        #expect(!fixed.contains("data-command=\"agents\"") && !fixed.contains("data-command=\"pace\""))
        #expect(fixed.contains("&lt;b&gt;") && fixed.contains("<script>\n\(LivePage.frameScript)\n</script>"))
        // Nothing of the frame is from elsewhere, and it shows no figure before it has asked.
        #expect(!fixed.contains("http://") && !fixed.contains("src="))
    }

    @Test("Pages of comparisons and limits are whole, and text from outside is no markup in them")
    func others() throws {
        let results = SampleResults()
        defer { results.remove() }
        let sides = try results.sides(3, factor: 1.4)
        let comparison = try RunComparison(sides.a, sides.b, margin: 0.05)
        let html = ComparisonPage.html(comparison)
        #expect(PageTests.unbalanced(html).isEmpty)
        #expect(html.contains("verdict failed") && html.contains("WORSE: response p50, response p99"))
        for title in ["Change from A to B", "Response p99", "Response time by percentile", "Heartbeats answered"] {
            #expect(html.contains("<b>\(title)</b>"), "\(title)")
        }
        var trial = LimitDocument.Trial(number: 1, load: 100, seconds: 20)
        (trial.outcome, trial.figure, trial.value) = ("failed", "<i>300 ms</i>", 3e8)
        var document = SamplePages.limitDocument
        document.trials.append(trial)
        let limit = LimitPage.html(document, goal: SamplePages.goal)
        #expect(PageTests.unbalanced(limit).isEmpty && !limit.contains("<i>300"))
        #expect(limit.contains("8,950 … 9,800") && limit.contains("<b>Load against heartbeat.response.p99</b>"))
        // Every trial is a mark: its hint has its number.
        #expect((1...24).allSatisfy { limit.contains("data-h=\"trial \($0):") })
        #expect(limit.contains("<b>Load against throughput</b>") && limit.contains("<li>Knee at "))
    }
}
