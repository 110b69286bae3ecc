/// An e-value for how failures split between updated agents and the others.
///
/// If a failure is one of the updated agents' with probability p where they fail no more often than the others, then it
/// is with r·p / (r·p + 1 − p) where they fail r times as often. The likelihood ratio of the two, multiplied over the
/// failures, is a supermartingale as long as updated agents fail no more often: its chance of ever reaching 1/α is at
/// most α, however often one looks (Ville's inequality; Lindon and Malek, "Anytime-valid inference for multinomial
/// count data", NeurIPS 2022, for the multinomial with known exposure). Since r is not known, ratios from 3 to 36
/// are mixed with fixed weights, which keeps the property.
struct SplitEvidence: Hashable, Sendable {
    /// The ratios and their weights, whose sum is one.
    private let ratios: [(ratio: Double, weight: Double)]
    /// What a failure of an updated agent multiplies each ratio's likelihood by, and what another agent's does.
    private let updatedFactors: [ScaledNumber]
    private let otherFactors: [ScaledNumber]

    /// Ratios above 1 against "no more often". Most weight is where a canary can find something at all: at failures
    /// that are twenty to forty times as frequent.
    static let harms: [(ratio: Double, weight: Double)] = [
        (3, 0.03), (6, 0.07), (12, 0.12), (24, 0.5), (36, 0.28),
    ]

    /// - Parameters:
    ///   - share: p, the probability that a failure is an updated agent's where all fail equally often.
    ///   - bound: the ratio that is to be refuted: 1 for "no more often".
    ///   - alternatives: ratios and weights against it.
    init(share: Double, bound: Double = 1, alternatives: [(ratio: Double, weight: Double)] = Self.harms) {
        ratios = alternatives
        let atBound = bound * share + 1 - share
        updatedFactors = alternatives.map {
            ScaledNumber($0.ratio / ($0.ratio * share + 1 - share) * (atBound / bound))
        }
        otherFactors = alternatives.map { ScaledNumber(atBound / ($0.ratio * share + 1 - share)) }
    }

    /// The e-value for so many failures: a function of the two numbers, so their order cannot matter.
    func value(updated: Int, others: Int) -> Double {
        var sum = 0.0
        for index in ratios.indices {
            let likelihood = updatedFactors[index].raised(to: updated) * otherFactors[index].raised(to: others)
            sum += ratios[index].weight * likelihood.value
        }
        return sum
    }

    static func == (left: SplitEvidence, right: SplitEvidence) -> Bool {
        left.updatedFactors == right.updatedFactors && left.otherFactors == right.otherFactors
    }

    func hash(into hasher: inout Hasher) { hasher.combine(updatedFactors) }
}
