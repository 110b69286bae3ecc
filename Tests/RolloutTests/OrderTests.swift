import Basis
import Schema
import Testing

@testable import Rollout

@Suite("Order and prediction")
struct OrderTests {
    private func fleet(_ count: Int, members: [UInt32]? = nil) -> RolloutFleet {
        var fleet = RolloutFleet(count: count, members: members)
        // 80 %, 15 % and 5 %.
        fleet.add("zone", values: ["a", "b", "c"]) { $0 % 20 == 0 ? 2 : $0 % 20 < 4 ? 1 : 0 }
        return fleet
    }

    private func order(_ fleet: RolloutFleet, seed: UInt64 = 3, _ change: (inout RolloutPlan) -> Void) -> [UInt32] {
        var plan = RolloutPlan()
        change(&plan)
        return RolloutController(plan: plan, fleet: fleet, seed: seed).order
    }

    @Test("Every order has each selected agent once", arguments: 0..<UInt64(30))
    func permutation(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let plan = RolloutPlan.random(&random)
        let order = RolloutController(plan: plan, fleet: fleet(500), seed: seed).order
        #expect(order.sorted() == Array(0..<500))
    }

    @Test("In a smaller fleet the same agents have the same order, whoever is missing")
    func subset() {
        let all = order(fleet(2_000)) { _ in }
        let members = (0..<2_000).filter { $0 % 3 == 0 }.map { UInt32($0) }
        #expect(order(fleet(2_000, members: members)) { _ in } == all.filter { $0 % 3 == 0 })
        #expect(order(fleet(1_000)) { _ in } == all.filter { $0 < 1_000 })
        #expect(order(fleet(2_000), seed: 4) { _ in } != all)
    }

    @Test("Selectors: an agent has one of the values of each attribute, and none of those that are excepted")
    func selectors() {
        let fleet = fleet(200)
        let some = order(fleet) { $0.target.attributes = [Named("zone", ["b", "c"])] }
        #expect(some.count == 40 && some.allSatisfy { fleet.value("zone", of: $0) != "a" })
        let except = order(fleet) { $0.target.except = [Named("zone", ["b", "c"])] }
        #expect(except.count == 160)
        #expect(order(fleet) { $0.target.attributes = [Named("rack", ["x"])] }.isEmpty, "nobody has the attribute")
        #expect(order(fleet) { $0.target.except = [Named("rack", ["x"])] }.count == 200)
    }

    @Test("By attribute: one value after another; spread: each beginning has every value in its share")
    func attributes() {
        let fleet = fleet(1_000)
        let zones = order(fleet) { $0.order = .attribute("zone", values: ["c", "b"]) }
            .map { fleet.value("zone", of: $0) }
        #expect(zones.prefix(50).allSatisfy { $0 == "c" } && zones[50..<200].allSatisfy { $0 == "b" })
        let spread = order(fleet) { $0.order = .spread("zone") }
        for count in [100, 300, 700] {
            let rare = spread.prefix(count).count { fleet.value("zone", of: $0) == "c" }
            #expect(abs(rare - count / 20) <= 1, "\(rare) of \(count)")
        }
    }

    @Test("Canaries cover each value alike, as far as there are agents")
    func covers() {
        let fleet = fleet(1_000)
        for (size, wanted) in [(30, [10, 10, 10]), (300, [125, 125, 50])] {
            let order = order(fleet) {
                $0.canary = CanaryPlan()
                $0.canary?.size = .agents(size)
                $0.canary?.covers = "zone"
            }
            let counts = ["a", "b", "c"].map { zone in
                order.prefix(size).count { fleet.value("zone", of: $0) == zone }
            }
            #expect(counts == wanted)
            #expect(Set(order).count == 1_000)
        }
    }

    @Test("Groups that fail come last, or are left out where the plan holds them back", arguments: [false, true])
    func risk(holdsBack: Bool) {
        var plan = RolloutPlan()
        plan.order = .risk
        plan.prediction = PredictionPlan()
        if holdsBack { plan.prediction?.holdBack = 3 }
        plan.canary = CanaryPlan()
        plan.canary?.size = .agents(60)
        plan.canary?.covers = "zone"
        plan.batches = BatchSettings()
        let fleet = fleet(1_000)
        var world = TestWorld(plan, fleet: fleet)
        world.behaviour = { fleet.value("zone", of: $0) == "c" && $0 % 40 == 0 ? .fails : .applies }
        world.run()
        #expect(world.controller.result == .finished)
        let tally = world.controller.tally
        let last = world.controller.order.suffix(30)
        #expect(last.allSatisfy { fleet.value("zone", of: $0) == "c" })
        #expect(tally.skipped == (holdsBack ? 30 : 0))
        #expect(tally.failed < (holdsBack ? 20 : 26))
        #expect(world.decisions.contains { if case .reordered = $0.kind { true } else { false } })
    }

    @Test("The estimate of a value with few answers is near the mean")
    func shrunk() {
        var predictor = RiskPredictor(PredictionPlan(), fleet: fleet(1_000))
        let fleet = fleet(1_000)
        for agent: UInt32 in 1..<20 where agent >= 4 {
            for _ in 0..<50 { predictor.answered(agent, failed: false, fleet) }
        }
        predictor.answered(0, failed: true, fleet)
        // One failure of one answer: (1 + 20 · 1/801) / 21, not 100 %.
        let (agents, _) = predictor.ordered([0, 1, 4], fleet)
        #expect(agents.last == 0)
        predictor.answered(1, failed: false, fleet)
        #expect(predictor.totalAnswers == 802 && predictor.totalFailures == 1)
    }

    @Test("A fleet of a plan has the attributes in their shares, the same for the same seed")
    func worldFleet() {
        var world = RehearsalWorld()
        world.agents = 20_000
        world.attributes = [Named("zone", [Named("a", 0.7), Named("b", 0.2), Named("c", 0.1)])]
        let fleet = world.fleet(seed: 5)
        let counts = (0..<UInt32(20_000)).reduce(into: [String: Int]()) {
            $0[fleet.value("zone", of: $1) ?? "", default: 0] += 1
        }
        #expect(abs((counts["a"] ?? 0) - 14_000) < 300 && abs((counts["c"] ?? 0) - 2_000) < 200)
        #expect(world.fleet(seed: 5) == fleet && world.fleet(seed: 6) != fleet)
    }
}
