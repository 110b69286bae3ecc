import AgentModel
import Basis
import Metrics
import Testing

@testable import Report

@Suite("Report page")
struct PageTests {
    /// The tags of a page that are opened and not closed, or closed and not opened, in order.
    static func unbalanced(_ html: String) -> [String] {
        let void: Set = ["meta", "!doctype"]
        var open: [String] = []
        var odd: [String] = []
        for match in html.matches(of: /<(\/?)([!a-zA-Z0-9]+)[^>]*?(\/?)>/) {
            let name = match.2.lowercased()
            if void.contains(name) || !match.3.isEmpty { continue }
            if match.1.isEmpty {
                open.append(name)
            } else if open.last == name {
                open.removeLast()
            } else {
                odd.append("/" + name)
            }
        }
        return odd + open
    }

    @Test("The page needs nothing but itself")
    func standsAlone() {
        let html = ReportPage.html(for: SampleRun.record())
        for reference in ["<script ", "<link", "<img", "src=", "href=", "@import", "http://", "https://"] {
            #expect(!html.contains(reference), "\(reference)")
        }
        #expect(html.ranges(of: "url(").count == html.ranges(of: "url(#hatch-").count)
    }

    @Test("Lines differ in their dashes and areas in their hatching, so that nothing is said by colour alone")
    func greyPage() {
        let dashes = PageStyle.css.matches(of: /\.line\.[a-k] {[^}]*stroke-dasharray: ([^;]*);/).map(\.1)
        #expect(Set(dashes).count == PageStyle.palette.count)
        let hatches = PageStyle.hatches.matches(of: /class="hatch" d="([^"]*)"/).map(\.1)
        #expect(Set(hatches).count == PageStyle.palette.count)
        let html = ReportPage.html(for: SampleRun.record(SampleRun.Options(cpu: 0.96)))
        #expect(html.contains("high mark at the foot: generator tool-bound"))
        #expect(html.contains("@media print") && html.contains("@media (max-width: 640px)"))
    }

    @Test(
        "Times of day are below the times of the run",
        arguments: [(0.0, "00:00:00"), (1_795_485_480, "01:58:00"), (86_399.7, "00:00:00")])
    func timesOfDay(unix: Double, text: String) {
        #expect(Timeline.timeOfDay(unix) == text)
    }

    @Test("The page says when the run began, and no chart is empty")
    func charts() {
        let html = ReportPage.html(for: SampleRun.record())
        #expect(html.contains("started at 2026-11-24 01:58:00 UTC"))
        #expect(html.contains(">01:58:10</text>"))
        for figure in html.matches(of: /<figure>[\s\S]*?<\/figure>/) {
            let marks = ["line ", "stack", "heat ", "whisker"].filter { figure.output.contains("class=\"\($0)") }
            #expect(!marks.isEmpty)
        }
        // Nothing happened but the arrival of agents: no chart of what did not happen.
        let short = ReportPage.html(for: SampleRun.record(SampleRun.Options(seconds: 1)))
        #expect(!short.contains(">Response time<") && !short.contains(">Share converged<"))
    }

    @Test("Every tag is closed where it was opened", arguments: [1, 3, 50])
    func tagsBalance(seconds: Int) {
        let html = ReportPage.html(for: SampleRun.record(SampleRun.Options(seconds: seconds)))
        #expect(Self.unbalanced(html).isEmpty)
        #expect(Self.unbalanced("<p><b></p>") == ["/p", "p", "b"])
    }

    @Test("Text from outside cannot become markup")
    func textIsEscaped() {
        var record = SampleRun.record()
        let hostile = "<b>\"x\" & 'y'</b>"
        record.summary.identity.server = hostile
        record.summary.identity.profile = hostile
        record.summary.identity.machine = hostile
        record.summary.outcome = .failed(hostile)
        record.summary.phases[0].label = hostile
        record.summary.named.count(hostile)
        record.profile = hostile
        for index in record.series.indices { record.series[index].phase = hostile }
        let html = ReportPage.html(for: record)
        #expect(!html.contains("<b>\"x\""))
        #expect(html.contains("&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt;"))
        #expect(Self.unbalanced(html).isEmpty)
    }

    @Test("The verdict is before the title; when the tool was the bottleneck it says so", arguments: [0.3, 0.96])
    func verdictComesFirst(cpu: Double) throws {
        let html = ReportPage.html(for: SampleRun.record(SampleRun.Options(cpu: cpu)))
        let verdict = try #require(html.firstRange(of: "<div class=\"verdict"))
        let title = try #require(html.firstRange(of: "<h1>"))
        #expect(verdict.lowerBound < title.lowerBound)
        #expect(html.contains(Verdict.headlineStart) == (cpu > 0.9))
        #expect(html.contains("rect class=\"tool-bound\"") == (cpu > 0.9))
    }

    @Test("Every state of agents is drawn, each in a colour of its own that the page knows")
    func everyStateIsDrawn() {
        #expect(PageCharts.stateColours.count == AgentState.allCases.count)
        #expect(Set(PageCharts.stateColours.map(\.state)) == Set(AgentState.allCases))
        let colours = PageCharts.stateColours.map(\.colour)
        #expect(Set(colours).count == colours.count && Set(colours).isSubset(of: PageStyle.palette))
    }

    @Test("A run in which nothing was measured still has a page")
    func emptyRun() {
        let recorder = RunRecorder(start: .zero, exchanges: [])
        let html = ReportPage.html(for: recorder.record(of: SampleRun.identity, outcome: .interrupted, profile: ""))
        #expect(html.contains("interrupted"))
        #expect(!html.contains("<svg"))
        #expect(Self.unbalanced(html).isEmpty)
    }

    @Test(
        "Linear axes end on a round number at or above the greatest value",
        arguments: [(0.0, 1.0), (0.3, 0.3), (1, 1), (7, 8), (99, 100), (101, 150), (2000, 2000), (2001, 3000)])
    func linearScales(value: Double, top: Double) {
        let scale = Scale.linear(reaching: value)
        #expect(abs((scale.ticks.last ?? 0) - top) < 1e-9, "\(scale)")
        #expect(scale.position(of: value) <= 1)
    }

    @Test("Logarithmic axes cover their values in whole decades; what lies outside stays at the edge")
    func logarithmicScales() {
        let scale = Scale.logarithmic(around: [0.00035, 0.08, 0, .infinity])
        #expect(abs(scale.position(of: 0.0001)) < 1e-9)
        #expect(abs(scale.position(of: 0.1) - 1) < 1e-9)
        #expect(scale.position(of: 0) == 0)
        #expect(scale.position(of: 5) == 1)
        #expect(scale.ticks.count == 4)
        #expect(Scale.logarithmic(around: [1]).ticks.count > 1)
        #expect(Scale.logarithmic(around: []).ticks.count > 1)
    }

    @Test("Moments along a run are round, and few", arguments: [0.0, 0.5, 20, 61, 3600, 86_400, 8_640_000])
    func moments(seconds: Double) {
        let moments = Scale.moments(upTo: seconds)
        #expect(moments.first == 0)
        #expect(moments.count <= 9)
        #expect(moments.allSatisfy { $0 <= seconds })
    }

    @Test("Condensed rows include every second and every value", arguments: [1, 2, 7, 49, 50, 51, 1000])
    func condensed(count: Int) {
        let rows = SampleRun.record().series
        let condensed = Series.condensed(rows, to: count)
        #expect(condensed.count <= count)
        #expect(condensed.reduce(.zero) { $0 + $1.length } == rows.reduce(.zero) { $0 + $1.length })
        #expect(
            condensed.reduce(0) { $0 + $1.summary(of: .connect).count }
                == rows.reduce(0) { $0 + $1.summary(of: .connect).count })
    }
}
