import Basis
import Testing

@testable import Rollout

/// The decisions of each preset on small fleets, by the documented rules of its engine.
@Suite("Presets")
struct PresetTests {
    private func world(_ preset: RolloutPreset, agents: Int, _ change: (inout RolloutPlan) -> Void = { _ in })
        -> TestWorld
    {
        var plan = preset.plan
        change(&plan)
        return TestWorld(plan, fleet: RolloutFleet(count: agents))
    }

    @Test("Without faults every preset reaches every agent", arguments: RolloutPreset.allCases)
    func finishes(_ preset: RolloutPreset) {
        var world = world(preset, agents: 1_000)
        world.run()
        #expect(world.controller.result == .finished)
        #expect(world.controller.tally.applied == 1_000)
        #expect(world.offers == 1_000)
    }

    @Test("A preset is written out in the plan and read again as the same", arguments: RolloutPreset.allCases)
    func writtenOut(_ preset: RolloutPreset) throws {
        let text = preset.plan.resolvedYAML
        #expect(try RolloutPlan.read(Array(text.utf8), source: "plan") == preset.plan)
        #expect(try RolloutPlan.read(Array("preset: \(preset.rawValue)".utf8), source: "plan") == preset.plan)
    }

    @Test("Kubernetes: a quarter at once; failed agents keep their place; 600 s without progress stop it, no rollback")
    func kubernetes() {
        var world = world(.kubernetes, agents: 100)
        world.run()
        #expect(world.maxInFlight == 25)
        var bad = self.world(.kubernetes, agents: 100)
        bad.behaviour = { _ in .fails }
        bad.run()
        #expect(bad.offered.count == 25)
        #expect(bad.takenBack.isEmpty)
        #expect(bad.controller.state == .paused(stage: 0, .failure))
        #expect(bad.decisions.last?.at == Instant.zero + .seconds(600))
        // 24 that fail leave one place, through which the rest goes.
        var slow = self.world(.kubernetes, agents: 100)
        let broken = Set(slow.controller.order.prefix(24))
        slow.behaviour = { broken.contains($0) ? .fails : .applies }
        slow.run()
        #expect(slow.controller.result == .finished)
        #expect(slow.controller.tally.applied == 76)
    }

    @Test("Argo Rollouts: one failed measurement aborts and returns to the former revision; five errors do too")
    func argo() {
        var world = world(.argo, agents: 100)
        let broken = Set(world.controller.order.prefix(2))
        world.behaviour = { broken.contains($0) ? .unhealthy(after: .seconds(30)) : .applies }
        world.run()
        // The first look, within the pause of ten minutes after 20 %.
        #expect(world.offered.count == 20)
        #expect(world.takenBack == world.offered)
        guard case .ended(.rolledBack(stage: 0, unreached: 0)) = world.controller.state else {
            Issue.record("\(world.controller.state)")
            return
        }
        var silent = self.world(.argo, agents: 100) { $0.limits.agentTimeout = .seconds(10) }
        let quiet = silent.controller.order[0]
        silent.behaviour = { $0 == quiet ? .silent : .applies }
        silent.run()
        // 1 of 20 is not above 5 %; the fifth look at five minutes is one too many.
        #expect(silent.decisions.contains { $0.kind.isStop && $0.at == Instant.zero + .minutes(5) })
    }

