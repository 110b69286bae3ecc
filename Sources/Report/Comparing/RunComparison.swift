import Basis
public import Statistics

/// Two sides of runs, compared figure by figure.
public struct RunComparison: Sendable {
    /// A figure of both sides.
    public struct Row: Sendable {
        public let figure: ComparedFigure
        /// The geometric means of the sides, as logarithms; nil where runs have no such figure.
        let a: Double?
        let b: Double?
        /// Of the means, as a ratio less 1.
        public let change: Double?
        /// 95 %, of the change: between builds where there is a verdict, else within the two runs.
        public let interval: ClosedRange<Double>?
        public let verdict: ComparisonVerdict?
        /// Why there is no verdict.
        public let reason: String?
        /// Of one run a side: within what runs of one build have to repeat for the change to be one of the builds.
        let neededRepeatability: Double?
    }

    /// Whether the comparison can be used as a gate.
    public enum Gate: Hashable, Sendable {
        case none(reason: String)
        case worse([ComparedFigure])
        case notWorse
    }

    public let rows: [Row]
    /// What else has to be known: runs that are left out, the order.
    public let remarks: [String]
    public let runs: (a: Int, b: Int)
    /// The runs that are compared, each side in the order of their times.
    let judgedRuns: (a: [ComparedRun], b: [ComparedRun])
    public let margin: Double
    /// The test; nil where there is no verdict.
    public let method: MeanDifference.Method?
    private let gateProblem: String?
    /// What the verdicts are based on.
    let basis: ComparisonBasis

    /// - Parameters:
    ///   - margin: the change that does not matter, such as 0.05.
    ///   - noise: former runs of one build, which say how runs vary, for one run a side.
    /// - Throws: where the runs are not of the same load.
    public init(
        _ a: [ComparedRun], _ b: [ComparedRun], margin: Double, noise: [ComparedRun] = []
    ) throws(ComparisonError) {
        guard let first = a.first, !b.isEmpty else { throw .noRuns }
        for run in a + b + noise { try Self.check(run, against: first) }
        for run in noise where run.summary.run.machine != first.summary.run.machine {
            throw .different("\(run.path) of --noise-from is of another machine: \(run.summary.run.machine)")
        }
        var remarks: [String] = []
        func usable(_ side: String, _ runs: [ComparedRun]) -> [ComparedRun] {
            runs.filter { run in
                guard let reason = run.whyLeftOut else { return true }
                remarks.append("\(side): \(run.path) is left out: \(reason)")
                return false
            }.sorted { $0.startedAt < $1.startedAt }
        }
        let (a, b) = (usable("A", a), usable("B", b))
        let noise = usable("--noise-from", noise)
        runs = (a.count, b.count)
        judgedRuns = (a, b)
        self.margin = margin
        let basis = try ComparisonBasis(a.count, b.count, noise: noise.count)
        self.basis = basis
        let order = RunOrder(a.map(\.startedAt), b.map(\.startedAt))
        var gateProblem: String?
        if min(a.count, b.count) < FigureComparison.minRuns, !basis.isKnownNoise {
            gateProblem = "a verdict needs at least \(FigureComparison.minRuns) runs a side"
        } else if order == .oneAfterTheOther {
            gateProblem = "all runs of one side came before those of the other: the machine may have changed in between"
            remarks.append("\(gateProblem ?? ""); run the sides in turn (muster repeat)")
        }
        method =
            min(a.count, b.count) < FigureComparison.minRuns
            ? nil : MeanDifference.method(a.count, b.count, alternating: order == .alternating)
        rows = Self.rows(a, b, noise, basis, alternating: order == .alternating, margin: margin)
        self.gateProblem = gateProblem
        self.remarks = remarks + basis.remarks
    }

    /// What `--fail-if worse` says.
    public var gate: Gate {
        if let gateProblem { return .none(reason: gateProblem) }
        let judged = rows.filter { ComparedFigure.judged.contains($0.figure) }
        let worse = judged.filter { $0.verdict == .worse }.map(\.figure)
        if !worse.isEmpty { return .worse(worse) }
        guard judged.contains(where: { $0.verdict != nil }) else { return .none(reason: "no figure could be judged") }
        return .notWorse
    }

    private static func check(_ run: ComparedRun, against first: ComparedRun) throws(ComparisonError) {
        func name(_ run: ComparedRun) -> String { run.path }
        if run.summary.run.agents != first.summary.run.agents {
            throw .different(
                "\(name(first)) has \(first.summary.run.agents) agents, \(name(run)) \(run.summary.run.agents)")
        }
        if run.profile != first.profile {
            let line = zip(run.profile, first.profile).first { $0 != $1 }
            let detail = line.map { ": '\($1.trimmedBlanks)' and '\($0.trimmedBlanks)'" } ?? ""
            throw .different("the profiles of \(name(first)) and \(name(run)) differ\(detail)")
        }
        guard run.whyLeftOut == nil, first.whyLeftOut == nil else { return }
        let (length, other) = (run.judgedSeconds, first.judgedSeconds)
        if max(length, other) > 1.2 * min(length, other) + 2 {
            let (short, long) = (Figures.decimals(other, 0), Figures.decimals(length, 0))
            throw .different("\(name(first)) was steady for \(short) s, \(name(run)) for \(long) s")
        }
    }

