import Basis
import Metrics

extension ClosingTable {
    /// Only where there are several: the one phase of a plain run is the run. Where the lines would be too wide, columns
    /// that say least go first.
    static func phases(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        guard summary.phases.count > 1 else { return [] }
        var columns = PhaseColumn.allCases
        var lines = phases(summary, columns)
        for column in PhaseColumn.minFirst where lines.contains(where: { $0.width > width }) {
            columns.removeAll { $0 == column }
            lines = phases(summary, columns)
        }
        return lines
    }

    private static func phases(_ summary: RunSummary, _ columns: [PhaseColumn]) -> [PaintedLine] {
        var table = TextTable(header: [""] + columns.map(\.rawValue))
        for phase in summary.phases {
            table.append(painted: [(phase.label, .normal)] + columns.map { cell($0, of: phase) })
        }
        return table.lines()
    }

    private enum PhaseColumn: String, CaseIterable {
        case length
        case reports = "reports/s"
        case reconnects
        case p50 = "response p50"
        case p99, max, errors
        case cpu = "CPU"
        case tool

        static let minFirst: [PhaseColumn] = [.cpu, .max, .reconnects, .length, .p50]
    }

    private static func cell(_ column: PhaseColumn, of phase: PhaseSummary) -> (text: String, paint: Paint) {
        let response = phase.measures[Measure.heartbeatResponse.rawValue]
        func span(_ value: Nanoseconds) -> (text: String, paint: Paint) {
            (response.count > 0 ? Figures.duration(value) : "-", .normal)
        }
        switch column {
        case .length: return (Figures.clock(phase.length), .normal)
        case .reports: return (Figures.rate(phase.rate(phase.counters.reportsSent)), .normal)
        case .reconnects: return (Figures.count(phase.counters[.reconnects]), .normal)
        case .p50: return span(response.p50)
        case .p99: return span(response.p99)
        case .max: return span(response.max)
        case .errors: return (Figures.count(phase.counters.errors), .normal)
        case .cpu: return (Figures.percent(phase.cpuShare), .normal)
        case .tool: return (phase.level == .fine ? "on time" : phase.level.name, paint(of: phase.level))
        }
    }
}
