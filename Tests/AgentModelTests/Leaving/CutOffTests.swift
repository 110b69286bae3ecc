import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("Agents that are cut off from their server for a while")
struct CutOffTests {
    private static func script() -> AgentScript {
        AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .seconds(5), phase: .fromConnection)
                $0.answerTimeout = .seconds(3)
            })
    }

    /// A running agent whose answers take 20 ms.
    private static func running() -> AgentScript {
        var script = script()
        script.run()
        for _ in 0..<4 {
            script.pass(.milliseconds(4_980))
            script.pass(.milliseconds(20))
            script.acknowledge()
        }
        return script
    }

    @Test("However long that lasts, no report is given up, and each gets its own answer afterwards")
    func resumes() {
        var script = Self.running()
        let before = script.allSteps.answered.count
        script.step { $0.cutOff(at: $1, &$2) }
        let sent = script.pass(.seconds(60))
        #expect(sent.count == 12)
        #expect(script.allSteps.unanswered.isEmpty)
        script.step { $0.endCutOff(at: $1, &$2) }
        let end = script.now
        for _ in sent {
            script.now += .milliseconds(1)
            script.acknowledge()
        }
        script.pass(.seconds(60), acknowledging: true)
        let answered = script.allSteps.answered.dropFirst(before).prefix(sent.count)
        #expect(answered.map(\.kind) == sent.map(\.kind))
        for (number, answer) in answered.enumerated() {
            let truth = end - sent[number].dueAt + .milliseconds(Int64(number + 1))
            #expect(answer.responseTime == truth && answer.serviceTime == truth)
            #expect(answer.isLate == (truth >= .seconds(3)))
        }
        #expect(script.counts(.push) == 0 && script.allSteps.unanswered.isEmpty)
    }

    @Test("A report that was sent before gets its answer afterwards, too")
    func underWay() {
        var script = Self.running()
        let before = script.allSteps.answered.count
        #expect(script.pass(.seconds(5)).count == 1)
        script.step { $0.cutOff(at: $1, &$2) }
        let sent = script.pass(.seconds(30))
        script.step { $0.endCutOff(at: $1, &$2) }
        for _ in 0...sent.count { script.acknowledge() }
        script.pass(.seconds(60), acknowledging: true)
        #expect(script.allSteps.answered.count >= before + 1 + sent.count)
        #expect(script.allSteps.answered[before].responseTime == .seconds(30))
        #expect(script.counts(.push) == 0 && script.allSteps.unanswered.isEmpty)
    }

    @Test("A report that ends meanwhile is withheld, unless its answer was overdue before")
    func ends() {
        var script = Self.running()
        script.pass(.seconds(5))
        script.pass(.seconds(4))
        // That one is overdue now.
        script.step { $0.cutOff(at: $1, &$2) }
        #expect(script.pass(.seconds(11)).count == 3)
        script.lost(.idle)
        #expect(script.allSteps.unanswered(.timedOut) == 1)
        #expect(script.allSteps.unanswered(.withheld) == 3)
        #expect(script.allSteps.unanswered(.connectionLost) == 0)
    }

    @Test("What the server does not answer afterwards is unanswered")
    func unansweredAfterwards() {
        var script = Self.running()
        script.step { $0.cutOff(at: $1, &$2) }
        let sent = script.pass(.seconds(30))
        script.step { $0.endCutOff(at: $1, &$2) }
        script.pass(.seconds(60))
        #expect(script.allSteps.unanswered(.timedOut) >= sent.count)
        #expect(script.allSteps.unanswered(.withheld) == 0)
    }
}
