import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("A gateway: several agents on one connection (spec: ServerToAgent.instance_uid)")
struct GatewayTests {
    /// A gateway in a scripted world, as `AgentScript` is for one agent.
    private struct Script {
        var gateway: Gateway
        var now = Instant.zero
        var timer = Instant.distantFuture
        var effects = Effects()
        var sent: [(report: AgentToServer, kind: ReportKind)] = []
        var steps: [Effect] = []
        var allSteps: [Effect] = []

        init(members: Int, _ change: (inout CohortPlan) -> Void = { _ in }) {
            let cohort = Cohort(
                .with {
                    $0.heartbeat = HeartbeatPlan(interval: .seconds(10), phase: .fromConnection)
                    change(&$0)
                }, seed: 5, unixOrigin: 0)
            gateway = Gateway(
                leader: Agent(index: 0, cohort: cohort),
                members: (1...members).map { Agent(index: UInt64($0), cohort: cohort) })
        }

        mutating func step(_ body: (inout Gateway, Instant, inout Effects) -> Void) {
            effects.removeAll()
            body(&gateway, now, &effects)
            steps = effects.list
            allSteps += steps
            sent = effects.list.compactMap { effect in
                guard case .send(let slice) = effect else { return nil }
                guard let report = try? AgentToServer(decoding: Array(effects.bytes[slice.range])) else { return nil }
                return (report, slice.kind)
            }
            if let wakeAt = effects.wakeAt { timer = wakeAt }
        }

        mutating func receive(_ answer: ServerToAgent) {
            let bytes = answer.encoded()
            step { gateway, now, effects in
                guard let view = try? ServerToAgentView(bytes.span.bytes) else { return }
                gateway.received(view, at: now, &effects)
            }
        }

        mutating func acknowledgeAll() {
            for (report, _) in sent { receive(ServerToAgent(instanceUID: report.instanceUID, capabilities: .all)) }
        }

        mutating func pass(_ span: Nanoseconds) -> [(report: AgentToServer, kind: ReportKind)] {
            let end = now + span
            var meanwhile: [(AgentToServer, ReportKind)] = []
            while timer <= end, timer != .distantFuture {
                now = max(timer, now)
                timer = .distantFuture
                step { $0.wake(at: $1, &$2) }
                let reports = sent
                meanwhile += reports
                for (report, _) in reports { receive(ServerToAgent(instanceUID: report.instanceUID)) }
            }
            now = end
            return meanwhile
        }

        mutating func run() {
            step { $0.start(at: $1, &$2) }
            step { $0.connected(at: $1, &$2) }
            acknowledgeAll()
        }
    }

    @Test("One connection carries the first report of everybody, the gateway's first")
    func oneConnection() {
        var script = Script(members: 5)
        script.step { $0.start(at: $1, &$2) }
        #expect(script.steps.connects == 1)
        script.step { $0.connected(at: $1, &$2) }
        #expect(script.sent.map(\.kind) == Array(repeating: .first, count: 6))
        #expect(Set(script.sent.compactMap { $0.report.instanceUID.uid }).count == 6)
        #expect(script.sent.first?.report.instanceUID == .uid(script.gateway.leader.instanceUID))
        script.acknowledgeAll()
        #expect(script.gateway.members.allSatisfy { $0.state == .running })
        #expect(script.gateway.state == .running)
    }

    @Test("Each has its own sequence numbers and heartbeats")
    func ownHeartbeats() {
        var script = Script(members: 3)
        script.run()
        let beats = script.pass(.seconds(30))
        #expect(beats.count == 12)
        for agent in [script.gateway.leader] + script.gateway.members {
            let own = beats.filter { $0.report.instanceUID == .uid(agent.instanceUID) }
            #expect(own.map(\.report.sequenceNumber) == [1, 2, 3])
        }
    }

    @Test("A message goes to whom it names, and only there")
    func routing() {
        var script = Script(members: 3)
        script.run()
        let second = script.gateway.members[1].instanceUID
        script.receive(ServerToAgent(instanceUID: .uid(second), flags: .reportFullState))
        #expect(script.sent.map(\.report.instanceUID) == [.uid(second)])
        script.receive(ServerToAgent(instanceUID: .uid(InstanceUID(high: 1, low: 1)), flags: .reportFullState))
        #expect(script.sent.isEmpty)
        #expect(script.steps.counts(.foreignMessage) == 1)
    }

    @Test("A member that gets a new uid is reached under it, and under the former one while answers are under way")
    func newUID() {
        var script = Script(members: 2)
        script.run()
        let former = script.gateway.members[0].instanceUID
        let given = InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
        script.receive(
            ServerToAgent(
                instanceUID: .uid(former), agentIdentification: AgentIdentification(newInstanceUID: .uid(given))))
        #expect(script.gateway.members[0].instanceUID == given)
        script.receive(ServerToAgent(instanceUID: .uid(former)))
        #expect(script.steps.counts(.foreignMessage) == 0)
        script.receive(ServerToAgent(instanceUID: .uid(given), flags: .reportFullState))
        #expect(script.sent.map(\.report.instanceUID) == [.uid(given)])
    }

