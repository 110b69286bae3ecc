import Basis
import Foundation
import Metrics
import Synchronization
import Testing

/// One comparison of what a scripted server did with what was reported.
struct Cell {
    let name: String

    /// Expects each percentile, and the maximum, to be the script's to the width of a bucket and `tolerance`, or the
    /// printed range to hold it. Values of `.max` never came: a percentile among them has to be printed as a lower
    /// bound.
    func expect(
        _ reported: MeasureSummary, of values: [Nanoseconds], within tolerance: Nanoseconds = .zero,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let sorted = values.sorted()
        #expect(reported.count == UInt64(sorted.count), "\(name): count", sourceLocation: sourceLocation)
        guard !sorted.isEmpty else { return }
        let figures: [(MeasureSummary.Figure, Int)] = [
            (.p50, 500), (.p90, 900), (.p99, 990), (.p999, 999), (.max, 1000),
        ]
        for (figure, permille) in figures {
            let expected = sorted[max((permille * sorted.count + 999) / 1000, 1) - 1]
            let bounds = reported.bounds(of: figure)
            let width = max(Nanoseconds(expected.count / 1000), Nanoseconds(64)) + tolerance
            let isHeld =
                expected == .max
                ? bounds.high == nil
                : bounds.low <= expected + width && (bounds.high.map { $0 + width >= expected } ?? true)
            let isOne = bounds.high.map { $0 - bounds.low <= width + width } ?? false
            #expect(
                isHeld && (expected == .max || isOne || reported.isBounded),
                "\(name), \(figure.name): reported \(reported.text(figure)), the script says \(text(expected))",
                sourceLocation: sourceLocation)
            TruthTable.note(name, "\(reported.measure.title) \(figure.name)", text(expected), reported.text(figure))
        }
    }

    /// Expects each percentile up to p99 to be the script's to 2 %, or the printed range to hold it.
    func expectBounds(
        _ reported: MeasureSummary, of values: [Nanoseconds], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return }
        for (figure, permille) in [(MeasureSummary.Figure.p50, 500), (.p90, 900), (.p99, 990)] {
            let expected = sorted[max((permille * sorted.count + 999) / 1000, 1) - 1]
            let bounds = reported.bounds(of: figure)
            let width = max(Nanoseconds(expected.count / 50), .microseconds(200))
            let isHeld =
                expected == .max
                ? bounds.high == nil
                : bounds.low <= expected + width && (bounds.high.map { $0 + width >= expected } ?? true)
            #expect(
                isHeld, "\(name), \(figure.name): reported \(reported.text(figure)), the script says \(text(expected))",
                sourceLocation: sourceLocation)
            TruthTable.note(name, "\(reported.measure.title) \(figure.name)", text(expected), reported.text(figure))
        }
    }

    /// Expects counts to be equal.
    func expect(
        _ counters: CounterTable, _ counter: Counter, _ expected: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(counters[counter] == UInt64(expected), "\(name): \(counter.name)", sourceLocation: sourceLocation)
        TruthTable.note(name, counter.name, "\(expected)", "\(counters[counter])")
    }

    /// Expects every report and every heartbeat to have exactly one end.
    func expectBalance(_ counters: CounterTable, sourceLocation: SourceLocation = #_sourceLocation) {
        let ends: [Counter] = [
            .answersReceived, .reportsRefused, .unanswered, .answersLost, .reportsWithheld, .reportsCut,
            .agentDisconnectsUnanswered,
        ]
        let reports = ends.reduce(0) { $0 + counters[$1] }
        #expect(counters.reportsSent == reports, "\(name): ends of reports", sourceLocation: sourceLocation)
        let fates: [Counter] = [
            .heartbeatsAnsweredInTime, .heartbeatsLate, .heartbeatsRefused, .heartbeatsUnanswered,
            .heartbeatsWithheld, .heartbeatsNotPossible, .heartbeatsCut, .skippedHeartbeats,
        ]
        let heartbeats = fates.reduce(0) { $0 + counters[$1] }
        #expect(counters[.heartbeatsDue] == heartbeats, "\(name): ends of heartbeats", sourceLocation: sourceLocation)
        TruthTable.note(name, "reports sent = their ends", "\(counters.reportsSent)", "\(reports)")
        TruthTable.note(name, "heartbeats due = their ends", "\(counters[.heartbeatsDue])", "\(heartbeats)")
    }

    private func text(_ span: Nanoseconds) -> String { span == .max ? "never" : Figures.duration(span) }
}

/// The comparisons as a table, written where TRUTH_TABLE names a file.
enum TruthTable {
    private static let rows = Mutex<[String]>([])

    static func note(_ cell: String, _ what: String, _ expected: String, _ reported: String) {
        guard let path = ProcessInfo.processInfo.environment["TRUTH_TABLE"] else { return }
        rows.withLock { rows in
            rows.append("| \(cell) | \(what) | \(expected) | \(reported) |")
            let head = "| cell | figure | expected | reported |\n| --- | --- | --- | --- |\n"
            try? (head + rows.sorted().joined(separator: "\n") + "\n").write(
                toFile: path, atomically: true, encoding: .utf8)
        }
    }
}
