import AgentModel
import Basis
import Metrics
import Testing

/// Every figure of a run over WebSocket is that of the script, in virtual time.
@Suite("Figures against a scripted server, in virtual time")
struct VirtualTruthTests {
    typealias Script = VirtualTruth.Script

    static func span(_ milliseconds: Int) -> Nanoseconds { .milliseconds(Int64(milliseconds)) }

    @Test("A server that answers after a constant time", arguments: [0, 5, 50, 500])
    func constant(milliseconds: Int) {
        var script = Script()
        script.reactions = { _ in [.answers(after: Self.span(milliseconds))] }
        check(script, "constant \(milliseconds) ms")
    }

    @Test("A server that is slow for one answer in a hundred")
    func bimodal() {
        var script = Script()
        script.duration = .seconds(100)
        script.reactions = { report in
            [.answers(after: (report.heartbeat ?? 0) % 100 == 50 ? .milliseconds(800) : .milliseconds(5))]
        }
        check(script, "1 % at 800 ms, the others at 5 ms")
    }

    @Test("A server that stalls for two seconds of every ten")
    func stalls() {
        var script = Script()
        script.reactions = { report in
            let phase = Nanoseconds(Int64(report.at.nanoseconds % 10_000_000_000))
            return [.answers(after: phase >= .seconds(8) ? .seconds(10) - phase : .milliseconds(5))]
        }
        check(script, "2 s stall every 10 s")
    }

    @Test("Half of the agents are slow")
    func halfSlow() {
        var script = Script()
        script.reactions = { [.answers(after: $0.agent % 2 == 0 ? .milliseconds(5) : .milliseconds(400))] }
        check(script, "half of the agents at 400 ms")
    }

    @Test("A server that is gone for eight seconds")
    func gone() {
        var script = Script(interval: .milliseconds(500))
        script.gone = (Instant.zero + .seconds(10))..<(Instant.zero + .seconds(18))
        script.reactions = { _ in [.answers(after: .milliseconds(1))] }
        let (truth, summary) = check(script, "gone for 8 s")
        #expect(truth.missed.count >= 20 * 15)
        let cell = Cell(name: "gone for 8 s")
        cell.expect(summary.counters, .heartbeatsNotPossible, truth.missed.count)
        cell.expect(summary[.timeWithoutServer], of: truth.withoutServer)
        #expect(truth.withoutServer.count == 20)
    }

    @Test("A server that closes each connection after some messages", arguments: [1, 3, 10])
    func closes(messages: Int) {
        var script = Script()
        script.reactions = { report in
            report.number + 1 == messages
                ? [.answers(after: .milliseconds(5)), .closes(after: .milliseconds(6))]
                : [.answers(after: .milliseconds(5))]
        }
        let (truth, summary) = check(script, "closes after \(messages) messages")
        Cell(name: "closes after \(messages) messages")
            .expect(summary[.timeWithoutServer], of: truth.withoutServer)
    }

    @Test("A server that goes mute and stays so: what it never answered is unanswered, not cut")
    func mute() {
        var script = Script()
        script.duration = .seconds(12)
        script.drain = .seconds(2)
        script.reactions = { report in
            report.at < Instant.zero + .seconds(5) ? [.answers(after: .milliseconds(2))] : []
        }
        let (truth, summary) = check(script, "mute from second 5 of 12")
        let cell = Cell(name: "mute from second 5 of 12")
        cell.expect(summary.counters, .unanswered, truth.heartbeats.count { $0.answered == nil })
        cell.expect(summary.counters, .reportsCut, 0)
        #expect(summary[.heartbeatResponse].text(.p99).hasPrefix("> "))
    }

    @Test("A connection that the server closes with reports under way loses them")
    func lost() {
        var script = Script()
        script.reactions = { report in
            report.number == 5 ? [.closes(after: .milliseconds(300))] : [.answers(after: .milliseconds(5))]
        }
        let (truth, summary) = check(script, "closes with a report under way")
        Cell(name: "closes with a report under way")
            .expect(summary.counters, .answersLost, truth.heartbeats.count { $0.answered == nil })
    }

    @Test("The run cuts connections: reports under way are cut, and count neither for nor against the server")
    func balanceOfNothing() {
        var script = Script()
        script.agents = 3
        script.reactions = { _ in [] }
        script.duration = .seconds(5)
        let (_, summary) = check(script, "no answer at all")
        #expect(summary.counters[.answersReceived] == 0)
        #expect(summary.counters[.heartbeatsUnanswered] == summary.counters[.heartbeats])
    }

    /// Plays a script and compares every figure that the script determines.
    @discardableResult
    private func check(
        _ script: Script, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) -> (truth: VirtualTruth.Truth, summary: RunSummary) {
        let (truth, summary) = VirtualTruth.play(script)
        let (cell, counters) = (Cell(name: name), summary.counters)
        cell.expect(counters, .heartbeatsDue, truth.due, sourceLocation: sourceLocation)
        cell.expect(counters, .heartbeats, truth.heartbeats.count, sourceLocation: sourceLocation)
        let answered = Int(counters[.heartbeatsAnsweredInTime] + counters[.heartbeatsLate])
        #expect(answered == truth.answered, "\(name): answered", sourceLocation: sourceLocation)
        cell.expectBalance(counters, sourceLocation: sourceLocation)
        cell.expect(summary[.heartbeatService], of: truth.service, sourceLocation: sourceLocation)
        cell.expect(summary[.heartbeatResponse], of: truth.response, sourceLocation: sourceLocation)
        return (truth, summary)
    }
}
