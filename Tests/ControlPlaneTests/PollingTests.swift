import Basis
import ControlPlane
import OpAMP
import Testing

@Suite("Plain HTTP polls")
struct PollingTests {
    let uid = InstanceUID.number(7)

    @Test("Each poll has one reply, and many agents share a connection (spec: Plain HTTP Transport)")
    func pooled() {
        var server = Rehearsal()
        let ids = [server.accept().id, server.accept().id]
        for round in 1...4 {
            for number in 0..<20 {
                let report: AgentToServer =
                    round == 1 ? .full(.number(UInt64(number)), 1) : .heartbeat(.number(UInt64(number)), UInt64(round))
                let outcome = server.send(report, over: ids[(number + round) % 2])
                #expect(outcome.answer?.instanceUID == .uid(.number(UInt64(number))))
                #expect(outcome.answer?.flags == [])
                // There is no connection to have a first answer on, so the capabilities are in each.
                #expect(outcome.answer?.capabilities.contains(.acceptsStatus) == true)
            }
        }
        #expect(server.counts.agentsKnown == 20)
        #expect(server.counts.agentsConnected == 0)
        #expect(server.counts.agentsReturned == 0)
        _ = server.close(ids[0], .clean)
        #expect(server.counts.agentsLost == 0)
    }

    @Test("A poll with nothing but the uid is fine (spec: Plain HTTP Transport)")
    func barePoll() {
        var server = Rehearsal()
        let id = server.accept().id
        _ = server.send(.full(uid, 1), over: id)
        let answer = server.send(AgentToServer(instanceUID: .uid(uid)), over: id).answer
        #expect(answer?.flags == [])
        #expect(answer?.errorResponse == nil)
    }

    @Test(
        "The refused share of polls gets the plan's status and Retry-After (spec: Throttling, Plain HTTP Transport)",
        arguments: [429, 503] as [UInt16])
    func refusedPolls(status: UInt16) {
        var plan = ServerPlan()
        plan.refusals = Refusals(share: 1, status: status, retryAfterSeconds: 30)
        var server = Rehearsal(plan)
        let id = server.accept().id
        let outcome = server.send(.full(uid, 1), over: id)
        #expect(outcome.sent.isEmpty)
        #expect(outcome.rest == [.refuse(id, Refusal(status: status, retryAfterSeconds: 30))])
        #expect(server.counts.refusedPolls == 1)
        #expect(server.counts.agentsKnown == 0)
    }

    @Test("What is on offer waits for the next poll and is offered once (spec: Plain HTTP Transport)")
    func offersWaitForThePoll() throws {
        var server = Rehearsal()
        let id = server.accept().id
        _ = server.send(.full(uid, 1), over: id)
        let offer = Offer(revision: 1, .remoteConfig(.named("a")))
        let offered = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        #expect(offered.sent.isEmpty)
        #expect(server.send(.heartbeat(uid, 2), over: id).answer?.remoteConfig?.configHash == offer.hash)
        #expect(server.send(.heartbeat(uid, 3), over: id).answer?.remoteConfig == nil)
    }

    @Test("An agent may change from polling to WebSocket and back")
    func changesTransport() {
        var server = Rehearsal()
        let poll = server.accept().id
        _ = server.send(.full(uid, 1), over: poll)
        let socket = server.connect()
        #expect(server.send(.heartbeat(uid, 2), over: socket).answer?.agentIdentification == nil)
        #expect(server.counts.agentsConnected == 1)
        #expect(server.send(.heartbeat(uid, 3), over: poll).answer?.agentIdentification == nil)
        #expect(server.counts.agentsConnected == 0)
        #expect(server.counts.agentsKnown == 1)
        _ = server.close(socket)
        #expect(server.counts.agentsLost == 0)
    }
}