    @Test("When the connection is lost, so are the members'; they come back with the gateway")
    func loss() {
        var script = Script(members: 4)
        script.run()
        script.step { $0.connectionLost(.reset, at: $1, &$2) }
        #expect(script.steps.connects == 1)
        #expect(script.gateway.members.allSatisfy { $0.state == .connecting })
        #expect(script.pass(.seconds(5)).isEmpty)
        script.step { $0.connected(at: $1, &$2) }
        #expect(script.sent.map(\.kind) == Array(repeating: .reconnect, count: 5))
    }

    @Test("A throttled member disconnects alone, and connects again alone")
    func throttledMember() {
        var script = Script(members: 2)
        script.run()
        let uid = script.gateway.members[0].instanceUID
        var answer = ServerToAgent(instanceUID: .uid(uid))
        answer.errorResponse = ServerErrorResponse(
            type: .unavailable, retryInfo: RetryInfo(retryAfterNanoseconds: 5_000_000_000))
        script.receive(answer)
        #expect(script.sent.map(\.kind) == [.agentDisconnect])
        #expect(script.steps.closeCodes.isEmpty && script.steps.aborts == 0)
        #expect(script.gateway.members[0].state == .closing)
        script.acknowledgeAll()
        #expect(script.gateway.members[0].state == .backingOff)
        #expect(script.gateway.state == .running)
        let back = script.pass(.seconds(5))
        #expect(back.map(\.kind) == [.reconnect])
        #expect(script.allSteps.connects == 1)
        #expect(script.gateway.members[0].state == .running)
    }

    @Test("Draining: the members' agent_disconnects, then the gateway's, then one close")
    func drain() {
        var script = Script(members: 3)
        script.run()
        script.step { $0.drain(at: $1, &$2) }
        #expect(script.sent.map(\.kind) == Array(repeating: .agentDisconnect, count: 4))
        #expect(script.sent.last?.report.instanceUID == .uid(script.gateway.leader.instanceUID))
        #expect(script.steps.closeCodes == [1000])
        script.step { $0.closeCompleted(at: $1, &$2) }
        #expect(script.gateway.state == .disconnected)
        #expect(script.gateway.members.allSatisfy { $0.state == .disconnected })
    }

    @Test("A member has left once its agent_disconnect is answered, or once the connection ends")
    func leaving() {
        var script = Script(members: 2)
        script.run()
        script.step { $0.drain(at: $1, &$2) }
        let member = script.gateway.members[0].instanceUID
        script.receive(ServerToAgent(instanceUID: .uid(member)))
        #expect(script.steps.answered.map(\.kind) == [.agentDisconnect])
        #expect(script.gateway.members.map(\.state) == [.disconnected, .closing])
        script.step { $0.connectionLost(.endOfStream, at: $1, &$2) }
        #expect(script.gateway.members.map(\.state) == [.disconnected, .disconnected])
        #expect(script.gateway.state == .disconnected)
    }

    @Test("Members get the answers to their agent_disconnects also where the gateway itself is answered first")
    func leadersLateAnswer() {
        var script = Script(members: 2)
        script.run()
        script.now = script.timer
        script.step { $0.wake(at: $1, &$2) }
        let beats = script.sent.map(\.report)
        #expect(beats.count == 3)
        let (leader, members) = (script.gateway.leader.instanceUID, script.gateway.members.map(\.instanceUID))
        for uid in members { script.receive(ServerToAgent(instanceUID: .uid(uid))) }
        script.step { $0.drain(at: $1, by: $1 + .seconds(5), &$2) }
        #expect(script.sent.map(\.kind) == [.agentDisconnect, .agentDisconnect])
        script.receive(ServerToAgent(instanceUID: .uid(leader)))
        #expect(script.sent.map(\.kind) == [.agentDisconnect])
        #expect(script.steps.closeCodes == [1000])
        for uid in members {
            script.receive(ServerToAgent(instanceUID: .uid(uid)))
            #expect(script.steps.answered.map(\.kind) == [.agentDisconnect])
        }
        #expect(script.gateway.members.map(\.state) == [.disconnected, .disconnected])
    }

    @Test("A member that arrives later connects over the connection that is there, or waits for it")
    func joining() {
        var script = Script(members: 1)
        script.run()
        let cohort = script.gateway.leader.cohort
        script.step { $0.join(Agent(index: 7, cohort: cohort), at: $1, &$2) }
        #expect(script.sent.map(\.kind) == [.first])
        #expect(script.steps.connects == 0)
        script.acknowledgeAll()
        #expect(script.gateway.members[1].state == .running)
        #expect(script.gateway.member(named: script.gateway.members[1].instanceUID) == 1)
        script.step { $0.connectionLost(.reset, at: $1, &$2) }
        script.step { $0.join(Agent(index: 8, cohort: cohort), at: $1, &$2) }
        #expect(script.sent.isEmpty)
        script.step { $0.connected(at: $1, &$2) }
        #expect(script.sent.map(\.kind) == [.reconnect, .reconnect, .reconnect, .first])
    }

