import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("How agents leave during a run")
struct LeavingTests {
    private static func running() -> AgentScript {
        var script = AgentScript()
        script.run()
        return script
    }

    /// What a method asks of the transport, in order.
    private static func transport(_ steps: [Effect]) -> [String] {
        steps.compactMap { effect in
            switch effect {
            case .send(let report): "\(report.kind)"
            case .close: "close"
            case .abort: "abort"
            case .leaveTransport(let method): "\(method)"
            default: nil
            }
        }
    }

    @Test("Each way to leave asks the transport for just its own end", arguments: LeaveMethod.allCases)
    func transports(method: LeaveMethod) {
        var script = Self.running()
        script.step { $0.leave(by: method, then: .gone, at: $1, &$2) }
        let expected: [String] =
            switch method {
            case .agentDisconnect: ["agentDisconnect", "close"]
            case .close: ["close"]
            case .fin, .reset, .silent: ["\(method)"]
            }
        #expect(Self.transport(script.steps) == expected)
    }

    @Test("An agent that is gone has ended, at once or with its closing handshake", arguments: LeaveMethod.allCases)
    func gone(method: LeaveMethod) {
        var script = Self.running()
        script.step { $0.leave(by: method, then: .gone, at: $1, &$2) }
        if script.agent.state == .closing { script.closed() }
        #expect(script.agent.state == .disconnected)
        script.pass(.seconds(600))
        #expect(script.connects == 1)
    }

    @Test("An agent that is away starts again as itself after its time", arguments: LeaveMethod.allCases)
    func back(method: LeaveMethod) {
        var script = Self.running()
        let uid = script.agent.instanceUID
        script.step { $0.leave(by: method, then: .back(after: .seconds(20)), at: $1, &$2) }
        if script.agent.state == .closing { script.closed() }
        #expect(script.agent.state == .restarting)
        script.pass(.seconds(19))
        #expect(script.connects == 1)
        script.pass(.seconds(2))
        #expect(script.connects == 2)
        script.opened()
        #expect(script.agent.instanceUID == uid)
        #expect(script.sent.map(\.kind) == [.first])
        #expect(script.sent.map(\.report.sequenceNumber) == [0])
    }

    @Test(
        "A connection that ends by its age is followed by another, of the same process", arguments: LeaveMethod.allCases
    )
    func reconnects(method: LeaveMethod) {
        var script = Self.running()
        script.step { $0.leave(by: method, then: .reconnects, at: $1, &$2) }
        if script.agent.state == .closing { script.closed() }
        script.pass(.milliseconds(1))
        #expect(script.connects == 2)
        script.opened()
        #expect(script.sent.map(\.kind) == [.reconnect])
        #expect(script.sent.first.map { $0.report.sequenceNumber > 0 } == true)
    }

    @Test(
        "Reports without an answer are cut, not lost: the agent itself ended the connection",
        arguments: LeaveMethod.allCases)
    func cut(method: LeaveMethod) {
        var script = Self.running()
        script.pass(.seconds(31))
        #expect(script.agent.outstandingReports > 0)
        script.step { $0.leave(by: method, then: .gone, at: $1, &$2) }
        if script.agent.state == .closing { script.closed() }
        #expect(script.allSteps.unanswered(.cut) > 0)
        #expect(script.allSteps.unanswered(.connectionLost) == 0)
    }

    @Test("An agent that is away misses no heartbeats, and one that lost its connection does")
    func missed() {
        let plan = CohortPlan.with {
            $0.heartbeat = HeartbeatPlan(interval: .seconds(10), phase: .fromConnection)
            $0.reconnect = .fixed(.seconds(60))
        }
        for (sequel, expected) in [(AfterLeaving.back(after: .seconds(60)), 0), (.reconnects, 1)] {
            var script = AgentScript(plan)
            script.run()
            script.step { $0.leave(by: .reset, then: sequel, at: $1, &$2) }
            script.pass(.seconds(61))
            script.opened()
            script.acknowledge()
            let missed = script.allSteps.count { if case .heartbeatsNotPossible = $0 { true } else { false } }
            #expect(missed == expected)
        }
    }

    @Test("An agent without a connection leaves without a message", arguments: LeaveMethod.allCases)
    func unconnected(method: LeaveMethod) {
        var connecting = AgentScript()
        connecting.start()
        connecting.step { $0.leave(by: method, then: .gone, at: $1, &$2) }
        #expect(connecting.agent.state == .disconnected)
        #expect(Self.transport(connecting.steps) == ["abort"])

        var waiting = AgentScript()
        waiting.start()
        waiting.failed()
        waiting.step { $0.leave(by: method, then: .back(after: .seconds(5)), at: $1, &$2) }
        #expect(waiting.agent.state == .restarting)
        #expect(Self.transport(waiting.steps).isEmpty)
    }

