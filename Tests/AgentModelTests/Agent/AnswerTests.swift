import Basis
import Matching
import OpAMP
import Testing

@testable import AgentModel

@Suite("Answers (spec: ServerToAgent Message, Retrying Messages)")
struct AnswerTests {
    private func plan(_ seconds: Int64 = 10) -> CohortPlan {
        .with { $0.heartbeat = HeartbeatPlan(interval: .seconds(seconds), phase: .fromConnection) }
    }

    @Test("Answers to reports that overlap are measured once it is likely which report each belongs to")
    func overlap() {
        var script = AgentScript(plan())
        script.run()
        script.pass(.seconds(25))
        #expect(script.agent.outstandingReports == 2)
        script.acknowledge()
        #expect(script.steps.answered.isEmpty)
        #expect(script.agent.outstandingReports == 1)
        script.acknowledge()
        #expect(script.steps.answered.map(\.kind) == [.heartbeat, .heartbeat])
        #expect(script.steps.answered.map(\.responseTime) == [.seconds(15), .seconds(5)])
        #expect(script.agent.outstandingReports == 0)
    }

    @Test("Response time counts from when a report was due, service time from when it was sent")
    func bothTimes() {
        var script = AgentScript(plan())
        script.run()
        script.wakeLate(.seconds(13))
        script.now += .seconds(2)
        script.acknowledge()
        #expect(
            script.steps.answered
                == [AnsweredReport(kind: .heartbeat, responseTime: .seconds(5), serviceTime: .seconds(2))])
    }

    @Test("A message without a request is a push")
    func push() {
        var script = AgentScript()
        script.run()
        script.acknowledge()
        #expect(script.counts(.push) == 1)
        #expect(script.counts(.surplusAnswer) == 1)
        script.receive(ServerToAgent(instanceUID: .uid(script.agent.instanceUID), flags: .reportFullState))
        #expect(script.counts(.push) == 2)
        #expect(script.counts(.surplusAnswer) == 1)
    }

    @Test("An answer after the timeout is late and has its time; a report without one is unanswered in the end")
    func unanswered() {
        var script = AgentScript(.with { $0.answerTimeout = .seconds(5) })
        script.start()
        script.opened()
        script.pass(.seconds(4))
        #expect(script.agent.outstandingReports == 1)
        script.pass(.seconds(2))
        #expect(script.agent.outstandingReports == 0)
        #expect(script.allSteps.unanswered.isEmpty)
        script.acknowledge()
        #expect(script.steps.answered.map(\.isLate) == [true])
        #expect(script.steps.answered.map(\.responseTime) == [.seconds(6)])
        #expect(script.counts(.push) == 0)
        script.pass(.seconds(24 + 11))
        #expect(script.allSteps.unanswered.map(\.cause) == [.timedOut])
        #expect(script.allSteps.unanswered.map(\.kind) == [.heartbeat])
    }

    @Test("An error is no measured answer, and does not count as the answer to the first report")
    func errorAnswer() {
        var script = AgentScript(plan())
        script.run()
        script.pass(.seconds(10))
        script.now += .milliseconds(5)
        script.receive(
            ServerToAgent(
                instanceUID: .uid(script.agent.instanceUID),
                errorResponse: ServerErrorResponse(type: .badRequest)))
        #expect(script.steps.answered.map(\.isRefusal) == [true])
        #expect(script.agent.outstandingReports == 0)
    }

    @Test("A dropped answer does not shift the ones that follow, where the timeout is shorter than the interval")
    func droppedAnswer() {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .seconds(10), phase: .fromConnection)
                $0.answerTimeout = .seconds(5)
            })
        script.run()
        script.pass(.seconds(10))
        script.pass(.seconds(10))
        script.now += .milliseconds(3)
        script.acknowledge()
        #expect(script.steps.answered.map(\.responseTime) == [.milliseconds(3)])
        #expect(script.allSteps.unanswered(.timedOut) == 1)
    }

    @Test("Reports under way when the connection is lost are counted as such")
    func answersLost() {
        var script = AgentScript(plan())
        script.run()
        script.pass(.seconds(25))
        script.lost()
        #expect(script.allSteps.unanswered(.connectionLost) == 2)
        #expect(script.agent.outstandingReports == 0)
    }

    @Test("However far a server is behind, the reports waited for are bounded")
    func bounded() {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .milliseconds(10), phase: .fromConnection)
                $0.answerTimeout = .seconds(1000)
            })
        script.run()
        script.pass(.seconds(50))
        #expect(script.agent.outstandingReports == Matcher.maxReports)
        #expect(script.allSteps.unanswered(.timedOut) == 5_000 - Matcher.maxReports)
    }

    @Test("A message for another agent is not processed (spec: ServerToAgent.instance_uid)")
    func foreign() {
        var script = AgentScript(plan())
        script.run()
        let other = InstanceUID(high: 1, low: 2)
        script.pass(.seconds(10))
        script.receive(ServerToAgent(instanceUID: .uid(other), flags: .reportFullState))
        #expect(script.sent.isEmpty)
        #expect(script.counts(.foreignMessage) == 1)
        #expect(script.steps.answered.isEmpty)
        #expect(script.agent.outstandingReports == 1)
        script.receive(ServerToAgent(instanceUID: .malformed([1, 2, 3]), flags: .reportFullState))
        #expect(script.sent.isEmpty)
        #expect(script.counts(.foreignMessage) == 2)
    }

    @Test(
        "After a new instance uid all reports have it, and the description is sent again (spec: agent_identification)"
    )
    func newInstanceUID() throws {
        var script = AgentScript(plan())
        script.run()
        let former = script.agent.instanceUID
        let given = InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0009)
        script.receive(
            ServerToAgent(
                instanceUID: .uid(former), agentIdentification: AgentIdentification(newInstanceUID: .uid(given))))
        let told = try #require(script.sent.first)
        #expect(told.report.instanceUID == .uid(given))
        let attribute = told.report.agentDescription?.identifyingAttributes.first { $0.key == "service.instance.id" }
        #expect(attribute?.value == .string(given.description))
        // An answer to a report that was under way still bears the former uid.
        script.receive(ServerToAgent(instanceUID: .uid(former)))
        #expect(script.counts(.foreignMessage) == 0)
        #expect(script.pass(.seconds(10)).allSatisfy { $0.report.instanceUID == .uid(given) })
        script.lost()
        script.opened()
        #expect(script.sent.first?.report.instanceUID == .uid(given))
    }

    @Test(
        "A uid that is not 16 bytes, or all zero, is not accepted",
        arguments: [InstanceUIDField.malformed([1]), .uid(InstanceUID(high: 0, low: 0))])
    func badInstanceUID(_ field: InstanceUIDField) {
        var script = AgentScript()
        script.run()
        let former = script.agent.instanceUID
        script.receive(ServerToAgent(agentIdentification: AgentIdentification(newInstanceUID: field)))
        #expect(script.agent.instanceUID == former)
        #expect(script.counts(.badInstanceUIDAssigned) == 1)
        #expect(script.sent.isEmpty)
    }

    @Test(
        "A message that cannot be read closes the connection with the fitting code and is counted",
        arguments: [(MalformedAnswer.header, UInt16(1002)), (.protobuf, 1002), (.text, 1003), (.tooBig, 1009)])
    func malformed(_ what: MalformedAnswer, code: UInt16) {
        var script = AgentScript()
        script.run()
        script.step { $0.receivedMalformed(what, at: $1, &$2) }
        #expect(script.steps.closeCodes == [code])
        #expect(script.counts(.malformedAnswer) == 1)
        script.closed()
        script.pass(.seconds(2))
        #expect(script.agent.state == .connecting)
    }

    @Test("An event that does not fit the state is counted and changes nothing")
    func outOfState() {
        var script = AgentScript()
        script.step { $0.connected(at: $1, &$2) }
        #expect(script.agent.state == .initializing)
        script.receive(ServerToAgent())
        script.lost()
        script.closed()
        #expect(script.counts(.eventOutOfState) == 4)
        #expect(script.sent.isEmpty)
    }

    @Test("In a closed loop every answer is followed by the next report at once")
    func closedLoop() {
        var script = AgentScript(.with { $0.load = .closedLoop(think: .constant(.zero)) })
        script.run()
        for _ in 0..<100 {
            #expect(script.sent.map(\.kind) == [.heartbeat])
            #expect(script.agent.outstandingReports == 1)
            script.now += .milliseconds(1)
            script.acknowledge()
        }
        #expect(script.allSent.count == 102)
    }

    @Test("In a closed loop with time to think the next report waits for it")
    func closedLoopThinking() {
        var script = AgentScript(.with { $0.load = .closedLoop(think: .constant(.milliseconds(250))) })
        script.run()
        #expect(script.sent.isEmpty)
        #expect(script.pass(.seconds(10), acknowledging: true).count == 40)
    }

    @Test("A closed loop continues after a missing answer")
    func closedLoopUnanswered() {
        var script = AgentScript(
            .with {
                $0.load = .closedLoop(think: .constant(.zero))
                $0.answerTimeout = .seconds(2)
            })
        script.run()
        #expect(script.pass(.seconds(6)).count == 3)
        script.pass(.seconds(6))
        #expect(script.allSteps.unanswered(.timedOut) == 2)
    }

    @Test("A report larger than the client's limit is not sent but recorded (spec: WebSocket Message Size Limits)")
    func tooBig() {
        var script = AgentScript(.with { $0.maximumReportBytes = 1000 })
        script.start()
        script.opened()
        #expect(script.sent.isEmpty)
        #expect(script.counts(.reportTooBig) == 1)
    }
}
