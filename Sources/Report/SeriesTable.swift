import AgentModel
import Basis
public import Metrics

/// `series.csv`: one line for each row of the series, the columns named in the first line.
public enum SeriesTable {
    static let percentiles: [(name: String, value: @Sendable (MeasureSummary) -> Double)] = [
        ("p50_ms", { $0.p50.seconds * 1e3 }), ("p90_ms", { $0.p90.seconds * 1e3 }),
        ("p99_ms", { $0.p99.seconds * 1e3 }), ("p999_ms", { $0.p999.seconds * 1e3 }),
        ("max_ms", { $0.max.seconds * 1e3 }),
    ]

    /// The names of the columns.
    public static var columns: [String] {
        ["start_s", "length_s", "phase"]
            + AgentState.allCases.map { "state_\($0.key)" }
            + HealthGrade.allCases.map { "health_\($0.name)" }
            + Counter.allCases.map(\.name)
            + Measure.allCases.flatMap { measure in
                ["\(measure.name)_count"] + percentiles.map { "\(measure.name)_\($0.name)" }
            }
            + ["cpu_share", "resident_bytes", "silent_shards", "generator"]
    }

    public static func text(of rows: [SeriesRow]) -> String {
        var text = columns.joined(separator: ",") + "\n"
        for row in rows { text += cells(of: row).joined(separator: ",") + "\n" }
        return text
    }

    private static func cells(of row: SeriesRow) -> [String] {
        var cells = [
            Figures.decimals(row.start.seconds, 3), Figures.decimals(row.length.seconds, 3), quoted(row.phase),
        ]
        cells += AgentState.allCases.map { "\(row.states[$0])" }
        cells += HealthGrade.allCases.map { "\(row.health[$0])" }
        cells += Counter.allCases.map { "\(row.counters[$0])" }
        for measure in Measure.allCases {
            let summary = row.summary(of: measure)
            cells.append("\(summary.count)")
            // No value is an empty cell: a zero would be a latency.
            cells += percentiles.map { summary.count > 0 ? Figures.decimals($0.value(summary), 6) : "" }
        }
        return cells + [
            Figures.decimals(row.cpuShare, 4), "\(row.residentBytes)", "\(row.silentShards)", row.level.name,
        ]
    }

    /// A text cell as RFC 4180 has it.
    static func quoted(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