    @Test("Flagger: a failed check holds the weight back; the fifth rolls back")
    func flagger() {
        var world = world(.flagger, agents: 100)
        world.behaviour = { $0 % 10 == 0 ? .fails : .applies }
        let broken = Set((0..<100).filter { $0 % 10 == 0 }.map { UInt32($0) })
        world.run()
        let failing = world.controller.order.firstIndex { broken.contains($0) } ?? 0
        #expect(world.offered.count == (failing / 10 + 1) * 10)
        #expect(world.takenBack == world.offered)
        let stop = world.decisions.first { $0.kind.isStop }
        let began = world.decisions.last { $0.kind.isStageBegin }
        if let stop, let began { #expect(stop.at >= began.at + .minutes(4)) } else { Issue.record("never stopped") }
    }

    @Test("AWS IoT: 50 a minute, twice that after each 1,000 successes, 1,000 at most; 20 % of 100 abort")
    func awsIoT() {
        var world = world(.awsIoT, agents: 10_000)
        world.run()
        // 1,000 at 50/min, then 100, 200, 400, 800 and 1,000 for the rest: 20 + 10 + 5 + 2.5 + 1.25 + 5 minutes.
        let length = world.controller.length
        #expect(length > .minutes(42) && length < .minutes(47), "\(length)")
        var bad = self.world(.awsIoT, agents: 10_000)
        bad.behaviour = { $0 % 4 == 0 ? .fails : .applies }
        bad.run()
        guard case .ended(.aborted) = bad.controller.state else {
            Issue.record("\(bad.controller.state)")
            return
        }
        #expect(bad.controller.tally.answered >= 100 && bad.controller.tally.answered <= 110)
        #expect(bad.takenBack.isEmpty)
        var few = self.world(.awsIoT, agents: 99)
        few.behaviour = { _ in .fails }
        few.run()
        #expect(few.controller.result == .finished, "below the smallest sample nothing is aborted")
    }

    @Test(
        "AWS SSM: 50 at once; one error more than allowed stops it; what runs finishes and counts",
        arguments: [0, 3])
    func awsSSM(errors: Int) {
        var world = world(.awsSSM, agents: 1_000) { $0.gates[0].above = .agents(errors) }
        let order = world.controller.order
        let broken = Set(order[100..<110])
        world.behaviour = { broken.contains($0) ? .fails : .applies }
        world.delay = { agent in .milliseconds(1_000 + Int64(agent)) }
        world.run()
        #expect(world.maxInFlight == 50)
        guard
            case .stopped(_, .gate(0, let figures), let tally)? = world.decisions.first(where: { $0.kind.isStop })?.kind
        else {
            Issue.record("never stopped")
            return
        }
        #expect(figures.faulty == errors + 1)
        #expect(world.controller.tally.answered == tally.answered + tally.inFlight)
        #expect(world.controller.tally.failed >= errors + 1)
        #expect(world.controller.result == .aborted(stage: 0))
    }

    @Test("AWS AppConfig: a fifth each six minutes whatever was answered, then 30 minutes; an alarm rolls all back")
    func awsAppConfig() {
        var world = world(.awsAppConfig, agents: 100)
        world.run()
        let begins = world.decisions.filter { $0.kind.isStageBegin }.map { $0.at - Instant.zero }
        #expect(begins == [0, 6, 12, 18, 24].map { Nanoseconds.minutes($0) })
        #expect(world.controller.ended == Instant.zero + .minutes(60))
        var bad = self.world(.awsAppConfig, agents: 100)
        bad.behaviour = { _ in .unhealthy(after: .minutes(7)) }
        bad.run()
        #expect(bad.takenBack == bad.offered)
        #expect(bad.offered.count == 40)
    }

    @Test("Bindplane: 3, 15, 75, then 100 agents each; any error pauses")
    func bindplane() {
        var world = world(.bindplane, agents: 400)
        world.run()
        let sizes = world.decisions.compactMap { decision -> Int? in
            if case .stageBegan(_, let agents) = decision.kind { agents } else { nil }
        }
        #expect(sizes == [3, 15, 75, 100, 100, 100, 7])
        var bad = self.world(.bindplane, agents: 400)
        let broken = bad.controller.order[10]
        bad.behaviour = { $0 == broken ? .fails : .applies }
        bad.run()
        #expect(bad.controller.state == .paused(stage: 1, .failure))
        #expect(bad.offered.count == 18)
    }

    @Test(
        "Ampora: each gate is a share of the present step",
        arguments: [
            (TestWorld.Behaviour.fails, 0.2), (.silent, 0.2), (.unhealthy(after: .seconds(5)), 0.2),
            (.disconnects(after: .seconds(5)), 0.1),
        ])
    func ampora(fault: TestWorld.Behaviour, share: Double) {
        for isAbove in [false, true] {
            var world = world(.ampora, agents: 1_000)
            // The first step has 50 agents.
            let count = Int(50 * share) + (isAbove ? 1 : 0)
            let broken = Set(world.controller.order.prefix(count))
            world.behaviour = { broken.contains($0) ? fault : .applies }
            world.run()
            if isAbove {
                #expect(world.controller.state == .paused(stage: 0, .failure))
                #expect(world.offered.count == 50)
            } else {
                #expect(world.controller.result == .finished)
            }
        }
    }

    @Test("Elastic Fleet: evenly over the window; retries after 1, 5, 10, 15, 30 and 60 minutes")
    func elasticFleet() {
        var world = world(.elasticFleet, agents: 60)
        let broken = world.controller.order[0]
        world.behaviour = { $0 == broken ? .fails : .applies }
        world.run()
        #expect(world.controller.result == .finished)
        #expect(world.offers == 60 + 6)
        #expect(world.controller.tally.failed == 1)
        // 7 attempts of a second, and 121 minutes of waits.
        #expect(world.controller.ended == Instant.zero + .minutes(121) + .seconds(7))
        var recovering = self.world(.elasticFleet, agents: 60)
        recovering.behaviour = { $0 == broken ? .failsAtFirst(2) : .applies }
        recovering.run()
        #expect(recovering.controller.tally.applied == 60)
        #expect(recovering.controller.tally.failed == 0)
    }
}

extension RolloutDecision.Kind {
    var isStop: Bool { if case .stopped = self { true } else { false } }
    var isStageBegin: Bool { if case .stageBegan = self { true } else { false } }
}

extension RolloutController {
    /// From the begin to the end.
    var length: Nanoseconds { (ended ?? .zero) - (began ?? .zero) }
}