    @Test("A gateway that is throttled disconnects with its members, and connects again with them")
    func throttledGateway() {
        var script = Script(members: 2)
        script.run()
        script.receive(
            ServerToAgent(
                instanceUID: .uid(script.gateway.leader.instanceUID),
                errorResponse: ServerErrorResponse(
                    type: .unavailable, retryInfo: RetryInfo(retryAfterNanoseconds: 1_000_000_000))))
        #expect(script.steps.closeCodes == [1000])
        #expect(script.gateway.members.allSatisfy { !$0.state.isOnline })
        script.step { $0.closeCompleted(at: $1, &$2) }
        _ = script.pass(.seconds(2))
        script.step { $0.connected(at: $1, &$2) }
        #expect(script.sent.count == 3)
    }

    // MARK: Faults and settings that concern the transport, which belongs to the gateway

    @Test("A member that reads slowly slows the connection that all share")
    func slowMember() {
        var script = Script(members: 3) { $0.faults = FaultPlan(rates: [.readsSlowly: 1], slowReadingRate: 99) }
        script.step { $0.start(at: $1, &$2) }
        script.step { $0.connected(at: $1, &$2) }
        let rates = script.steps.compactMap { if case .readSlowly(let rate) = $0 { rate } else { nil } }
        #expect(rates == [99, 99, 99, 99])
    }

    @Test("A member that leaves without an agent_disconnect sends nothing, and the connection stays open")
    func silentMember() {
        var script = Script(members: 2) { $0.faults = FaultPlan(rates: [.leavesWithoutAgentDisconnect: 1]) }
        script.run()
        script.step { $0.drain(at: $1, &$2) }
        #expect(script.sent.isEmpty)
        #expect(script.gateway.members.allSatisfy { $0.state == .disconnected })
        // Only the gateway's own leaving, which it does in the same way, ends the connection.
        #expect(script.steps.aborts == 1)
    }

    @Test("A member that crashes sends nothing, returns with a full report, and the connection stays open")
    func crashingMember() {
        var script = Script(members: 1) {
            $0.restartTime = .constant(.seconds(2))
            $0.remoteConfig.applyTime = .constant(.zero)
        }
        script.run()
        let member = script.gateway.members[0].instanceUID
        let crash = AgentRemoteConfig(
            config: AgentConfigMap(
                configMap: ["": AgentConfigFile(body: Array("# muster: crash\na: 1\n".utf8), contentType: "text/yaml")]
            ),
            configHash: [1])
        script.receive(ServerToAgent(instanceUID: .uid(member), remoteConfig: crash))
        #expect(script.steps.aborts == 0)
        #expect(script.gateway.members[0].state == .restarting)
        #expect(script.gateway.state == .running)
        #expect(script.pass(.seconds(3)).map(\.kind).contains(.first))
        #expect(script.gateway.members[0].state == .running)
    }

    @Test("A member that ignores throttling returns too early")
    func hastyMember() {
        var script = Script(members: 1) { $0.faults = FaultPlan(rates: [.reconnectsTooFast: 1]) }
        script.run()
        script.receive(
            ServerToAgent(
                instanceUID: .uid(script.gateway.members[0].instanceUID),
                errorResponse: ServerErrorResponse(
                    type: .unavailable, retryInfo: RetryInfo(retryAfterNanoseconds: 60_000_000_000))))
        script.acknowledgeAll()
        #expect(script.pass(.seconds(1)).map(\.kind).contains(.reconnect))
    }

    @Test(
        "A member cannot connect to another server: a trial of settings fails, and it stays behind the gateway"
    )
    func settingsOfAMember() throws {
        var script = Script(members: 2) {
            $0.capabilities.formUnion([.acceptsOpAMPConnectionSettings, .reportsConnectionSettingsStatus])
        }
        script.run()
        let member = script.gateway.members[0].instanceUID
        let opamp = OpAMPConnectionSettings(destinationEndpoint: "ws://h:1/v1/opamp", heartbeatIntervalSeconds: 30)
        script.receive(
            ServerToAgent(
                instanceUID: .uid(member), connectionSettings: ConnectionSettingsOffers(hash: [1], opamp: opamp)))
        #expect(script.sent.map(\.kind) == [.status, .agentDisconnect])
        script.acknowledgeAll()
        #expect(script.gateway.members[0].state == .connected)
        let back = try #require(script.sent.first { $0.kind == .reconnect })
        #expect(back.report.connectionSettingsStatus?.status == .failed)
        #expect(script.allSteps.counts(.settingsReverted) == 1)
        #expect(script.gateway.state == .running)
        #expect(script.allSteps.closeCodes.isEmpty)
    }
}
