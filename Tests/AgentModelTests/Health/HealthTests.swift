import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Health (spec: ComponentHealth Message)")
struct HealthTests {
    private func script(
        _ model: HealthModel, share: Double = 1, hangs: Bool = false, threshold: Int = 1, index: UInt64 = 0,
        zones: [String] = ["z"], zone: String? = nil
    ) -> AgentScript {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .zero)
                $0.zones = zones
                $0.health = HealthPlan(
                    checkInterval: .seconds(10), checkTimeout: .seconds(3), failureThreshold: threshold,
                    healthFaults: [.init(model, share: share, zone: zone, hangs: hangs)])
            }, index: index)
        script.run()
        return script
    }

    @Test("An agent that nothing befalls never checks and never reports")
    func steady() {
        var script = AgentScript(.with { $0.heartbeat = HeartbeatPlan(interval: .zero) })
        script.run()
        #expect(script.pass(.seconds(10_000)).isEmpty)
    }

    @Test("Sudden death is reported at the next check, as unhealthy with a reason, and only once")
    func suddenDeath() throws {
        var script = script(.suddenDeath(after: .constant(.seconds(25))))
        let sent = script.pass(.seconds(1000), acknowledging: true)
        #expect(sent.count == 1)
        let health = try #require(sent.first?.report.health)
        #expect(!health.healthy)
        #expect(!health.lastError.isEmpty)
        #expect(sent[0].at >= .zero + .seconds(25) && sent[0].at < .zero + .seconds(35))
        #expect(sent[0].kind == .status)
        #expect(script.allSteps.conditions == [.unhealthy])
    }

    @Test("The reported health is recorded once for each change, from the first report on")
    func told() {
        func told(_ script: AgentScript) -> [HealthChange] {
            script.allSteps.compactMap { if case .healthReported(let change) = $0 { change } else { nil } }
        }
        var dying = script(.suddenDeath(after: .constant(.seconds(25))))
        dying.pass(.seconds(1000), acknowledging: true)
        #expect(told(dying) == [HealthChange(from: nil, to: .healthy), HealthChange(from: .healthy, to: .unhealthy)])
        var decaying = script(.decay(each: .constant(.seconds(100))))
        decaying.pass(.seconds(10_000), acknowledging: true)
        #expect(told(decaying).map(\.to) == [.healthy, .degraded, .unhealthy])
        #expect(decaying.agent.reportedHealth == .unhealthy)
        var silent = AgentScript(.with { $0.capabilities.remove(.reportsHealth) })
        silent.run()
        #expect(told(silent).isEmpty)
        #expect(silent.agent.reportedHealth == nil)
    }

    @Test(
        "A stopped component has no start time, in the whole tree; an unhealthy one keeps it (spec: ComponentHealth)"
    )
    func startTimes() throws {
        func starts(_ health: ComponentHealth) -> Set<UInt64> {
            health.componentHealthMap.values.reduce([health.startTimeUnixNano]) { $0.union(starts($1)) }
        }
        var dead = script(.suddenDeath(after: .constant(.seconds(25))))
        #expect(starts(try #require(dead.allSent[0].report.health)) == [1_780_000_000_000_000_000])
        let death = try #require(dead.pass(.seconds(100), acknowledging: true).first?.report.health)
        #expect(starts(death) == [0])
        var out = script(.outage(from: .seconds(20), lasting: .seconds(1000)))
        let outage = try #require(out.pass(.seconds(100), acknowledging: true).first?.report.health)
        #expect(!outage.healthy)
        #expect(starts(outage) == [1_780_000_000_000_000_000])
    }

    @Test("Whatever is unhealthy in the tree says why, and what is healthy does not (spec: ComponentHealth.last_error)")
    func reasons() throws {
        func check(_ health: ComponentHealth) {
            #expect(health.healthy == health.lastError.isEmpty)
            for component in health.componentHealthMap.values { check(component) }
        }
        for model in [
            HealthModel.decay(each: .constant(.seconds(20))), .suddenDeath(after: .constant(.seconds(30))),
            .outage(from: .seconds(20), lasting: .seconds(50)),
        ] {
            var script = script(model)
            let sent = script.pass(.seconds(300), acknowledging: true)
            #expect(!sent.isEmpty)
            for report in sent { check(try #require(report.report.health)) }
        }
    }

    @Test("With a failure threshold, health is reported after that many equal checks", arguments: [1, 2, 5])
    func threshold(_ checks: Int) {
        var script = script(.suddenDeath(after: .constant(.seconds(25))), threshold: checks)
        let at = script.pass(.seconds(1000), acknowledging: true).first?.at ?? .zero
        #expect(at >= .zero + .seconds(Int64(25 + 10 * (checks - 1))))
        #expect(at < .zero + .seconds(Int64(35 + 10 * (checks - 1))))
    }

    @Test("A check that hangs takes as long as its timeout")
    func hanging() {
        var quick = script(.suddenDeath(after: .constant(.seconds(25))))
        var hanging = script(.suddenDeath(after: .constant(.seconds(25))), hangs: true)
        let first = quick.pass(.seconds(100), acknowledging: true).first?.at ?? .zero
        let second = hanging.pass(.seconds(100), acknowledging: true).first?.at ?? .zero
        #expect(second - first == .seconds(3))
    }

    @Test("With flapping one component fails and recovers; each change is reported once")
    func flapping() {
        var script = script(.flapping(up: .constant(.seconds(100)), down: .constant(.seconds(50))))
        let sent = script.pass(.seconds(915), acknowledging: true)
        #expect(sent.count == 12)
        for (number, report) in sent.map(\.report).enumerated() {
            #expect(report.health?.healthy == true)
            #expect(report.health?.status == (number % 2 == 0 ? "StatusRecoverableError" : "StatusOK"))
            let down = report.health?.componentHealthMap.values.flatMap { $0.componentHealthMap.values }.filter {
                !$0.healthy
            }
            #expect(down?.count == (number % 2 == 0 ? 1 : 0))
        }
    }

    @Test("With decay the components fail one after the other, and the agent with the last")
    func decay() {
        var script = script(.decay(each: .constant(.seconds(20))))
        let sent = script.pass(.seconds(1000), acknowledging: true)
        // Two pipelines of four components and one extension.
        #expect(sent.count == 9)
        #expect(sent.dropLast().allSatisfy { $0.report.health?.healthy == true })
        #expect(sent.last?.report.health?.healthy == false)
        // The components that are down change nine times, the condition twice.
        #expect(script.allSteps.conditions == [.degraded, .unhealthy])
    }

    @Test("An outage without an end stays")
    func endless() {
        var script = script(.outage(from: .seconds(100), lasting: nil))
        #expect(script.pass(.seconds(100_000), acknowledging: true).map { $0.report.health?.healthy } == [false])
    }

    @Test("An outage strikes a zone together, and ends together")
    func outage() {
        let model = HealthModel.outage(from: .seconds(100), lasting: .seconds(60))
        var afflicted = 0
        for index in 0..<60 {
            var script = script(model, index: UInt64(index), zones: ["a", "b"], zone: "b")
            let sent = script.pass(.seconds(400), acknowledging: true)
            guard script.agent.cohort.zone(of: UInt64(index)) == "b" else {
                #expect(sent.isEmpty)
                continue
            }
            afflicted += 1
            #expect(sent.map { $0.report.health?.healthy } == [false, true])
            #expect(sent[0].at >= .zero + .seconds(100) && sent[0].at <= .zero + .seconds(110))
            #expect(sent[1].at >= .zero + .seconds(160) && sent[1].at <= .zero + .seconds(170))
        }
        #expect(afflicted > 10)
    }

    @Test("Only the share of the agents is afflicted that the plan says")
    func share() {
        var afflicted = 0
        for index in 0..<500 {
            var script = script(.suddenDeath(after: .constant(.zero)), share: 0.3, index: UInt64(index))
            if !script.pass(.seconds(20)).isEmpty { afflicted += 1 }
        }
        #expect(abs(afflicted - 150) < 52)
    }

    @Test("Without ReportsHealth nothing is reported")
    func undeclared() {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .zero)
                $0.capabilities.remove(.reportsHealth)
                $0.health = HealthPlan(healthFaults: [.init(.suddenDeath(after: .constant(.zero)))])
            })
        script.run()
        #expect(script.pass(.seconds(1000)).isEmpty)
    }
}

