import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Faults and odd agents: each does what its name says, and is counted")
struct FaultTests {
    private func plan(_ fault: Fault, _ change: (inout CohortPlan) -> Void = { _ in }) -> CohortPlan {
        .with {
            $0.heartbeat = HeartbeatPlan(interval: .seconds(10), phase: .fromConnection)
            $0.remoteConfig = RemoteConfigPlan(applyTime: .constant(.seconds(2)), watchers: [])
            $0.faults.rates = [fault: 1]
            $0.faults.recurrence = 0.5
            $0.restartTime = .constant(.seconds(1))
            change(&$0)
        }
    }

    private let offer = RemoteConfigTests.offer([1, 2])

    @Test("A rate is the share of the agents that have the fault", arguments: [0, 0.1, 0.5, 1])
    func rates(_ rate: Double) {
        var plan = CohortPlan(name: "c")
        plan.faults.rates = [.isClone: rate, .crashes: 0.2]
        let cohort = Cohort(plan, seed: 4, unixOrigin: 0)
        let clones = (0..<2000).filter { Agent(index: $0, cohort: cohort).faults.has(.isClone) }.count
        #expect(abs(Double(clones) - 2000 * rate) <= 5 * (2000 * rate * (1 - rate)).squareRoot())
    }

    @Test("ignoresOffers")
    func ignoresOffers() {
        var script = AgentScript(plan(.ignoresOffers))
        script.run()
        script.receive(offer)
        #expect(script.sent.isEmpty)
        #expect(script.steps.faults(.ignoresOffers) == 1)
        #expect(script.pass(.seconds(100), acknowledging: true).allSatisfy { $0.kind == .heartbeat })
    }

    @Test("appliesSlowly")
    func appliesSlowly() {
        var script = AgentScript(plan(.appliesSlowly))
        script.run()
        script.receive(offer)
        let applied = script.pass(.seconds(100), acknowledging: true).first {
            $0.report.remoteConfigStatus?.status == .applied
        }
        #expect(applied?.at == Instant.zero + .seconds(20))
        #expect(script.allSteps.faults(.appliesSlowly) == 1)
    }

    @Test("failsToApply, and with recovers it works after a while")
    func failsAndRecovers() {
        var script = AgentScript(
            plan(.failsToApply) {
                $0.faults.rates = [.failsToApply: 1, .recovers: 1]
                $0.faults.timeToRecovery = .constant(.seconds(30))
            })
        script.run()
        script.receive(offer)
        let statuses = script.pass(.seconds(100), acknowledging: true).compactMap {
            $0.report.remoteConfigStatus?.status
        }
        #expect(statuses == [.failed, .applied])
        #expect(script.allSteps.faults(.failsToApply) == 1)
        #expect(script.allSteps.faults(.recovers) == 1)
        #expect(script.allSteps.offers.last?.stage == .converged)
        #expect(script.allSteps.offers.last?.elapsed == .seconds(32))
    }

    @Test("diesAfterApplying")
    func diesAfterApplying() {
        var script = AgentScript(plan(.diesAfterApplying) { $0.faults.timeToDeath = .constant(.seconds(5)) })
        script.run()
        script.receive(offer)
        script.pass(.seconds(7))
        #expect(script.agent.state == .restarting)
        #expect(script.allSteps.faults(.diesAfterApplying) == 1)
    }

    @Test("reportsWrongHash")
    func reportsWrongHash() {
        var script = AgentScript(plan(.reportsWrongHash))
        script.run()
        script.receive(offer)
        #expect(script.sent.first?.report.remoteConfigStatus?.lastRemoteConfigHash == [0xFE, 2])
        #expect(script.steps.faults(.reportsWrongHash) == 1)
    }

    @Test("reportsOtherConfig says APPLIED, reports the old configuration, and never counts as converged")
    func reportsOtherConfig() {
        var script = AgentScript(plan(.reportsOtherConfig))
        script.run()
        script.receive(offer)
        let sent = script.pass(.seconds(2))
        #expect(sent.first?.report.remoteConfigStatus?.status == .applied)
        #expect(sent.first?.report.effectiveConfig == script.allSent[0].report.effectiveConfig)
        #expect(!script.allSteps.offers.contains { $0.stage == .converged })
        #expect(script.allSteps.faults(.reportsOtherConfig) == 1)
    }

