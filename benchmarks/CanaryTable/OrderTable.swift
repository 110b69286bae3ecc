import Basis
import Rollout

/// What prediction is worth: agents broken, agents left out and the time to the end, by the order of the offers, in
/// fleets where failure goes with an attribute and in fleets where it does not.
///
///     swift run -c release --package-path benchmarks CanaryTable order [seeds]
struct OrderTable {
    enum Order: String, CaseIterable {
        case random
        case covers = "random, canaries cover the attribute"
        case risk = "risk"
        case holdBack = "risk, hold back above 3 × mean"

        func apply(to plan: inout RolloutPlan) {
            switch self {
            case .random: break
            case .covers: plan.canary?.covers = "kernel"
            case .risk, .holdBack:
                plan.canary?.covers = "kernel"
                plan.order = .risk
                plan.prediction = PredictionPlan()
                if self == .holdBack { plan.prediction?.holdBack = 3 }
            }
        }
    }

    let seeds: UInt64
    private static let agents = 10_000

    /// A fleet, and what stops the rollout.
    struct Case {
        let name: String
        /// The share that breaks of a group of 8 %, or as many of all agents.
        let share: Double
        let goesWithAttribute: Bool
        let gate: Double
    }

    static let cases = [
        Case(name: "30 % of a group of 8 % break, a gate of 10 %", share: 0.3, goesWithAttribute: true, gate: 0.1),
        Case(name: "2.4 % of all break, a gate of 10 %", share: 0.3, goesWithAttribute: false, gate: 0.1),
        Case(name: "60 % of a group of 8 % break, a gate of 3 %", share: 0.6, goesWithAttribute: true, gate: 0.03),
        Case(name: "4.8 % of all break, a gate of 3 %", share: 0.6, goesWithAttribute: false, gate: 0.03),
    ]

    func print() {
        for fleet in Self.cases {
            Swift.print("\n\(fleet.name)")
            Swift.print(
                "| order | finished | updated | broken | left out | hours |\n| --- | --- | --- | --- | --- | --- |")
            for order in Order.allCases {
                let runs = (0..<seeds).map { run(order, fleet, seed: $0) }
                let finished = runs.count { $0.result == .finished }
                func median(_ value: (RolloutController) -> Double) -> Double {
                    runs.map(value).sorted()[runs.count / 2]
                }
                let hours = median { (($0.ended ?? .zero) - (Instant.zero)).seconds / 3_600 }
                let figures: [Double] = [
                    median { Double($0.tally.applied) }, median { Double($0.tally.broken) },
                    median { Double($0.tally.skipped) },
                ]
                Swift.print(
                    "| \(order.rawValue) | \(finished * 100 / runs.count) % | "
                        + figures.map { "\(Int($0))" }.joined(separator: " | ")
                        + " | \((hours * 10).rounded() / 10) |")
            }
        }
    }

    private func run(_ order: Order, _ of: Case, seed: UInt64) -> RolloutController {
        var plan = RolloutPlan()
        plan.canary = CanaryPlan()
        plan.canary?.size = .share(0.02)
        plan.batches = BatchSettings()
        plan.batches?.size = .share(0.05)
        plan.batches?.soak = .seconds(600)
        var gate = GatePlan()
        gate.on = .unsuccessful
        gate.above = .share(of.gate)
        gate.minimumSample = 300
        plan.gates = [gate]
        plan.onFailure = .abort
        order.apply(to: &plan)
        var fleet = RolloutFleet(count: Self.agents)
        let bounds = [40, 70, 90, 98, 100]
        fleet.add("kernel", values: ["a", "b", "c", "d", "e"]) { agent in
            var random = SeededRandom(seed: seed, stream: UInt64(agent) << 1)
            let draw = random.index(below: 100)
            return bounds.firstIndex { draw < $0 } ?? 0
        }
        func breaks(_ agent: UInt32) -> Bool {
            var random = SeededRandom(seed: seed, stream: UInt64(agent) << 1 | 1)
            if !of.goesWithAttribute { return random.chance(of.share * 0.08) }
            // The group of 8 %.
            return fleet.value("kernel", of: agent) == "d" && random.chance(of.share)
        }
        var controller = RolloutController(plan: plan, fleet: fleet, seed: seed)
        Driver.run(&controller, seed: seed) { breaks($0) ? .failed : .applied }
        return controller
    }
}