    private static func rows(
        _ a: [ComparedRun], _ b: [ComparedRun], _ noise: [ComparedRun], _ basis: ComparisonBasis, alternating: Bool,
        margin: Double
    ) -> [Row] {
        var comparisons: [ComparedFigure: FigureComparison] = [:]
        var values: [ComparedFigure: (a: [Double], b: [Double], missing: String?)] = [:]
        for figure in ComparedFigure.allCases {
            var missing: String?
            func side(_ runs: [ComparedRun]) -> [Double] {
                runs.compactMap { run in
                    switch run.value(of: figure) {
                    case .success(let value): return value
                    case .failure(let reason):
                        missing = missing ?? "\(reason.text) in \(run.path)"
                        return nil
                    }
                }
            }
            values[figure] = (side(a), side(b), missing)
            // A figure that some runs lack would be compared of a choice of runs.
            guard missing == nil, let sides = values[figure] else { continue }
            comparisons[figure] = basis.comparison(
                sides.a, sides.b, noise: side(noise), figure.direction, alternating: alternating)
        }
        let verdicts = verdicts(comparisons, margin: margin)
        return ComparedFigure.allCases.map { figure in
            let sides = values[figure] ?? ([], [], ComparedRun.MissingFigure.noSample.text)
            let means = [sides.a, sides.b].map { $0.isEmpty ? nil : $0.reduce(0, +) / Double($0.count) }
            let difference = means[0].flatMap { a in means[1].map { $0 - a } }
            if let comparison = comparisons[figure], let verdict = verdicts[figure] {
                return Row(
                    figure: figure, a: means[0], b: means[1], change: comparison.change,
                    interval: comparison.changeInterval, verdict: verdict, reason: nil, neededRepeatability: nil)
            }
            var interval: ClosedRange<Double>?
            if a.count == 1, b.count == 1, let one = means[0], let other = means[1],
                let ofA = a[0].interval(of: figure), let ofB = b[0].interval(of: figure)
            {
                interval = WithinRunInterval.difference((one, ofA), (other, ofB))
            }
            let needed = interval.flatMap { interval in
                WithinRunInterval.neededRepeatability(
                    difference: difference ?? 0, half: (interval.upperBound - interval.lowerBound) / 2)
            }
            return Row(
                figure: figure, a: means[0], b: means[1], change: difference.map { $0.exponential - 1 },
                interval: interval.map { $0.lowerBound.exponential - 1...$0.upperBound.exponential - 1 }, verdict: nil,
                reason: sides.missing ?? "fewer than \(FigureComparison.minRuns) runs a side",
                neededRepeatability: needed)
        }
    }

    /// Corrected over the figures that are judged; over all of them for those that are only listed.
    private static func verdicts(
        _ comparisons: [ComparedFigure: FigureComparison], margin: Double
    ) -> [ComparedFigure: ComparisonVerdict] {
        var verdicts: [ComparedFigure: ComparisonVerdict] = [:]
        for group in [ComparedFigure.allCases, ComparedFigure.judged] {
            let figures = group.filter { comparisons[$0] != nil }
            let found = FigureComparison.verdicts(figures.compactMap { comparisons[$0] }, margin: margin)
            for (figure, verdict) in zip(figures, found) { verdicts[figure] = verdict }
        }
        return verdicts
    }
}

/// In which order the runs of two sides were made.
enum RunOrder: Hashable {
    /// Pair by pair: AB BA AB, or AB AB AB.
    case alternating
    /// A … A B … B.
    case oneAfterTheOther
    case mixed

    init(_ a: [Double], _ b: [Double]) {
        guard let firstA = a.min(), let firstB = b.min(), let lastA = a.max(), let lastB = b.max() else {
            self = .mixed
            return
        }
        let ordered = (a.map { ($0, 0) } + b.map { ($0, 1) }).sorted { $0.0 < $1.0 }.map(\.1)
        let arePairs =
            a.count == b.count
            && stride(from: 0, to: ordered.count, by: 2).allSatisfy { ordered[$0] != ordered[$0 + 1] }
        if a.count > 1 || b.count > 1, lastA < firstB || lastB < firstA {
            self = .oneAfterTheOther
        } else {
            self = arePairs ? .alternating : .mixed
        }
    }
}

extension String {
    fileprivate var trimmedBlanks: Substring { drop { $0 == " " } }
}