    @Test("chats: a report each second, with a tree of fifteen components, never the same twice in a row")
    func chats() throws {
        var script = AgentScript(plan(.chats))
        script.run()
        let sent = script.pass(.seconds(20), acknowledging: true).filter { $0.kind == .status }
        #expect(sent.count == 20)
        for report in sent.map(\.report) {
            let components = try #require(report.health).componentHealthMap.values.reduce(0) {
                $0 + $1.componentHealthMap.count
            }
            #expect(components == 15)
        }
        #expect(script.allSteps.faults(.chats) == 20)
        #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.report.health != $1.report.health })
    }

    @Test("readsSlowly")
    func readsSlowly() {
        var script = AgentScript(plan(.readsSlowly))
        script.run()
        let rates = script.allSteps.compactMap { if case .readSlowly(let rate) = $0 { rate } else { nil } }
        #expect(rates == [64])
        #expect(script.allSteps.faults(.readsSlowly) == 1)
    }

    @Test("forgetsInstanceUID after a crash; an agent without the fault keeps it")
    func forgetsInstanceUID() {
        for (rates, isSame) in [([Fault.crashes: 1.0, .forgetsInstanceUID: 1.0], false), ([.crashes: 1.0], true)] {
            var script = AgentScript(
                plan(.crashes) {
                    $0.faults.rates = rates
                    $0.faults.timeBetweenCrashes = .constant(.seconds(33))
                })
            script.run()
            let uid = script.agent.instanceUID
            script.pass(.seconds(33), acknowledging: true)
            #expect(script.agent.state == .restarting)
            #expect(script.allSteps.faults(.crashes) == 1)
            script.pass(.seconds(1))
            script.opened()
            #expect((script.agent.instanceUID == uid) == isSame)
            #expect(script.allSteps.faults(.forgetsInstanceUID) == (isSame ? 0 : 1))
            #expect(script.sent.first?.report.instanceUID == .uid(script.agent.instanceUID))
        }
    }

    @Test("isClone: all clones of a cohort have one uid; those of another cohort another")
    func clones() {
        func uid(_ index: UInt64, _ name: String) -> InstanceUID {
            var plan = CohortPlan(name: name)
            plan.faults.rates = [.isClone: 1]
            return Agent(index: index, cohort: Cohort(plan, seed: 1, unixOrigin: 0)).instanceUID
        }
        #expect(uid(1, "a") == uid(2, "a"))
        #expect(uid(1, "a") != uid(1, "b"))
    }

    @Test(
        "Each connection under another agent's uid counts, until the server assigns a new one",
        arguments: [Fault.isClone, .reusesInstanceUID])
    func borrowed(fault: Fault) {
        var script = AgentScript(plan(fault))
        script.run()
        #expect(script.allSteps.faults(fault) == 1)
        script.lost()
        script.opened()
        script.acknowledge()
        #expect(script.allSteps.faults(fault) == 2)
        let own = InstanceUID(high: 1, low: 2)
        script.receive(ServerToAgent(agentIdentification: AgentIdentification(newInstanceUID: .uid(own))))
        script.lost()
        script.opened()
        #expect(script.sent.first?.report.instanceUID == .uid(own))
        #expect(script.allSteps.faults(fault) == 2)
    }

    @Test("reusesInstanceUID: the uid of the agent before it")
    func reuses() {
        let healthy = Cohort(CohortPlan(name: "c"), seed: 1, unixOrigin: 0)
        let thief = Agent(index: 5, cohort: Cohort(plan(.reusesInstanceUID), seed: 1, unixOrigin: 0))
        #expect(thief.instanceUID == Agent(index: 4, cohort: healthy).instanceUID)
    }

    @Test("skipsSequenceNumbers now and then")
    func skips() {
        var script = AgentScript(plan(.skipsSequenceNumbers))
        script.run()
        script.pass(.seconds(1000), acknowledging: true)
        let numbers = script.allSent.map(\.report.sequenceNumber)
        let gaps = zip(numbers.dropFirst(), numbers).filter { $0 != $1 + 1 }.count
        #expect(gaps == script.allSteps.faults(.skipsSequenceNumbers))
        #expect(gaps > 25 && gaps < 75)
    }

    @Test("sendsMalformed: bytes that no decoder accepts")
    func malformed() {
        let cohort = Cohort(plan(.sendsMalformed) { $0.faults.recurrence = 1 }, seed: 1, unixOrigin: 0)
        var agent = Agent(index: 0, cohort: cohort)
        var effects = Effects()
        agent.start(at: .zero, &effects)
        agent.connected(at: .zero, &effects)
        agent.received(ServerToAgent(), at: .zero, &effects)
        for beat in 1...50 {
            effects.removeAll()
            agent.wake(at: .zero + .seconds(Int64(10 * beat)), &effects)
            let slices = effects.list.compactMap { if case .send(let slice) = $0 { slice } else { nil } }
            #expect(slices.map(\.kind) == [.malformed] && effects.list.faults(.sendsMalformed) == 1)
            #expect(throws: DecodingError.self) {
                _ = try AgentToServer(decoding: Array(effects.bytes[slices[0].range]))
            }
        }
    }

    @Test("sendsOversized: as large as the plan says, and the server can have the true state again")
    func oversized() {
        var script = AgentScript(plan(.sendsOversized) { $0.faults.oversizedBytes = 100_000 })
        script.run()
        let sent = script.pass(.seconds(200), acknowledging: true)
        let large = sent.filter { $0.kind == .oversized }
        #expect(!large.isEmpty && large.allSatisfy { $0.report.encodedSize > 100_000 })
        #expect(script.allSteps.faults(.sendsOversized) == large.count)
    }

    @Test("ignoresThrottling")
    func ignoresThrottling() {
        var script = AgentScript(plan(.ignoresThrottling))
        script.run()
        script.receive(ServerToAgent(errorResponse: ServerErrorResponse(type: .unavailable)))
        #expect(script.agent.state == .running)
        #expect(script.steps.faults(.ignoresThrottling) == 1)
    }

    @Test("hasSkewedClock: timestamps hours away, ahead or behind", arguments: [0, 1] as [UInt64])
    func skew(index: UInt64) {
        var script = AgentScript(plan(.hasSkewedClock), index: index)
        script.start()
        script.opened()
        let started = script.sent.first?.report.health?.startTimeUnixNano ?? 0
        let off = Int64(bitPattern: started &- 1_780_000_000_000_000_000)
        #expect(off == (index == 0 ? 10_800_000_000_000 : -10_800_000_000_000))
        #expect(script.allSteps.faults(.hasSkewedClock) == 1)
        script.acknowledge()
        script.pass(.seconds(100), acknowledging: true)
        // Heartbeats tell no time.
        #expect(script.allSteps.faults(.hasSkewedClock) == 1)
    }

    @Test("leavesWithoutAgentDisconnect")
    func leavesWithoutAgentDisconnect() {
        var script = AgentScript(plan(.leavesWithoutAgentDisconnect))
        script.run()
        script.drain()
        #expect(script.sent.isEmpty)
        #expect(script.steps.aborts == 1)
        #expect(script.agent.state == .disconnected)
        #expect(script.steps.faults(.leavesWithoutAgentDisconnect) == 1)
    }

    @Test("reconnectsTooFast: again and again, without back-off")
    func reconnectsTooFast() {
        var script = AgentScript(plan(.reconnectsTooFast))
        script.start()
        for _ in 0..<100 {
            script.failed()
            script.pass(.milliseconds(10))
            #expect(script.agent.state == .connecting)
        }
        #expect(script.now == Instant.zero + .seconds(1))
        #expect(script.allSteps.faults(.reconnectsTooFast) == 100)
    }

    @Test(
        "Markers in a configuration's body steer the agents, all of them or a share",
        arguments: [("fail", 1.0), ("fail share=0.3", 0.3), ("crash", 1.0), ("ignore share=0.5", 0.5)])
    func markers(text: String, share: Double) {
        let cohort = Cohort(.with { $0.remoteConfig.applyTime = .constant(.seconds(2)) }, seed: 6, unixOrigin: 0)
        var applied = 0
        for index in 0..<400 {
            var script = AgentScript(agent: Agent(index: UInt64(index), cohort: cohort), now: .zero)
            script.run()
            script.receive(RemoteConfigTests.offer([3], "a: 1\n  # muster: \(text)\n"))
            let sent = script.pass(.seconds(3))
            if sent.contains(where: { $0.report.remoteConfigStatus?.status == .applied }) { applied += 1 }
        }
        #expect(abs(Double(applied) - 400 * (1 - share)) <= 5 * (400 * share * (1 - share)).squareRoot())
    }

    @Test("The marker slow sets a minimum time, lie reports the former configuration")
    func slowAndLie() {
        var slow = AgentScript(plan(.isClone))
        slow.run()
        slow.receive(RemoteConfigTests.offer([3], "a: 1\n# muster: slow 1m\n"))
        let applied = slow.pass(.seconds(100), acknowledging: true).first { $0.report.remoteConfigStatus != nil }
        #expect(applied?.at == Instant.zero + .seconds(60))
        var liar = AgentScript(plan(.isClone))
        liar.run()
        liar.receive(RemoteConfigTests.offer([3], "a: 1\n# muster: lie\n"))
        let sent = liar.pass(.seconds(2))
        #expect(sent.first?.report.effectiveConfig == liar.allSent[0].report.effectiveConfig)
    }
}
