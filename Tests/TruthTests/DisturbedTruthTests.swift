import AgentModel
import Basis
import Metrics
import Testing

/// Servers that leave answers out, send some twice, or send messages of their own accord: which message is the answer
/// to which report is then a matter of likelihood. Each figure is right, or its printed range holds the truth.
@Suite("Figures against a server that disturbs the order of answers, in virtual time")
struct DisturbedTruthTests {
    typealias Script = VirtualTruth.Script

    /// Long enough that the fleet's service times are known, and that a figure is not that of a few values.
    private static func script(interval: Nanoseconds = .seconds(1)) -> Script {
        var script = Script(interval: interval)
        script.agents = 50
        script.duration = .seconds(60)
        script.drain = .seconds(12)
        return script
    }

    @Test("One answer in twenty is never given")
    func dropped() {
        var script = Self.script()
        script.reactions = { report in
            guard let beat = report.heartbeat else { return [.answers(after: .milliseconds(20))] }
            return (beat + report.agent) % 20 == 7 ? [] : [.answers(after: .milliseconds(20))]
        }
        check(script, "5 % dropped at 20 ms")
    }

    @Test("One answer in fifty is given twice")
    func doubled() {
        var script = Self.script()
        script.reactions = { report in
            let answer = Reaction.answers(after: .milliseconds(20))
            return ((report.heartbeat ?? 1) + report.agent) % 50 == 7
                ? [answer, .answersAgain(after: .milliseconds(21))] : [answer]
        }
        check(script, "2 % doubled at 20 ms")
    }

    @Test("An offer is pushed while a report waits")
    func pushed() {
        var script = Self.script(interval: .seconds(3))
        script.reactions = { report in
            let answer = Reaction.answers(after: .milliseconds(report.heartbeat == nil ? 1 : 1_500))
            return (report.heartbeat ?? 1) % 5 == 0 ? [.offers(after: .milliseconds(500)), answer] : [answer]
        }
        check(script, "offers pushed at 0.5 s, answers at 1.5 s")
    }

    @Test("Every answer is later than the answer timeout")
    func late() {
        var script = Self.script()
        script.plan.answerTimeout = .seconds(3)
        script.reactions = { [.answers(after: .milliseconds($0.heartbeat == nil ? 1 : 3_500))] }
        let (truth, summary) = check(script, "3.5 s with a timeout of 3 s")
        Cell(name: "3.5 s with a timeout of 3 s").expect(summary.counters, .heartbeatsLate, truth.answered)
    }

    @Test("Answers to several reports come in one burst")
    func coalesced() {
        var script = Self.script(interval: .milliseconds(100))
        script.reactions = { report in
            // The server answers what has gathered every half second.
            let phase = Nanoseconds(Int64(report.at.nanoseconds % 500_000_000))
            return [.answers(after: .milliseconds(500) - phase)]
        }
        check(script, "answers gathered for 0.5 s")
    }

    @discardableResult
    private func check(
        _ script: Script, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) -> (truth: VirtualTruth.Truth, summary: RunSummary) {
        let (truth, summary) = VirtualTruth.play(script)
        let (cell, counters) = (Cell(name: name), summary.counters)
        cell.expect(counters, .heartbeatsDue, truth.due, sourceLocation: sourceLocation)
        cell.expectBalance(counters, sourceLocation: sourceLocation)
        cell.expectBounds(summary[.heartbeatResponse], of: truth.response, sourceLocation: sourceLocation)
        cell.expectBounds(summary[.heartbeatService], of: truth.service, sourceLocation: sourceLocation)
        return (truth, summary)
    }
}
