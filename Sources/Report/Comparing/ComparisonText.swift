public import Basis
import Statistics

/// A comparison for people and for other programs.
extension RunComparison {
    /// `+12 % (+7 … +18 %)`.
    private func changeText(_ row: Row) -> String {
        guard let change = row.change else { return "" }
        guard let interval = row.interval else { return Self.percent(change) }
        return "\(Self.percent(change)) (\(Self.percent(interval.lowerBound)) … \(Self.percent(interval.upperBound)))"
    }

    static func percent(_ change: Double) -> String {
        guard change.isFinite, change < 100 else { return "> +10000 %" }
        let value = change * 100
        let text = Figures.decimals(value.magnitude, value.magnitude < 10 ? 1 : 0)
        return "\(value < 0 ? "−" : "+")\(text) %"
    }

    /// The verdict, with what else it says.
    private func verdictText(_ row: Row) -> String {
        switch row.verdict {
        case .cannotTell(let least, let runs)?:
            let needed = runs.map { "\($0) runs a side would find 10 %" } ?? "no number of runs would find 10 %"
            return "can't tell: a change of \(Self.percent(least)) would have been found; \(needed)"
        case .noDifference?: return "no difference (within \(Figures.percent(margin)))"
        case let verdict?: return verdict.title
        case nil: return row.reason.map { "no verdict: \($0)" } ?? ""
        }
    }

    func cells(_ row: Row) -> [String] {
        [
            row.figure.name, row.a.map(row.figure.text) ?? "", row.b.map(row.figure.text) ?? "", changeText(row),
            verdictText(row),
        ]
    }

    private var isOfSingleRuns: Bool { runs.a == 1 && runs.b == 1 && basis == .nothing }

    /// What the comparison can say, in a sentence.
    public var headline: String {
        let sides = "\(runs.a) run\(runs.a == 1 ? "" : "s") of A, \(runs.b) of B"
        switch gate {
        case .worse(let figures): return "WORSE: \(figures.map(\.name).joined(separator: ", ")) (\(sides))"
        case .notWorse: return "NOT WORSE: \(sides)"
        case .none(let reason): return "NO VERDICT: \(reason) (\(sides))"
        }
    }

    /// What one run a side cannot say.
    private var singleRunRemarks: [String] {
        guard isOfSingleRuns else { return [] }
        let intro =
            "Whether the build is worse can't be told from one run a side; the interval is of these two runs alone."
        let needed = rows.compactMap { row in
            row.neededRepeatability.map {
                "\(row.figure.name): only if runs of one build repeat within \(Figures.percent($0))"
            }
        }
        return [intro] + needed
    }

    private var methodRemark: [String] {
        method.map { method in
            ["\(method.rawValue) t test on logarithms, 95 %, Benjamini-Hochberg over the figures judged"]
        } ?? []
    }

    /// The remarks under the table.
    var notes: [String] { remarks + singleRunRemarks + methodRemark }

    /// The closing lines for a terminal.
    public func lines(style: TextStyle) -> [String] {
        var table = TextTable(header: ["", "A", "B", "change (95 %)", "verdict"])
        for row in rows {
            let isJudged = ComparedFigure.judged.contains(row.figure)
            let paint: Paint =
                switch row.verdict {
                case .worse?: .bad
                case .better?, .noDifference?: .good
                default: isJudged ? .normal : .faint
                }
            table.append(cells(row), paint)
        }
        let all =
            [PaintedLine(headline, .strong)] + table.lines(leftColumns: [4])
            + notes.map { PaintedLine("  \($0)", .faint) }
        return all.map { $0.rendered(width: max($0.width, 1), style: style) }
    }

    /// For a comment on a pull request.
    public var markdown: String {
        let rows = rows.map { "| \(cells($0).joined(separator: " | ")) |" }
        let notes = notes.map { "- \($0)" }
        return
            ([
                "**\(headline)**", "", "| figure | A | B | change (95 %) | verdict |",
                "| --- | ---: | ---: | ---: | --- |",
            ]
            + rows + [""] + notes).joined(separator: "\n") + "\n"
    }

    /// A test case for each figure that is judged.
    public var junit: String {
        let cases = rows.filter { ComparedFigure.judged.contains($0.figure) }.map { row in
            let text = "\(changeText(row)): \(verdictText(row))"
            if case .none(let reason) = gate { return JUnitText.Case(row.figure.name, .error(reason)) }
            switch row.verdict {
            case .worse?: return JUnitText.Case(row.figure.name, .failed(text))
            case nil: return JUnitText.Case(row.figure.name, .skipped(text))
            default: return JUnitText.Case(row.figure.name, .passed)
            }
        }
        return JUnitText.text(suite: "muster compare", seconds: 0, cases)
    }

    /// For programs.
    public var document: ComparisonDocument {
        let gateName =
            switch gate {
            case .none: "none"
            case .worse: "worse"
            case .notWorse: "not_worse"
            }
        return ComparisonDocument(
            runsA: runs.a, runsB: runs.b, margin: margin, method: method?.rawValue, gate: gateName, remarks: notes,
            figures: rows.map { row in
                var part = ComparisonDocument.Figure(
                    name: row.figure.name, judged: ComparedFigure.judged.contains(row.figure),
                    a: row.a?.exponential, b: row.b?.exponential, change: row.change,
                    changeLow: row.interval?.lowerBound, changeHigh: row.interval?.upperBound)
                part.verdict = row.verdict?.key
                part.reason = row.reason
                if case .cannotTell(let least, let runs)? = row.verdict {
                    (part.detectableChange, part.runsForTenth) = (least, runs)
                }
                return part
            })
    }
}

extension ComparisonVerdict {
    /// The name in files: stable from release to release.
    var key: String {
        switch self {
        case .noDifference: "no_difference"
        case .worse: "worse"
        case .better: "better"
        case .cannotTell: "cannot_tell"
        }
    }
}
