import Basis
import Metrics

extension ClosingTable {
    /// Whether the run passes, and each threshold with its figure; nothing where there is none.
    static func thresholds(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        guard let state = summary.thresholds.state else { return [] }
        let lines = summary.thresholds.flatMap { outcome in
            Prose.wrapped(sentence(outcome), width: width - 4).enumerated().map { index, part in
                PaintedLine((index == 0 ? "  " : "    ") + part, paint(of: outcome.state))
            }
        }
        return [PaintedLine(thresholdHeadline(summary), paint(of: state))] + lines + [.empty]
    }

    /// `PASSED: 3 thresholds`, `FAILED: 1 of 3 thresholds failed, 1 is not decided`.
    static func thresholdHeadline(_ summary: RunSummary) -> String {
        let all = summary.thresholds
        func thresholds(_ count: Int) -> String { "\(count) threshold\(count == 1 ? "" : "s")" }
        let (failed, undecided) = (all.count(.failed), all.count(.notDecided))
        guard failed + undecided > 0 else { return "PASSED: \(thresholds(all.count))" }
        let parts = [(failed, "failed"), (undecided, "not decided")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let word =
            failed > 0 ? "FAILED" : summary.allowsUndecided ? "PASSED (not decided is allowed)" : "NOT DECIDED"
        return "\(word): of \(thresholds(all.count)) \(parts.joined(separator: ", "))"
    }

    /// `failed: heartbeat.response.p99 < 250ms: 381 ms`.
    private static func sentence(_ outcome: ThresholdOutcome) -> String {
        let parts = [outcome.figure, outcome.reason ?? ""].filter { !$0.isEmpty }
        return ([outcome.state.title, outcome.threshold.text] + (parts.isEmpty ? [] : [parts.joined(separator: "; ")]))
            .joined(separator: ": ")
    }

    private static func paint(of state: ThresholdOutcome.State) -> Paint {
        switch state {
        case .passed: .good
        case .failed: .bad
        case .notDecided: .caution
        }
    }
}
