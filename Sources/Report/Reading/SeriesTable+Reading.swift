import AgentModel
import Basis
import Metrics

extension SeriesTable {
    /// A text that is no series.
    enum ReadingError: Error, Hashable, CustomStringConvertible {
        case noColumn(String)
        case badRow(line: Int)
        case tooManyRows

        var description: String {
            switch self {
            case .noColumn(let name): "the first line has no column '\(name)'"
            case .badRow(let line): "line \(line) is not a row of the series"
            case .tooManyRows: "more rows than any run has (\(SeriesTable.maxRows))"
            }
        }
    }

    /// A series has no more rows.
    private static let maxRows = 100_000

    /// Reads the rows. Columns that this release does not know are passed over; counters that are missing are zero.
    /// - Parameter index: the histograms of the same run.
    static func rows(_ text: String, _ index: HistogramIndex) throws(ReadingError) -> [SeriesRow] {
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.count <= maxRows + 1 else { throw .tooManyRows }
        let names = lines.first.map { CSVText.cells(in: $0) } ?? []
        let columns = Dictionary(names.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        for name in ["start_s", "length_s", "phase"] where columns[name] == nil { throw .noColumn(name) }
        var rows: [SeriesRow] = []
        for (number, line) in lines.enumerated().dropFirst() {
            guard let row = row(CSVText.cells(in: line), columns, index) else { throw .badRow(line: number + 1) }
            rows.append(row)
        }
        return rows
    }

    private static func row(_ cells: [String], _ columns: [String: Int], _ index: HistogramIndex) -> SeriesRow? {
        func cell(_ name: String) -> String? { columns[name].flatMap { $0 < cells.count ? cells[$0] : nil } }
        guard let start = cell("start_s").flatMap(Double.init), let length = cell("length_s").flatMap(Double.init),
            let phase = cell("phase"), start.isFinite, length.isFinite, length >= 0, !hasOverlargeCount(cells, columns)
        else { return nil }
        let span = Nanoseconds(seconds: start)
        let share = cell("cpu_share").flatMap(Double.init) ?? 0
        var row = SeriesRow(
            start: span, length: Nanoseconds(seconds: length), phase: phase, counters: CounterTable(),
            states: StateTable(), health: HealthTable(), histograms: index.row(at: span), cpu: .zero,
            cpuShare: share, residentBytes: cell("resident_bytes").flatMap(UInt64.init) ?? 0,
            silentShards: cell("silent_shards").flatMap(Int.init) ?? 0,
            level: SummaryDocument.level(cell("generator") ?? ""))
        for counter in Counter.allCases { row.counters[counter] = cell(counter.name).flatMap(UInt64.init) ?? 0 }
        for state in AgentState.allCases { row.states[state] = cell("state_\(state.key)").flatMap(Int.init) ?? 0 }
        for grade in HealthGrade.allCases { row.health[grade] = cell("health_\(grade.name)").flatMap(Int.init) ?? 0 }
        row.marks = (cell("marks") ?? "").split(separator: Self.markSeparator).map(String.init)
        let scraped = columns.filter { $0.key.hasPrefix(scrapedPrefix) }.sorted { $0.value < $1.value }
        row.server = server(cell, scraped.map { cell($0.key) })
        return row
    }

    /// Whether a count is larger than that of any run, so that it could overflow when it is added up.
    private static func hasOverlargeCount(_ cells: [String], _ columns: [String: Int]) -> Bool {
        columns.contains { name, place in
            guard place < cells.count, cells[place].utf8.count > 15, !name.hasPrefix(scrapedPrefix),
                let count = Double(cells[place])
            else { return false }
            return count.magnitude > LargestFigure.maxOfARun
        }
    }

    private static func server(_ cell: (String) -> String?, _ scraped: [String?]) -> ServerInterval? {
        let interval = ServerInterval(
            cpu: cell("server_cpu_ms").flatMap(Double.init).map { Nanoseconds(seconds: $0 / 1e3) },
            residentBytes: cell("server_resident_bytes").flatMap(UInt64.init),
            threads: cell("server_threads").flatMap(Int.init),
            descriptors: cell("server_descriptors").flatMap(Int.init), scraped: scraped.map { $0.flatMap(Double.init) })
        return interval.cpu == nil && scraped.isEmpty ? nil : interval
    }
}
