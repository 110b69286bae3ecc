import AgentModel
import Basis
public import Metrics

/// `series.csv`: one line for each row of the series, the columns named in the first line.
public enum SeriesTable {
    static let figures: [MeasureSummary.Figure] = [.p50, .p90, .p99, .p999, .max]

    /// The columns of one measure: figures, and of measures whose values may be known only within bounds these too.
    private static func columns(of measure: Measure) -> [String] {
        let bounds = measure.isBounded ? figures.flatMap { ["\($0.name)_low_ms", "\($0.name)_high_ms"] } : []
        return (["count"] + figures.map { "\($0.name)_ms" } + bounds).map { "\(measure.name)_\($0)" }
    }

    /// The names of the columns.
    public static var columns: [String] {
        ["start_s", "length_s", "phase"]
            + AgentState.allCases.map { "state_\($0.key)" }
            + HealthGrade.allCases.map { "health_\($0.name)" }
            + Counter.allCases.map(\.name)
            + Measure.allCases.flatMap(columns(of:))
            + ["cpu_share", "resident_bytes", "silent_shards", "generator", "marks"]
            + ["server_cpu_ms", "server_resident_bytes", "server_threads", "server_descriptors"]
    }

    /// - Parameter scraped: the names of the values that were scraped from the server.
    public static func text(of rows: [SeriesRow], scraped: [String] = []) -> String {
        var text = (columns + scraped.map { quoted(scrapedPrefix + $0) }).joined(separator: ",") + "\n"
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
            func milliseconds(_ span: Nanoseconds?) -> String {
                summary.count > 0 ? span.map { Figures.decimals($0.seconds * 1e3, 6) } ?? "" : ""
            }
            cells += figures.map { milliseconds(summary[$0]) }
            guard measure.isBounded else { continue }
            cells += figures.flatMap { figure in
                let bounds = summary.bounds(of: figure)
                return summary.isBounded ? [milliseconds(bounds.low), milliseconds(bounds.high)] : ["", ""]
            }
        }
        return cells + [
            Figures.decimals(row.cpuShare, 4), "\(row.residentBytes)", "\(row.silentShards)", row.level.name,
            quoted(row.marks.joined(separator: markSeparator)),
        ] + Self.server(row.server)
    }

    /// What the server used, and what was scraped from it; empty where it is not known.
    private static func server(_ server: ServerInterval?) -> [String] {
        let cpu = server?.cpu.map { Figures.decimals($0.seconds * 1e3, 0) }
        let process = [
            cpu, server?.residentBytes.map { String($0) }, server?.threads.map { String($0) },
            server?.descriptors.map { String($0) },
        ]
        let scraped: [Double?] = server?.scraped ?? []
        return process.map { $0 ?? "" } + scraped.map { $0.map { String($0) } ?? "" }
    }

    /// Between the names of marks of one row.
    static let markSeparator = "; "
    /// What the names of columns with scraped values begin with.
    static let scrapedPrefix = "scraped_"

    /// A text cell as RFC 4180 has it.
    static func quoted(_ text: String) -> String { CSVText.quoted(text) }
}
