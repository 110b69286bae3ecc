import Basis
import ControlPlane
import OpAMP
import Testing

@Suite("Instance uids that two agents claim")
struct DuplicateTests {
    let uid = InstanceUID.number(7)

    @Test(
        "A second live connection with the same uid is given a new one (spec: Duplicate instance_uid Detection)",
        arguments: [0, 1, 2, 3] as [UInt64])
    func duplicateIsRenamed(sequence: UInt64) throws {
        var server = Rehearsal()
        server.now = Instant(nanoseconds: 5_000_000_000)
        let (first, second) = (server.connect(), server.connect())
        _ = server.send(.full(uid, 3), over: first)
        let answer = try #require(server.send(.full(uid, sequence), over: second).answer)
        #expect(answer.instanceUID == .uid(uid))
        let new = try #require(answer.agentIdentification?.newInstanceUID.uid)
        #expect(new.version == 7)
        #expect(new.unixMilliseconds == 1_800_000_005_000)
        #expect(server.counts.duplicates == 1)
        #expect(server.counts.agentsRenamed == 1)
        // Its report counts under the new uid, so it continues from there.
        #expect(
            server.send(.heartbeat(new, sequence + 1), over: second).answer == ServerToAgent(instanceUID: .uid(new)))
        #expect(server.send(.heartbeat(uid, 4), over: first).answer == ServerToAgent(instanceUID: .uid(uid)))
        #expect(server.counts.agentsKnown == 2)
        #expect(server.counts.agentsConnected == 2)
    }

    @Test("A report sent before the new uid arrived is answered with the same uid again")
    func crossingReport() throws {
        var server = Rehearsal()
        let (first, second) = (server.connect(), server.connect())
        _ = server.send(.full(uid, 3), over: first)
        let new = server.send(.full(uid, 1), over: second).answer?.agentIdentification
        let again = server.send(.heartbeat(uid, 2), over: second).answer?.agentIdentification
        #expect(new != nil)
        #expect(new == again)
        #expect(server.counts.agentsRenamed == 1)
    }

    @Test("An agent may ask for a uid (spec: AgentToServer.flags, RequestInstanceUid)")
    func requestedUID() throws {
        var server = Rehearsal()
        let id = server.connect()
        var report = AgentToServer.full(uid, 1)
        report.flags = [.requestInstanceUID]
        let answer = try #require(server.send(report, over: id).answer)
        let new = try #require(answer.agentIdentification?.newInstanceUID.uid)
        #expect(answer.instanceUID == .uid(uid))
        #expect(new != uid)
        #expect(server.counts.duplicates == 0)
        #expect(server.send(.heartbeat(new, 2), over: id).answer == ServerToAgent(instanceUID: .uid(new)))
        // Two agents with the same temporary uid do not get the same one.
        let other = server.connect()
        #expect(server.send(report, over: other).answer?.agentIdentification?.newInstanceUID.uid != new)
    }

    @Test(
        "An agent that connects again, with a newer number, before its former connection is seen to end keeps its uid",
        arguments: [4, 5, 90] as [UInt64])
    func takeover(sequence: UInt64) {
        var server = Rehearsal()
        let (first, second) = (server.connect(), server.connect())
        _ = server.send(.full(uid, 3), over: first)
        let answer = server.send(.heartbeat(uid, sequence), over: second).answer
        #expect(answer?.agentIdentification == nil)
        #expect(answer?.flags == (sequence == 4 ? [] : [.reportFullState]))
        _ = server.close(first)
        #expect(server.counts.takeovers == 1)
        #expect(server.counts.agentsLost == 0)
        #expect(server.counts.agentsConnected == 1)
    }

    @Test("If the former connection was alive after all, its agent is the one renamed")
    func wrongTakeover() {
        var server = Rehearsal()
        let (first, second) = (server.connect(), server.connect())
        _ = server.send(.full(uid, 3), over: first)
        _ = server.send(.full(uid, 9), over: second)
        #expect(server.send(.heartbeat(uid, 4), over: first).answer?.agentIdentification?.newInstanceUID.uid != nil)
        #expect(server.send(.heartbeat(uid, 10), over: second).answer == ServerToAgent(instanceUID: .uid(uid)))
        #expect(server.counts.duplicates == 1)
    }

    @Test("A uid is free again after an agent_disconnect or the end of its connection", arguments: [true, false])
    func uidIsFreeAgain(sendsAgentDisconnect: Bool) {
        var server = Rehearsal()
        let first = server.connect()
        _ = server.send(.full(uid, 3), over: first)
        if sendsAgentDisconnect {
            _ = server.send(.agentDisconnect(uid, 4), over: first)
        } else {
            _ = server.close(first)
        }
        let second = server.connect()
        #expect(server.send(.full(uid, 1), over: second).answer?.agentIdentification == nil)
        #expect(server.counts.duplicates == 0)
    }
}
