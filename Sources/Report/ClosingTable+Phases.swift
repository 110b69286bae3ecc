import Basis
import Metrics

extension ClosingTable {
    /// Only where there are several: the one phase of a plain run is the run.
    static func phases(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        guard summary.phases.count > 1 else { return [] }
        let columns = PhaseColumn.allCases.filter {
            $0 != .missed || summary.phases.contains { $0.counters[.heartbeatsMissed] > 0 }
        }
        var table = ColumnBlocks(header: [""] + columns.map(\.rawValue))
        for phase in summary.phases {
            table.append(painted: [(phase.label, .normal)] + columns.map { cell($0, of: phase) })
        }
        return table.lines(width: width)
    }

    private enum PhaseColumn: String, CaseIterable {
        case length
        case reports = "reports/s"
        case reconnects, errors, missed
        case p50 = "response p50"
        case p99, max
        case cpu = "CPU"
        case ownShare = "own share p50"
        case verdict
    }

    private static func cell(_ column: PhaseColumn, of phase: PhaseSummary) -> ColumnBlocks.Cell {
        let response = phase.measures[Measure.heartbeatResponse.index]
        func span(_ figure: MeasureSummary.Figure) -> ColumnBlocks.Cell {
            (response.count > 0 ? response.text(figure) : "-", .normal)
        }
        switch column {
        case .length: return (Figures.clock(phase.length), .normal)
        case .reports: return (Figures.rate(phase.rate(phase.counters.reportsSent)), .normal)
        case .reconnects: return (Figures.count(phase.counters[.reconnects]), .normal)
        case .p50: return span(.p50)
        case .p99: return span(.p99)
        case .max: return span(.max)
        case .missed: return (Figures.count(phase.counters[.heartbeatsMissed]), .normal)
        case .errors: return (Figures.count(phase.counters.errors), .normal)
        case .cpu: return (Figures.percent(phase.cpuShare), .normal)
        case .ownShare:
            return (phase.ownShare.flatMap { $0.parts.first }.map { Figures.percent($0.share) } ?? "-", .normal)
        case .verdict: return (phase.level.name, paint(of: phase.level))
        }
    }
}
