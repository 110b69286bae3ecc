/// Deals agents out to cohorts by weight so evenly that among the first n agents, for every n, each cohort has its
/// exact share within one agent.
///
/// The order repeats after as many agents as the weights, in lowest terms, add up to. It is found by dealing each turn
/// to the cohort whose next member is due soonest among those whose turn it may be already; such an order always exists
/// when due times and first turns are the neighbouring whole numbers of the exact ones (Steiner and Yeomans 1993).
struct CohortShares: Hashable, Sendable {
    /// The longest order kept: a quarter of a MiB, and finer than any fleet can show.
    private static let longest = 131_072

    private let order: [UInt8]

    /// Nil where the weights are too fine for an order of bearable length, or there are none or too many.
    init?(_ weights: [CohortWeight]) {
        guard !weights.isEmpty, weights.count <= Int(UInt8.max) else { return nil }
        let divisor = weights.reduce(0) { Self.greatestCommonDivisor($0, $1.thousandths) }
        let units = weights.map { $0.thousandths / divisor }
        let total = units.reduce(0, +)
        guard total <= Self.longest else { return nil }
        var dealt = [Int](repeating: 0, count: units.count)
        var order: [UInt8] = []
        order.reserveCapacity(total)
        for turn in 0..<total {
            var soonest: (cohort: Int, due: Int)?
            for (cohort, unit) in units.enumerated() where dealt[cohort] < unit && dealt[cohort] * total / unit <= turn
            {
                let due = ((dealt[cohort] + 1) * total + unit - 1) / unit
                if due < soonest?.due ?? .max { soonest = (cohort, due) }
            }
            guard let soonest else { return nil }
            dealt[soonest.cohort] += 1
            order.append(UInt8(soonest.cohort))
        }
        self.order = order
    }

    /// The cohort of agent `index`, as an index into the weights.
    func cohort(of index: Int) -> Int {
        Int(order[index % order.count])
    }

    /// After how many agents the order repeats.
    var period: Int { order.count }

    /// How many of the first `agents` agents are of each of `cohorts` cohorts.
    func counts(of agents: Int, cohorts: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: cohorts)
        let (rounds, rest) = agents.quotientAndRemainder(dividingBy: order.count)
        for (turn, cohort) in order.enumerated() { counts[Int(cohort)] += rounds + (turn < rest ? 1 : 0) }
        return counts
    }

    private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }
}
