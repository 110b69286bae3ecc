import Basis
import ControlPlane
import OpAMP
import Testing

@Suite("Status reports and what they are answered")
struct StatusReportingTests {
    let uid = InstanceUID.number(7)

    @Test("Every report is answered, under the uid of the report (spec: Status Reporting, ServerToAgent.instance_uid)")
    func everyReportIsAnswered() {
        var server = Rehearsal()
        let id = server.connect()
        for report in [AgentToServer.full(uid, 1), .heartbeat(uid, 2), .agentDisconnect(uid, 3)] {
            #expect(server.send(report, over: id).answer?.instanceUID == .uid(uid))
        }
        #expect(server.counts.reports == 3)
        #expect(server.counts.answers == 3)
    }

    @Test(
        "Only the first answer on a connection has the server's capabilities (spec: ServerToAgent.capabilities)"
    )
    func firstAnswerGreets() {
        var plan = ServerPlan()
        plan.capabilities = [.offersPackages]
        plan.customCapabilities = ["io.opentelemetry.pause"]
        var server = Rehearsal(plan)
        let id = server.connect()
        let first = server.send(.full(uid, 1), over: id).answer
        #expect(first?.capabilities == [.acceptsStatus, .offersPackages])
        #expect(first?.customCapabilities?.capabilities == ["io.opentelemetry.pause"])
        #expect(server.send(.heartbeat(uid, 2), over: id).answer == ServerToAgent(instanceUID: .uid(uid)))
        _ = server.close(id)
        let next = server.connect()
        #expect(server.send(.heartbeat(uid, 3), over: next).answer?.capabilities == [.acceptsStatus, .offersPackages])
    }