    @Test("A close that is under way for another reason ends the agent that leaves for good")
    func closing() {
        var script = Self.running()
        script.step { $0.restartProcess(at: $1, &$2) }
        #expect(script.agent.state == .closing)
        script.step { $0.leave(by: .reset, then: .gone, at: $1, &$2) }
        script.closed()
        #expect(script.agent.state == .disconnected)
    }

    @Test("No order of departures is out of an agent's state", arguments: 0..<20)
    func anyOrder(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 1)
        var script = AgentScript(CohortPlan.with { $0.reconnect = .fixed(.seconds(1)) })
        script.start()
        for _ in 0..<200 {
            let method = LeaveMethod.allCases[random.index(below: LeaveMethod.allCases.count)]
            switch random.index(below: 6) {
            case 0: script.step { $0.leave(by: method, then: .back(after: .seconds(2)), at: $1, &$2) }
            case 1: script.step { $0.leave(by: method, then: .reconnects, at: $1, &$2) }
            case 2: script.step { $0.restartProcess(at: $1, &$2) }
            case 3: script.step { $0.reportStatus(.all, at: $1, &$2) }
            case 4:
                switch script.agent.state {
                case .connecting: script.opened()
                case .closing: script.closed()
                case .connected, .running: script.acknowledge()
                default: break
                }
            default: script.pass(.milliseconds(700))
            }
        }
        script.step { $0.leave(by: .reset, then: .gone, at: $1, &$2) }
        if script.agent.state == .closing { script.closed() }
        #expect(script.agent.state == .disconnected)
        #expect(script.counts(.eventOutOfState) == 0)
    }

    @Test("A fleet reports a part of its status at one moment, whole where a server has asked for nothing")
    func status() {
        var script = Self.running()
        for part in StatusPart.allCases {
            script.step { $0.reportStatus(part, at: $1, &$2) }
            #expect(script.sent.map(\.kind) == [.status])
        }
        #expect(script.sent.first?.report.effectiveConfig != nil)
        #expect(script.sent.first?.report.agentDescription != nil)
    }

    @Test("A replacement has the place's zone and attributes, and an instance uid and a host name of its own")
    func replacement() throws {
        let cohort = Cohort(CohortPlan(name: "pods"), seed: 3, unixOrigin: 0)
        let first = Agent(index: 7, cohort: cohort)
        let number = AgentNumber(7).replacement.replacement
        #expect(number.place == 7 && number.replacements == 2)
        let second = Agent(index: number.rawValue, cohort: cohort)
        #expect(first.instanceUID != second.instanceUID)
        #expect(cohort.zone(of: first.index) == cohort.zone(of: second.index))
        func attributes(_ agent: Agent) -> [String: String] {
            agent.description.nonIdentifyingAttributes.reduce(into: [:]) { $0[$1.key] = String(describing: $1.value) }
        }
        let changed = attributes(first).filter { attributes(second)[$0.key] != $0.value }.map(\.key)
        #expect(changed == ["host.name"])
        #expect(attributes(second)["host.name"]?.contains("pods-7-r2") == true)
    }

    @Test("A mix of methods is drawn by its weights")
    func mixed() {
        let plan = LeavePlan(mixed: [.init(.agentDisconnect, weight: 3), .init(.reset, weight: 1)])
        var random = SeededRandom(seed: 9, stream: 1)
        var counts: [LeaveMethod: Int] = [:]
        for _ in 0..<4_000 { counts[plan.method(&random), default: 0] += 1 }
        #expect(abs((counts[.agentDisconnect] ?? 0) - 3_000) < 150)
        #expect((counts[.agentDisconnect] ?? 0) + (counts[.reset] ?? 0) == 4_000)
    }
}

@Suite("The pace of heartbeats")
struct PaceTests {
    @Test("Agents follow a change of pace with their next heartbeat, up and down again")
    func pace() {
        var script = AgentScript(
            CohortPlan.with { $0.heartbeat = HeartbeatPlan(interval: .seconds(8), phase: .fromConnection) })
        script.run()
        #expect(script.pass(.seconds(80), acknowledging: true).count == 10)
        script.agent.cohort.pace.factor = 4
        // The one that is waited for still has the old interval.
        script.pass(.seconds(8), acknowledging: true)
        #expect(script.pass(.seconds(80), acknowledging: true).count == 40)
        script.agent.cohort.pace.factor = 0.5
        script.pass(.seconds(2), acknowledging: true)
        #expect(script.pass(.seconds(160), acknowledging: true).count == 10)
    }

    @Test("A pace that is no number above 0 is the planned one", arguments: [0, -1, .nan])
    func invalid(factor: Double) {
        let cohort = Cohort(CohortPlan(name: "x"), seed: 1, unixOrigin: 0)
        cohort.pace.factor = factor
        #expect(cohort.pace.factor == 1)
    }
}
