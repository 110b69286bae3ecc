import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("Closing (spec: Closing Connection, OpAMP Client Initiated)")
struct ClosingTests {
    @Test("A draining agent sends AgentDisconnect last, then a WebSocket Close, and is over when the server has closed")
    func drain() throws {
        var script = AgentScript()
        script.run()
        script.drain()
        #expect(script.sent.map(\.kind) == [.agentDisconnect])
        #expect(script.sent.first?.report.agentDisconnect != nil)
        let order = script.steps.compactMap { effect -> String? in
            switch effect {
            case .send: return "send"
            case .close(1000): return "close"
            default: return nil
            }
        }
        #expect(order == ["send", "close"])
        script.acknowledge()
        script.closed()
        #expect(script.agent.state == .disconnected)
        #expect(script.timer == .distantFuture)
        #expect(script.pass(.seconds(1000)).isEmpty)
    }

    @Test("Nothing is sent after AgentDisconnect, whatever the server asks (spec: AgentToServer.agent_disconnect)")
    func nothingAfterAgentDisconnect() {
        var script = AgentScript()
        script.run()
        script.drain()
        script.receive(ServerToAgent(flags: [.reportFullState, .reportAvailableComponents]))
        #expect(script.sent.isEmpty)
        #expect(script.pass(.seconds(100)).isEmpty)
    }

    @Test("A server that does not close is waited for a bounded time")
    func bounded() {
        var script = AgentScript(.with { $0.closeTimeout = .seconds(5) })
        script.run()
        script.drain()
        script.pass(.milliseconds(4_999))
        #expect(script.agent.state == .closing)
        script.pass(.milliseconds(1))
        #expect(script.agent.state == .disconnected)
        #expect(script.allSteps.aborts == 1)
        #expect(script.counts(.closeTimedOut) == 1)
    }

    @Test("An agent that leaves waits for a heartbeat's answer where an offer was pushed before it")
    func waitsBehindPush() {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .seconds(3), phase: .fromConnection)
                $0.remoteConfig = RemoteConfigPlan(applyTime: .constant(.seconds(600)), watchers: [])
            })
        script.run()
        #expect(script.pass(.seconds(3)).map(\.kind) == [.heartbeat])
        script.pass(.milliseconds(500))
        script.receive(RemoteConfigTests.offer([1]))
        #expect(script.sent.map(\.kind) == [.status])
        script.acknowledge()
        script.step { $0.drain(at: $1, by: $1 + .seconds(5), &$2) }
        #expect(script.sent.isEmpty)
        script.pass(.seconds(1))
        script.acknowledge()
        #expect(script.sent.map(\.kind) == [.agentDisconnect])
        let answered = script.allSteps.answered
        #expect(answered.first { $0.kind == .heartbeat }?.serviceTime == .milliseconds(1_500))
        #expect(script.counts(.push) == 1 && script.allSteps.unanswered.isEmpty)
    }

    @Test("An offer that is the only message to a heartbeat delays leaving no longer than the drain lasts")
    func waitsBounded() {
        var script = AgentScript(
            .with { $0.heartbeat = HeartbeatPlan(interval: .seconds(3), phase: .fromConnection) })
        script.run()
        script.pass(.seconds(3))
        script.receive(RemoteConfigTests.offer([1]))
        script.acknowledge()
        script.step { $0.drain(at: $1, by: $1 + .seconds(5), &$2) }
        #expect(script.pass(.seconds(5)).map(\.kind).contains(.agentDisconnect))
    }

    @Test("An agent_disconnect without an answer is not a lost answer; a report before it is")
    func agentDisconnectNeedsNoAnswer() {
        var quiet = AgentScript()
        quiet.run()
        quiet.drain()
        quiet.closed()
        #expect(quiet.allSteps.unanswered.map(\.kind) == [.agentDisconnect])
        var busy = AgentScript()
        busy.start()
        busy.opened()
        busy.drain()
        busy.closed()
        #expect(busy.allSteps.unanswered.map(\.kind) == [.first, .agentDisconnect])
        #expect(busy.allSteps.unanswered(.cut) == 2)
    }

    @Test("Draining works from every state and ends in disconnected")
    func fromEveryState() {
        let plan = CohortPlan(name: "c")
        var fresh = AgentScript(plan)
        fresh.drain()
        #expect(fresh.agent.state == .disconnected)

        var connecting = AgentScript(plan)
        connecting.start()
        connecting.drain()
        #expect(connecting.steps.aborts == 1)
        #expect(connecting.agent.state == .disconnected)

        var waiting = AgentScript(plan)
        waiting.start()
        waiting.failed()
        waiting.drain()
        #expect(waiting.agent.state == .disconnected)
        waiting.pass(.seconds(1000))
        #expect(waiting.connects == 1)

        var throttled = AgentScript(plan)
        throttled.run()
        throttled.receive(ServerToAgent(errorResponse: ServerErrorResponse(type: .unavailable)))
        throttled.drain()
        #expect(throttled.sent.isEmpty)
        throttled.closed()
        #expect(throttled.agent.state == .disconnected)

        var over = AgentScript(plan)
        over.drain()
        over.drain()
        #expect(over.steps.isEmpty)
    }

    @Test("A stream that ends during the handshake ends it")
    func endOfStream() {
        var script = AgentScript()
        script.run()
        script.drain()
        script.lost(.endOfStream)
        #expect(script.agent.state == .disconnected)
        #expect(script.counts(.connectionLost) == 0)
    }
}
