import Basis
import ControlPlane
import Metrics
import Report
import Testing

/// A tool that is late must not hide it: what an agent on schedule would have waited counts from due, and the
/// scheduling lag is shown apart.
@Suite("A late tool, in virtual time")
struct LateToolTests {
    static func script(_ lateness: FleetScript.Lateness) -> FleetScript {
        var script = VirtualHonestyTests.script(answering: .constant(.milliseconds(3)))
        script.lateness = lateness
        return script
    }

    @Test(
        "The tool's lateness shows in response time and in its own delay, and never in service time",
        arguments: [Nanoseconds.microseconds(200), .milliseconds(20), .milliseconds(600)])
    func lateness(upTo span: Nanoseconds) {
        let script = Self.script(.drawn(upTo: span, seed: 77))
        let outcome = VirtualFleet.play(script)
        VirtualHonestyTests.expect(outcome, toBe: Forecast(script))
        let summary = outcome.record.summary
        let service = Nanoseconds.milliseconds(3) + script.transit + script.transit
        #expect(summary[.heartbeatService].min == service)
        #expect(summary[.heartbeatService].max == service)
        #expect(summary[.heartbeatResponse].max == service + summary[.schedulingDelay].max)
        #expect(summary[.schedulingDelay].max > span.scaled(by: 0.9))
    }

    @Test("After a pause of the tool every heartbeat that was due is sent, measured from its own due time")
    func standstill() {
        let script = Self.script(.standstill(from: .zero + .milliseconds(10_500), until: .zero + .milliseconds(12_500)))
        let outcome = VirtualFleet.play(script)
        VirtualHonestyTests.expect(outcome, toBe: Forecast(script))
        let summary = outcome.record.summary
        #expect(summary[.heartbeatService].max == .milliseconds(3) + script.transit + script.transit)
        // As long a line as a pause of the server makes: a reader who looked at response time alone could not tell
        // whose fault it was, which is what the scheduling lag and the verdict are for.
        #expect(abs(outcome.record.responses(above: .seconds(1)) - script.agents) <= 2)
        #expect(summary[.schedulingDelay].max > .milliseconds(1_950))
    }

    @Test("When the tool is the bottleneck the verdict says so, and the first line of the closing table with it")
    func bottleneck() throws {
        let summary = VirtualFleet.play(Self.script(.drawn(upTo: .milliseconds(80), seed: 5))).record.summary
        #expect(summary.verdict.isToolBound)
        #expect(summary.toolBoundSeconds > 10)
        for width in [60, 100, 160] {
            let first = try #require(ClosingTable.lines(for: summary, width: width, style: .plain).first)
            #expect(first.hasPrefix(Verdict.headlineStart), "\(width) columns: \(first)")
        }
    }

    @Test(
        "A tool on time is not called the bottleneck, however slow the server is",
        arguments: [Distribution.constant(.milliseconds(1)), .logNormal(median: .milliseconds(900), sigma: 1)])
    func onTime(delay: Distribution) throws {
        var script = VirtualHonestyTests.script(answering: delay)
        script.server.pauses = [Pause(from: .zero + .seconds(9), until: .zero + .seconds(11))]
        script.lateness = .drawn(upTo: .microseconds(95), seed: 5)
        let summary = VirtualFleet.play(script).record.summary
        #expect(summary.verdict.level == .clear)
        #expect(summary.toolBoundSeconds == 0)
        let first = try #require(ClosingTable.lines(for: summary, width: 100, style: .plain).first)
        #expect(!first.contains(Verdict.headlineStart))
    }
}
