import Basis
import Metrics

extension ClosingTable {
    /// How the fleet came to have what was offered: a line for each wave, its times by the wave's own clock.
    ///
    /// Where nothing was superseded there is no column for it, and the 90th percentile goes first where the lines would be
    /// too wide.
    static func convergence(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        guard !summary.waves.isEmpty else { return [] }
        let columns = Column.allCases.filter {
            $0 != .superseded || summary.waves.contains { $0.count(.superseded) > 0 }
        }
        var lines = table(summary, columns)
        if lines.contains(where: { $0.width > width }) { lines = table(summary, columns.filter { $0 != .p90 }) }
        if summary.waves.contains(where: { $0.wave.clock == .firstReceipt }) {
            lines.append(
                PaintedLine(
                    "  *  from the first agent's receipt: when the server put the offer up is not known", .faint))
        }
        return lines
    }

    private static func table(_ summary: RunSummary, _ columns: [Column]) -> [PaintedLine] {
        var table = TextTable(header: [""] + columns.map(\.rawValue))
        for wave in summary.waves {
            let mark = wave.wave.clock == .firstReceipt ? " *" : ""
            table.append(
                painted: [(wave.wave.label + mark, .normal)]
                    + columns.map { cell($0, of: wave, summary.identity.agents) })
        }
        return table.lines()
    }

    private enum Column: String, CaseIterable {
        case offered, applied, converged, failed, superseded
        case fleet = "of all"
        case p50, p90, p99, last
    }

    private static func cell(_ column: Column, of wave: WaveSummary, _ agents: Int) -> (text: String, paint: Paint) {
        let (offered, converged) = (wave.count(.received), wave.count(.converged))
        func count(_ value: UInt64, _ paint: Paint = .normal) -> (text: String, paint: Paint) {
            (Figures.count(value), paint)
        }
        func span(_ percentile: Double) -> (text: String, paint: Paint) {
            (converged > 0 ? Figures.duration(wave[.converged].value(atPercentile: percentile)) : "-", .normal)
        }
        switch column {
        case .offered: return count(offered)
        case .applied: return count(wave.count(.applied))
        case .converged: return count(converged, converged >= offered && converged > 0 ? .good : .normal)
        case .failed: return count(wave.count(.failed), wave.count(.failed) > 0 ? .caution : .normal)
        case .superseded: return count(wave.count(.superseded))
        case .fleet: return (Figures.percent(agents > 0 ? Double(converged) / Double(agents) : 0), .normal)
        case .p50: return span(50)
        case .p90: return span(90)
        case .p99: return span(99)
        case .last: return (wave.lastConverged.map { Figures.duration($0) } ?? "-", .normal)
        }
    }
}
