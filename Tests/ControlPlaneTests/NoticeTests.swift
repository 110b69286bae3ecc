import Basis
import ControlPlane
import OpAMP
import Testing

@Suite("Restart commands and custom messages")
struct NoticeTests {
    let uid = InstanceUID.number(7)
    static let willing: AgentCapabilities = [.reportsStatus, .acceptsRestartCommand, .acceptsRemoteConfig]

    static func plan() -> ServerPlan {
        var plan = ServerPlan()
        plan.customCapabilities = [CustomCapability.pause, CustomCapability.echo]
        return plan
    }

    func capable(_ uid: InstanceUID, _ sequence: UInt64, _ names: [String]) -> AgentToServer {
        var report = AgentToServer.full(uid, sequence, Self.willing)
        report.customCapabilities = CustomCapabilities(capabilities: names)
        return report
    }

    @Test("A restart command is sent alone, and only before agents that accept it (spec: ServerToAgent.command)")
    func restart() {
        var server = Rehearsal()
        let ids = (0..<3).map { _ in server.connect() }
        _ = server.send(.full(.number(0), 1, Self.willing), over: ids[0])
        _ = server.send(.full(.number(1), 1), over: ids[1])
        _ = server.send(.full(.number(2), 1, Self.willing), over: ids[2])
        let outcome = server.perform { registry, now, effects in
            registry.restart(.not(.agents([.number(2)])), at: now, &effects)
        }
        let command = ServerToAgent(instanceUID: .uid(.number(0)), command: ServerToAgentCommand(type: .restart))
        #expect(outcome.sent.map(\.to) == [ids[0]])
        #expect(outcome.answer == command)
        #expect(server.counts.restarts == 1)
        // Those that come later are not meant.
        let late = server.connect()
        #expect(server.send(.full(.number(9), 1, Self.willing), over: late).sent.count == 1)
        #expect(server.counts.restarts == 1)
        let again = server.perform { registry, now, effects in registry.restart(at: now, &effects) }
        #expect(again.sent.map(\.to) == [ids[0], ids[2], late])
    }

    @Test("A polling agent gets pending messages with its next polls, one at a time: the command, then the offer")
    func restartByPoll() throws {
        var server = Rehearsal(Self.plan())
        let id = server.accept().id
        _ = server.send(capable(uid, 1, [CustomCapability.echo]), over: id)
        let none = server.perform { registry, now, effects in registry.restart(at: now, &effects) }
        #expect(none.sent.isEmpty)
        _ = try server.perform { registry, now, effects in
            try registry.send(.echo([1]), at: now, &effects)
            try registry.offer(Offer(revision: 1, .remoteConfig(.named("a"))), at: now, &effects)
        }
        let first = try #require(server.send(.heartbeat(uid, 2, Self.willing), over: id).answer)
        #expect(first.command?.type == .restart)
        #expect(first.remoteConfig == nil && first.customMessage == nil && first.customCapabilities == nil)
        let second = try #require(server.send(.heartbeat(uid, 3, Self.willing), over: id).answer)
        #expect(second.customMessage == .echo([1]))
        #expect(second.remoteConfig != nil)
        let third = try #require(server.send(.heartbeat(uid, 4, Self.willing), over: id).answer)
        #expect(third.command == nil && third.customMessage == nil && third.remoteConfig == nil)
    }

