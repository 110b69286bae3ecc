import Basis
import Metrics
import OpAMP
import Schema
import Testing

@testable import Fleet

@Suite("Thresholds as text")
struct ThresholdParserTests {
    @Test("A threshold has a figure, a relation and a limit in the figure's unit")
    func plain() throws {
        let response = try ThresholdParser.parse("heartbeat.response.p99 < 250ms")
        #expect(response.metric == .time(.heartbeatResponse, .percentile(99)))
        #expect(response.relation == .below && response.limit == 250e6)
        #expect(response.scope == .run && response.span == .whole && response.abortAfter == nil)
        #expect(try ThresholdParser.parse("availability>=99.9%").limit == 0.999)
        #expect(try ThresholdParser.parse("errors.count <= 0").metric == .errorCount)
        #expect(try ThresholdParser.parse("recovery.last < 90s").metric == .time(.timeWithoutServer, .max))
        #expect(try ThresholdParser.parse("answers_received.per_second > 90/m").limit == 1.5)
        let wave = try ThresholdParser.parse("waves.config.converged.p99.9 < 10s")
        #expect(wave.metric == .wave(.remoteConfig, .converged, .percentile(99.9)))
    }

    @Test("Clauses come in any order")
    func clauses() throws {
        let texts = [
            "heartbeat.service.p99 over 10s < 1s for 95% of windows in phase 'steady #2' abort after 30s",
            "heartbeat_service.p99 over 10s<1s abort after 30s in phase \"steady #2\" for 0.95 of windows",
        ]
        for text in texts {
            let threshold = try ThresholdParser.parse(text)
            #expect(threshold.text == text)
            #expect(threshold.span == .windows(of: .seconds(10), share: 0.95))
            #expect(threshold.scope == .phase("steady #2"))
            #expect(threshold.abortAfter == .seconds(30))
        }
        let connected = try ThresholdParser.parse("agents.connected >= 99.9% within 60s")
        #expect(connected.span == .within(.seconds(60)))
        let cohort = try ThresholdParser.parse("heartbeat.response.max over 5s < 1s in cohort edge")
        #expect(cohort.scope == .cohort("edge") && cohort.span == .windows(of: .seconds(5), share: 1))
    }

    @Test("Every figure that documents name can be written and read")
    func names() {
        for name in ThresholdMetric.names {
            #expect(ThresholdMetric(name) != nil, "\(name)")
            #expect(ThresholdMetric(name.replacing(".", with: "_").replacing("p99_9", with: "p99.9")) != nil, "\(name)")
        }
        #expect(Set(ThresholdMetric.names).count == ThresholdMetric.names.count)
    }

    @Test(
        "What cannot be read is refused with what is wrong",
        arguments: [
            ("hartbeat.response.p99 < 1s", "did you mean 'heartbeat.response.p99'?"),
            ("errors.rat < 1%", "did you mean 'errors.rate'?"),
            ("heartbeat.response.p99 < 250", "250ms"),
            ("heartbeat.response.p99 = 250ms", "wanted <, <=, > or >="),
            ("heartbeat.response.p101 < 1s", "heartbeat.response"),
            ("heartbeat.response.p99 < ", "missing"),
            ("availability > 99", "99%"),
            ("errors.count < 1.5", "whole number"),
            ("heartbeat.response.p99 < 1s over 10s", "before the relation"),
            ("heartbeat.response.p99 < 1s in phase a in phase b", "twice"),
            ("heartbeat.response.p99 < 1s in zone b", "'phase' or 'cohort'"),
            ("heartbeat.response.p99 < 1s within 10s", "agents.connected"),
            ("heartbeat.response.p99 < 1s for 95% of windows", "over 10s"),
            ("agents.connected over 10s > 1%", "no windows"),
            ("agents.connected > 1% in cohort a", "single cohorts"),
            ("heartbeat.response.p99 < 1s for 95%", "of windows"),
            ("heartbeat.response.p99 < 1s abort", "abort after"),
            ("heartbeat.response.p99 < 1s in phase 'a", "not closed"),
            ("heartbeat.response.p99 < 1s and more", "abort after"),
            (String(repeating: "x", count: 401), "401 bytes"), ("", "0 bytes"),
        ])
    func refused(text: String, part: String) {
        do throws(Problem.Kind) {
            let threshold = try ThresholdParser.parse(text)
            Issue.record("'\(text)' is read as \(threshold)")
        } catch {
            #expect(Problem(error).message.contains(part), "\(Problem(error).message)")
        }
    }

    @Test(
        "However a threshold is mangled, it is read with its own text or refused",
        arguments: 1...4 as ClosedRange<UInt64>)
    func mangled(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let pieces = [
            "heartbeat.response.p99", "availability", "agents.connected", "<", ">=", "=", "250ms", "99.9%", "1", "over",
            "10s", "for", "of", "windows", "in", "phase", "cohort", "steady", "'", "\"", "within", "abort", "after",
            " ", "\n", "\u{0}", "🙂", "p99.9", ".", "-1",
        ]
        var read = 0
        for _ in 0..<3_000 {
            var text = "heartbeat.response.p99 < 250ms"
            for _ in 0...random.index(below: 6) {
                let piece = pieces[random.index(below: pieces.count)]
                let at = text.index(text.startIndex, offsetBy: random.index(below: text.count + 1))
                if random.chance(0.5) { text.insert(contentsOf: " \(piece) ", at: at) } else { text += " \(piece)" }
            }
            guard let threshold = try? ThresholdParser.parse(text) else { continue }
            read += 1
            #expect(threshold.text == text)
            #expect(threshold.limit.isFinite && threshold.limit >= 0)
        }
        #expect(read > 0)
    }

    @Test("Names of phases and cohorts are checked against the profile")
    func scopes() {
        func problem(_ text: String) -> String {
            do throws(Problems) {
                _ = try ProfileReader().read(text: text, source: "p")
                return ""
            } catch { return "\(error)" }
        }
        let cohorts = "cohorts: [{name: edge}, {name: core}]\nthresholds: ['availability > 99% in "
        #expect(problem("\(cohorts)cohort edge']") == "")
        #expect(problem("\(cohorts)cohort egde']").contains("did you mean 'edge'?"))
        #expect(problem("\(cohorts)phase steady']") == "")
        #expect(problem("\(cohorts)phase stedy']").contains("did you mean 'steady'?"))
        #expect(problem("thresholds: ['availability > 99% in cohort collector']").contains("one cohort"))
        let storm = "events: [{at: 50%, drop_connections: 100%}]\nthresholds: ['recovery.last < 1m in phase storm']"
        #expect(problem(storm) == "")
    }

    @Test("The command line adds to the thresholds of the profile")
    func overrides() throws {
        let profile = try ProfileReader().read(
            text: "thresholds: [availability > 99%]", source: "p",
            overrides: [.threshold("--threshold", "errors.count <= 0"), .threshold("--threshold", "errors.rate < 1%")])
        #expect(profile.thresholds.map(\.text) == ["availability > 99%", "errors.count <= 0", "errors.rate < 1%"])
    }
}