extension [Effect] {
    /// What the reports say of the health, one after the other, but for the first.
    var conditions: [HealthGrade] {
        compactMap { if case .healthReported(let change) = $0, change.from != nil { change.to } else { nil } }
    }
}

@Suite("Restart command (spec: ServerToAgentCommand Message)")
struct RestartTests {
    private let command = ServerToAgent(flags: .reportFullState, command: ServerToAgentCommand(type: .restart))

    private func plan(_ form: RestartForm) -> CohortPlan {
        .with {
            $0.heartbeat = HeartbeatPlan(interval: .zero)
            $0.restartForm = form
            $0.restartTime = .constant(.seconds(4))
        }
    }

    @Test("Under a supervisor the collector is reported down with a start time of 0, then up with a new one")
    func supervised() throws {
        var script = AgentScript(plan(.supervised))
        script.run()
        script.pass(.seconds(100))
        script.receive(command)
        let down = try #require(script.sent.first?.report.health)
        #expect(!down.healthy && down.startTimeUnixNano == 0 && !down.lastError.isEmpty)
        // Everything beside the command is ignored.
        #expect(script.sent.count == 1)
        #expect(script.sent.first?.report.agentDescription == nil)
        let sent = script.pass(.seconds(4))
        let up = try #require(sent.first?.report.health)
        #expect(up.healthy)
        #expect(up.startTimeUnixNano == 1_780_000_000_000_000_000 + 104_000_000_000)
        #expect(script.agent.state == .running)
    }

    @Test(
        "As a whole the process sends agent_disconnect, closes, and connects again with a new start time and sequence")
    func whole() throws {
        var script = AgentScript(plan(.whole))
        script.run()
        let uid = script.agent.instanceUID
        script.receive(command)
        #expect(script.sent.map(\.kind) == [.agentDisconnect])
        #expect(script.steps.closeCodes == [1000])
        script.closed()
        #expect(script.agent.state == .restarting)
        script.pass(.seconds(4))
        #expect(script.agent.state == .connecting)
        script.opened()
        let report = try #require(script.sent.first).report
        #expect(report.sequenceNumber == 0)
        #expect(report.instanceUID == .uid(uid))
        #expect(report.health?.startTimeUnixNano == 1_780_000_004_000_000_000)
    }

    @Test("An agent that does not accept the command ignores it and processes the rest")
    func undeclared() {
        var script = AgentScript(.with { $0.capabilities.remove(.acceptsRestartCommand) })
        script.run()
        script.receive(command)
        #expect(script.counts(.undeclaredCapabilityUsed) == 1)
        #expect(script.sent.map(\.kind) == [.fullState])
    }
}
