import Statistics

/// What the verdicts of a comparison are based on.
enum ComparisonBasis: Hashable {
    /// The runs of both sides: three of each at least.
    case bothSides
    /// One run a side, and former runs of one build that say how runs vary.
    case knownNoise(runs: Int)
    /// One run of one side, and how those of the other vary.
    case baseline(isA: Bool)
    /// Too few runs for a verdict.
    case nothing

    /// - Throws: where former runs were given and can't be used.
    init(_ a: Int, _ b: Int, noise: Int) throws(ComparisonError) {
        if min(a, b) >= FigureComparison.minRuns {
            self = .bothSides
        } else if noise > 0 {
            guard noise >= FigureComparison.minNoiseRuns else {
                throw .different(
                    "--noise-from needs \(FigureComparison.minNoiseRuns) runs of one build, \(noise) can be used"
                )
            }
            self = a == 1 && b == 1 ? .knownNoise(runs: noise) : .nothing
        } else if a == 1, b >= FigureComparison.minBaselineRuns {
            self = .baseline(isA: false)
        } else if b == 1, a >= FigureComparison.minBaselineRuns {
            self = .baseline(isA: true)
        } else {
            self = .nothing
        }
    }

    var isKnownNoise: Bool { if case .knownNoise = self { true } else { false } }

    /// The comparison of a figure; nil where there is none.
    func comparison(
        _ a: [Double], _ b: [Double], noise: [Double], _ direction: FigureComparison.Direction, alternating: Bool
    ) -> FigureComparison? {
        switch self {
        case .nothing: return nil
        case .bothSides: return FigureComparison(a, b, direction, alternating: alternating)
        case .knownNoise:
            guard let a = a.first, let b = b.first else { return nil }
            return FigureComparison(a, b, noise: noise, direction)
        case .baseline(let isA):
            guard let candidate = (isA ? b : a).first else { return nil }
            guard isA else {
                // The difference is B less A, and A is the one run.
                return FigureComparison(
                    baseline: b.map { -$0 }, candidate: -candidate, direction)
            }
            return FigureComparison(baseline: a, candidate: candidate, direction)
        }
    }

    /// What has to be known of the verdicts.
    var remarks: [String] {
        switch self {
        case .bothSides, .nothing: []
        case .knownNoise(let runs):
            [
                "one run a side: the verdicts assume that runs of both builds vary as the \(runs) runs of --noise-from "
                    + "do, and that the machine is as it was then"
            ]
        case .baseline:
            ["one run against several: the verdicts assume that both builds vary alike; this is no gate"]
        }
    }
}