    @Test("A custom message goes to agents that declared its capability (spec: CustomCapabilities)")
    func customMessage() throws {
        var server = Rehearsal(Self.plan())
        let ids = (0..<2).map { _ in server.connect() }
        _ = server.send(capable(.number(0), 1, [CustomCapability.pause]), over: ids[0])
        _ = server.send(capable(.number(1), 1, ["com.example.other/v2"]), over: ids[1])
        let outcome = try server.perform { registry, now, effects in try registry.send(.pause, at: now, &effects) }
        #expect(outcome.sent.map(\.to) == [ids[0]])
        #expect(outcome.answer?.customMessage == .pause)
        // The list that came last counts.
        _ = server.send(capable(.number(0), 2, []), over: ids[0])
        let none = try server.perform { registry, now, effects in try registry.send(.resume, at: now, &effects) }
        #expect(none.sent.isEmpty)
        #expect(throws: NoticeError.unknownCapability(CustomCapability.discovery)) {
            _ = try server.perform { registry, now, effects in try registry.send(.findServices, at: now, &effects) }
        }
    }

    @Test("What an agent says is passed on, and its pause is remembered (spec: Pause/Resume Example)")
    func received() throws {
        var server = Rehearsal(Self.plan())
        let id = server.connect()
        _ = server.send(capable(uid, 1, [CustomCapability.pause]), over: id)
        for (sequence, isPaused) in [(2, true), (3, false)] as [(UInt64, Bool)] {
            var report = AgentToServer.heartbeat(uid, sequence, Self.willing)
            report.customMessage = CustomMessage(
                capability: CustomCapability.pause, type: "status", data: [UInt8]("{ \"paused\": \(isPaused) }".utf8))
            let outcome = server.send(report, over: id)
            guard case .received(let received) = outcome.rest.first else {
                Issue.record("nothing received")
                return
            }
            #expect(CustomReply(received.message) == .paused(isPaused))
            #expect(received.uid == uid)
            #expect(outcome.answer == ServerToAgent(instanceUID: .uid(uid)))
            #expect(server.registry.knowledge(of: uid)?.isPaused == isPaused)
        }
        var foreign = AgentToServer.heartbeat(uid, 4, Self.willing)
        foreign.customMessage = CustomMessage(capability: "com.example", type: "x")
        #expect(server.send(foreign, over: id).rest.isEmpty)
        #expect(server.counts.customReceived == 2)
        #expect(server.counts.customIgnored == 1)
    }

    @Test(
        "Replies are read as what they are, or not at all",
        arguments: zip(
            [
                CustomMessage(capability: CustomCapability.echo, type: "echoed", data: [1, 2]),
                CustomMessage(capability: CustomCapability.discovery, type: "available_services", data: [3]),
                CustomMessage(
                    capability: CustomCapability.pause, type: "error",
                    data: [UInt8]("{\"error\":\"no \\u0041 \\\"b\\\"\"}".utf8)),
                CustomMessage(capability: CustomCapability.pause, type: "status", data: [UInt8]("{\"paused\":1}".utf8)),
                CustomMessage(
                    capability: CustomCapability.pause, type: "status", data: [UInt8]("{\"paused\":true".utf8)),
                CustomMessage(
                    capability: CustomCapability.pause, type: "status", data: [UInt8]("{\"paused\":true} x".utf8)),
                CustomMessage(capability: CustomCapability.pause, type: "status", data: []),
                CustomMessage(capability: CustomCapability.pause, type: "status", data: [UInt8]("{}".utf8)),
                CustomMessage(
                    capability: CustomCapability.pause, type: "status",
                    data: [UInt8]("{\"at\": -1.5e3, \"why\":null, \"paused\" :\nfalse}".utf8)),
                CustomMessage(capability: "com.example", type: "status", data: [UInt8]("{\"paused\":true}".utf8)),
            ],
            [
                .echoed([1, 2]), .services([3]), .pauseFailed("no A \"b\""), nil, nil, nil, nil, nil, .paused(false),
                nil,
            ] as [CustomReply?]))
    func replies(message: CustomMessage, reply: CustomReply?) {
        #expect(CustomReply(message) == reply)
    }

    @Test("Of many notices the latest are remembered for agents that poll")
    func boundedBoard() {
        var server = Rehearsal()
        let id = server.accept().id
        _ = server.send(.full(uid, 1, Self.willing), over: id)
        for _ in 0..<100 {
            _ = server.perform { registry, now, effects in registry.restart(at: now, &effects) }
        }
        let restarts = (2...150).filter { sequence in
            server.send(.heartbeat(uid, sequence, Self.willing), over: id).answer?.command != nil
        }
        #expect(restarts.count == 64)
    }
}
