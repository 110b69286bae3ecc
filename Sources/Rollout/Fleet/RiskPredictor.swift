import Basis

/// Learns which attribute values go with failure: for each value the estimate (failures + weight · mean) /
/// (answers + weight), a Beta-binomial whose prior is the mean of all agents. An agent's risk is the highest estimate
/// of its values. In millionths, whole numbers only.
struct RiskPredictor: Hashable, Sendable {
    private let weight: Int
    let holdBack: Double?
    /// The columns that are looked at.
    let columns: [Int]
    private(set) var answers: [[UInt32]]
    private(set) var failures: [[UInt32]]
    private(set) var totalAnswers = 0
    private(set) var totalFailures = 0

    init(_ plan: PredictionPlan, fleet: RolloutFleet) {
        weight = plan.weight
        holdBack = plan.holdBack
        columns = fleet.columns.indices.filter {
            plan.attributes.isEmpty || plan.attributes.contains(fleet.columns[$0].name)
        }
        answers = columns.map { Array(repeating: 0, count: fleet.columns[$0].values.count) }
        failures = answers
    }

    mutating func answered(_ agent: UInt32, failed: Bool, _ fleet: RolloutFleet) {
        totalAnswers += 1
        totalFailures += failed ? 1 : 0
        for (place, column) in columns.enumerated() {
            let value = Int(fleet.columns[column].indexes[Int(agent)])
            answers[place][value] += 1
            if failed { failures[place][value] += 1 }
        }
    }

    /// An agent that had answered well failed later.
    mutating func failedLater(_ agent: UInt32, _ fleet: RolloutFleet) {
        totalFailures += 1
        for (place, column) in columns.enumerated() {
            failures[place][Int(fleet.columns[column].indexes[Int(agent)])] += 1
        }
    }

    mutating func restore(answers: [[UInt32]], failures: [[UInt32]], totals: (answers: Int, failures: Int)) {
        self.answers = answers
        self.failures = failures
        (totalAnswers, totalFailures) = totals
    }

    /// The mean of all agents that answered, in millionths.
    private var mean: Int { totalAnswers == 0 ? 0 : totalFailures * 1_000_000 / totalAnswers }

    /// The estimates of every value, in millionths.
    private var estimates: [[Int]] {
        zip(answers, failures).map { answers, failures in
            zip(answers, failures).map { (Int($1) * 1_000_000 + weight * mean) / (Int($0) + max(weight, 1)) }
        }
    }

    /// The agents in the order of their risk, the lowest first, equal ones as they were; and how many at the end have a
    /// risk above the limit for holding back.
    func ordered(_ agents: ArraySlice<UInt32>, _ fleet: RolloutFleet) -> (agents: [UInt32], heldBack: Int) {
        let estimates = self.estimates
        let levels = Array(Set(estimates.flatMap(\.self))).sorted()
        guard levels.count > 1 else { return (Array(agents), 0) }
        let ranks = estimates.map { values in
            values.map { value in levels.firstIndex(of: value) ?? 0 }
        }
        let limit = holdBackLimit
        func level(_ agent: UInt32) -> Int {
            var highest = 0
            for (place, column) in columns.enumerated() {
                highest = max(highest, ranks[place][Int(fleet.columns[column].indexes[Int(agent)])])
            }
            return highest
        }
        let sorted = RolloutOrdering.grouped(Array(agents), groups: levels.count, level)
        return (sorted, limit.map { limit in sorted.count { levels[level($0)] > limit } } ?? 0)
    }

    /// Which groups are held back now.
    struct Limits {
        let estimates: [[Int]]
        let limit: Int
    }

    /// Nil where the plan holds no group back.
    func holdBackLimits() -> Limits? { holdBackLimit.map { Limits(estimates: estimates, limit: $0) } }

    func isHeldBack(_ agent: UInt32, _ limits: Limits, _ fleet: RolloutFleet) -> Bool {
        columns.enumerated().contains { place, column in
            limits.estimates[place][Int(fleet.columns[column].indexes[Int(agent)])] > limits.limit
        }
    }

    private var holdBackLimit: Int? { holdBack.map { Int((Double(max(mean, 1)) * $0).rounded()) } }
}
