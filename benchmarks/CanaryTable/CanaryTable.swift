import Basis
import Foundation
import Rollout

/// How often a canary stops a rollout, and after how many agents: the canary test beside a fixed gate, over many seeds.
///
///     swift run -c release --package-path benchmarks CanaryTable [seeds [file]]
///
/// With a file, the failures of every run are written to it, for the comparison with `savvi` by `peer.py`.
@main
struct CanaryTable {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "order" {
            OrderTable(seeds: arguments.dropFirst().first.flatMap { UInt64($0) } ?? 200).print()
            return
        }
        if arguments.first == "scale" {
            ScaleTable(agents: arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000).print()
            return
        }
        let seeds = arguments.first.flatMap { UInt64($0) } ?? 10_000
        var log: [String] = []
        print("10,000 agents, 1,000 canaries; of the others 0.1 % fail meanwhile; \(seeds) seeds")
        for isSpread in [true, false] {
            print(isSpread ? "\ncanaries offered evenly over the time" : "\ncanaries offered at once")
            print(
                "| limit | 0.1 % break | 0.5 % | 1 % | 2 % | 5 % |\n| --- | --- | --- | --- | --- | --- |")
            for rule in Rule.allCases {
                let cells = Trial.shares.map { share -> String in
                    let results = (0..<seeds).map { seed in
                        let trial = Trial(broken: share, isSpread: isSpread, seed: seed)
                        if rule == .test1, isSpread, arguments.count > 1 { log.append(trial.text) }
                        return trial.run(rule)
                    }
                    return cell(results)
                }
                print("| \(rule.rawValue) | \(cells.joined(separator: " | ")) |")
            }
        }
        if let path = arguments.dropFirst().first {
            try log.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    /// The share of stopped runs, and the median and 90th percentile of the canaries that had the revision then.
    private static func cell(_ results: [Int?]) -> String {
        let stopped = results.compactMap(\.self).sorted()
        let share = Double(stopped.count) / Double(results.count) * 100
        let text = "\((share * 100).rounded() / 100) %"
        guard !stopped.isEmpty else { return text }
        // The median counts runs that did not stop as above all others.
        let half = results.count / 2
        let median = half < stopped.count ? "\(stopped[half])" : "–"
        let high = results.count * 9 / 10
        return "\(text); \(median); \(high < stopped.count ? "\(stopped[high])" : "–")"
    }
}

/// What stops the canary.
enum Rule: String, CaseIterable {
    case test1 = "test, α = 1 %"
    case test5 = "test, α = 5 %"
    case gate20 = "gate, 20 % of 20 or more"

    var plan: RolloutPlan {
        var plan = RolloutPlan()
        var canary = CanaryPlan()
        canary.size = .agents(Trial.canaries)
        switch self {
        case .test1, .test5:
            var test = CanaryTestPlan()
            test.alpha = self == .test1 ? 0.01 : 0.05
            canary.test = test
        case .gate20:
            var gate = GatePlan()
            gate.on = .unsuccessful
            gate.above = .share(0.2)
            gate.minimumSample = 20
            plan.gates = [gate]
        }
        plan.canary = canary
        plan.onFailure = .abort
        return plan
    }
}

/// One canary with its failures.
struct Trial {
    static let shares = [0.001, 0.005, 0.01, 0.02, 0.05]
    static let agents = 10_000
    static let canaries = 1_000
    static let time = Nanoseconds.seconds(1_000)
    static let base = 0.001
    private static let fleet = RolloutFleet(count: agents)

    private let isSpread: Bool
    private let seed: UInt64
    private let broken: Double
    /// The positions of the canaries that fail, and when how many-th other agent fails.
    private let failing: [Bool]
    private let others: [(at: Instant, position: Int)]

    init(broken: Double, isSpread: Bool, seed: UInt64) {
        (self.isSpread, self.seed, self.broken) = (isSpread, seed, broken)
        var random = SeededRandom(seed: seed, stream: UInt64(broken * 1e6) * 2 + (isSpread ? 1 : 0))
        failing = (0..<Self.canaries).map { _ in random.chance(broken) }
        var others: [(at: Instant, position: Int)] = []
        for position in Self.canaries..<Self.agents where random.chance(Self.base) {
            others.append((Instant.zero + Self.time.scaled(by: random.unit()), position))
        }
        self.others = others.sorted { $0.at < $1.at }
    }

    /// The failures in their order: `u17` is an updated agent's, after 17 answers; `o17` another's.
    var text: String {
        var events: [(Instant, String)] = []
        for index in failing.indices where failing[index] {
            events.append((Self.answer(index, isSpread), "u\(index + 1)"))
        }
        for other in others {
            let answers = min(Int((other.at - Instant.zero).seconds), Self.canaries)
            events.append((other.at, "o\(answers)"))
        }
        events.sort { $0.0 < $1.0 }
        return "\(broken) " + events.map(\.1).joined(separator: " ")
    }

    /// When the canary at a position answers.
    private static func answer(_ index: Int, _ isSpread: Bool) -> Instant {
        .zero
            + (isSpread ? time.scaled(by: (Double(index) + 0.5) / Double(canaries)) : .milliseconds(Int64(index) * 20))
    }

    /// How many canaries had the revision when it stopped; nil where it did not.
    func run(_ rule: Rule) -> Int? {
        var plan = rule.plan
        plan.canary?.over = isSpread ? Self.time : .zero
        plan.canary?.soak = isSpread ? .zero : Self.time
        var controller = RolloutController(plan: plan, fleet: Self.fleet, seed: seed)
        var output = RolloutOutput()
        controller.begin(at: .zero, &output)
        var outcomes: [AgentOutcome] = []
        for index in failing.indices {
            outcomes.append(
                AgentOutcome(
                    at: Self.answer(index, isSpread), agent: controller.order[index], revision: controller.revision,
                    kind: failing[index] ? .failed : .applied))
        }
        for other in others {
            outcomes.append(
                AgentOutcome(
                    at: other.at, agent: controller.order[other.position], revision: controller.former,
                    kind: .unhealthy))
        }
        for outcome in outcomes.sorted() {
            // What comes after the canary is not of interest.
            guard controller.stageTallies.count == 1 else { break }
            controller.received(outcome, &output)
            if let tally = Self.stop(&output) { return tally.answered }
        }
        controller.advance(to: .zero + Self.time, &output)
        return Self.stop(&output)?.answered
    }

    private static func stop(_ output: inout RolloutOutput) -> RolloutTally? {
        defer { output.removeAll() }
        for decision in output.decisions {
            if case .stopped(0, _, let tally) = decision.kind { return tally }
        }
        return nil
    }
}
