import Basis
import Rollout

/// What prediction is worth: agents broken, agents left out and the time to the end, by the order of the offers, in fleets
/// where failure goes with an attribute and in fleets where it does not.
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
    /// 30 % of a group of 8 %, or as many of all agents.
    private static let groupShare = 0.3

    func print() {
        for goesWithAttribute in [true, false] {
            Swift.print(goesWithAttribute ? "\n30 % of a group of 8 % break" : "\n2.4 % of all agents break")
            Swift.print("| order | finished | broken | left out | hours |\n| --- | --- | --- | --- | --- |")
            for order in Order.allCases {
                let runs = (0..<seeds).map { run(order, goesWithAttribute, seed: $0) }
                let finished = runs.count { $0.result == .finished }
                func median(_ value: (RolloutController) -> Double) -> Double {
                    runs.map(value).sorted()[runs.count / 2]
                }
                let hours = median { (($0.ended ?? .zero) - (Instant.zero)).seconds / 3_600 }
                Swift.print(
                    "| \(order.rawValue) | \(finished * 100 / runs.count) % | "
                        + "\(Int(median { Double($0.tally.broken) })) | \(Int(median { Double($0.tally.skipped) })) | "
                        + "\((hours * 10).rounded() / 10) |")
            }
        }
    }

    private func run(_ order: Order, _ goesWithAttribute: Bool, seed: UInt64) -> RolloutController {
        var plan = RolloutPlan()
        plan.canary = CanaryPlan()
        plan.canary?.size = .share(0.02)
        plan.batches = BatchSettings()
        plan.batches?.size = .share(0.05)
        plan.batches?.soak = .minutes(10)
        var gate = GatePlan()
        gate.on = .unsuccessful
        gate.above = .share(0.03)
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
            if !goesWithAttribute { return random.chance(Self.groupShare * 0.08) }
            // The group of 8 %.
            return fleet.value("kernel", of: agent) == "d" && random.chance(Self.groupShare)
        }
        var controller = RolloutController(plan: plan, fleet: fleet, seed: seed)
        var output = RolloutOutput()
        controller.begin(at: .zero, &output)
        while controller.result == nil {
            var outcomes: [AgentOutcome] = []
            for command in output.commands {
                for (index, agent) in controller.agents(of: command).enumerated() {
                    var random = SeededRandom(seed: seed ^ 0xFF, stream: UInt64(agent))
                    let answer = Distribution.logNormal(median: .seconds(5), sigma: 0.5).draw(&random)
                    outcomes.append(
                        AgentOutcome(
                            at: command.instant(index) + answer, agent: agent, revision: command.revision,
                            kind: breaks(agent) ? .failed : .applied))
                }
            }
            output.removeAll()
            // Batches do not overlap: all answers of one come before the next.
            for outcome in outcomes.sorted() { controller.received(outcome, &output) }
            if output.commands.isEmpty {
                guard let deadline = controller.nextDeadline else { break }
                controller.advance(to: deadline, &output)
            }
        }
        return controller
    }
}