    @Test("An acknowledgement sets nothing but the uid (spec: ServerToAgent Message)")
    func acknowledgementIsBare() {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, 1), over: id)
        let outcome = server.send(.heartbeat(uid, 2), over: id)
        #expect(outcome.sent.first?.kind == .acknowledgement)
        #expect(server.effects.bytes == ServerToAgent(instanceUID: .uid(uid)).encoded())
    }

    @Test(
        "A gap in the sequence numbers is answered with ReportFullState (spec: Agent Status Compression)",
        arguments: [2, 3, 100, UInt64.max - 1, UInt64.max])
    func gapAsksForFullState(gap: UInt64) {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, 7), over: id)
        #expect(server.send(.heartbeat(uid, 7 &+ gap), over: id).answer?.flags == [.reportFullState])
        #expect(server.counts.gaps == 1)
        #expect(server.send(.full(uid, 8 &+ gap), over: id).answer?.flags == [])
        #expect(server.send(.heartbeat(uid, 9 &+ gap), over: id).answer?.flags == [])
    }

    @Test("The number after the largest is zero, which is no gap (spec: AgentToServer.sequence_num)")
    func sequenceNumbersWrap() {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, .max), over: id)
        #expect(server.send(.heartbeat(uid, 0), over: id).answer?.flags == [])
        #expect(server.counts.gaps == 0)
    }

    @Test("A full report with a gap needs no further one (spec: Agent Status Compression)")
    func fullReportClosesItsOwnGap() {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, 1), over: id)
        #expect(server.send(.full(uid, 9), over: id).answer?.flags == [])
        #expect(server.counts.gaps == 1)
    }

    @Test(
        "A report that leaves out a part that the agent declares is not full (spec: Agent Status Compression)",
        arguments: [
            AgentCapabilities.reportsHealth, .reportsEffectiveConfig, .reportsRemoteConfig, .reportsPackageStatuses,
        ])
    func declaredPartsBelongToTheFullState(capability: AgentCapabilities) {
        var server = Rehearsal()
        let id = server.connect()
        var report = AgentToServer.full(uid, 1, [.reportsStatus, capability])
        report.health = nil
        report.effectiveConfig = nil
        report.remoteConfigStatus = nil
        report.packageStatuses = nil
        #expect(server.send(report, over: id).answer?.flags == [.reportFullState])
    }

    @Test(
        "An unknown agent that reports a part of its state is asked for all (spec: Agent Status Compression)"
    )
    func unknownAgentIsAsked() {
        var server = Rehearsal()
        let id = server.connect()
        #expect(server.send(.heartbeat(uid, 40), over: id).answer?.flags == [.reportFullState])
        #expect(server.counts.gaps == 0)
        #expect(server.counts.fullStateRequests == 1)
    }

    @Test("The same message twice is answered twice (spec: Retrying Messages)")
    func repeatsAreAnswered() {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, 1), over: id)
        #expect(server.send(.full(uid, 1), over: id).answer?.instanceUID == .uid(uid))
        #expect(server.counts.repeats == 1)
        #expect(server.counts.gaps == 0)
    }

    @Test(
        "A report with only the uid is a heartbeat without a number (spec: Plain HTTP Transport)"
    )
    func bareHeartbeatIsNoGap() {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, 5), over: id)
        #expect(server.send(AgentToServer(instanceUID: .uid(uid)), over: id).answer?.flags == [])
        #expect(server.send(.heartbeat(uid, 6), over: id).answer?.flags == [])
        #expect(server.counts.gaps == 0)
    }

    @Test("An agent that cannot give its full state is asked three times, not for ever")
    func askingEnds() {
        var server = Rehearsal()
        let id = server.connect()
        let asked = (1...10).filter { number in
            server.send(.heartbeat(uid, UInt64(number)), over: id).answer?.flags == [.reportFullState]
        }
        #expect(asked == [1, 2, 3])
    }

    @Test("An agent that connects again with the next number need not repeat its state (spec: Status Reporting)")
    func returningAgentIsKnown() {
        var server = Rehearsal()
        let first = server.connect()
        _ = server.send(.full(uid, 1), over: first)
        _ = server.close(first)
        #expect(server.counts.agentsLost == 1)
        let second = server.connect()
        #expect(server.send(.heartbeat(uid, 2), over: second).answer?.flags == [])
        #expect(server.counts.agentsKnown == 1)
        #expect(server.counts.agentsReturned == 1)
    }

    @Test(
        "After agent_disconnect an agent has left, also before its connection ends (spec: Closing Connection)"
    )
    func agentDisconnect() {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, 1), over: id)
        #expect(server.counts.agentsConnected == 1)
        _ = server.send(.agentDisconnect(uid, 2), over: id)
        #expect(server.counts.agentsConnected == 0)
        _ = server.close(id, .clean)
        #expect(server.counts.agentDisconnects == 1)
        #expect(server.counts.agentsLost == 0)
        #expect(server.counts.connectionsClosed == 1)
    }

    @Test(
        "Agents on one connection are distinguished by uid (spec: ServerToAgent.instance_uid)"
    )
    func gateway() {
        var server = Rehearsal()
        let id = server.connect()
        for number in 0..<50 {
            let answer = server.send(.full(.number(UInt64(number)), 1), over: id).answer
            #expect(answer?.instanceUID == .uid(.number(UInt64(number))))
            #expect(answer?.capabilities.isEmpty == false)
        }
        for number in (0..<50).reversed() {
            let answer = server.send(.heartbeat(.number(UInt64(number)), 2), over: id).answer
            #expect(answer == ServerToAgent(instanceUID: .uid(.number(UInt64(number)))))
        }
        #expect(server.counts.agentsConnected == 50)
        _ = server.send(.agentDisconnect(.number(20), 3), over: id)
        _ = server.close(id)
        #expect(server.counts.agentsLost == 49)
        #expect(server.counts.agentsConnected == 0)
    }

    @Test(
        "A malformed report is answered with BAD_REQUEST and does not end the connection (spec: Bad Request)",
        arguments: [
            [0x0A, 0x10, 0x01], [0xFF], AgentToServer(sequenceNumber: 1).encoded(),
            AgentToServer(instanceUID: .malformed([1, 2, 3]), sequenceNumber: 1).encoded(), [],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        var server = Rehearsal()
        let id = server.connect()
        let outcome = server.send(bytes: bytes, over: id)
        #expect(outcome.answer?.errorResponse?.type == .badRequest)
        #expect(outcome.answer?.errorResponse?.errorMessage.isEmpty == false)
        #expect(outcome.rest.isEmpty)
        #expect(server.counts.malformed == 1)
        #expect(server.send(.full(uid, 1), over: id).answer?.errorResponse == nil)
    }

    @Test("An invalid WebSocket message is answered with BAD_REQUEST (spec: WebSocket Message Format)")
    func notAReport() {
        var server = Rehearsal()
        let id = server.connect()
        let outcome = server.perform { registry, now, effects in
            registry.receivedMalformed("header is 1, not 0", byteCount: 9, from: id, at: now, &effects)
        }
        #expect(outcome.answer?.errorResponse?.type == .badRequest)
        #expect(server.counts.bytesIn == 9)
    }
}
