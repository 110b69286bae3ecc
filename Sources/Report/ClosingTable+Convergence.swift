import Basis
import Metrics
import OpAMP

extension ClosingTable {
    /// How the offers spread over the fleet: a line for each wave, its times by the wave's own clock.
    static func convergence(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        guard !summary.waves.isEmpty else { return [] }
        let columns = Column.allCases.filter {
            $0 != .superseded || summary.waves.contains { $0.count(.superseded) > 0 }
        }
        var table = ColumnBlocks(header: [""] + columns.map(\.rawValue))
        for wave in summary.waves {
            let mark = wave.wave.clock == .firstReceipt ? " *" : ""
            table.append(
                painted: [(wave.wave.label + mark, .normal)]
                    + columns.map { cell($0, of: wave, summary.identity.agents) })
        }
        var lines = table.lines(width: width)
        if summary.waves.contains(where: { $0.wave.clock == .firstReceipt }) {
            let note = "*  from the first agent's receipt: when the server began to offer is not known"
            lines += Prose.wrapped(note, width: width - 2).map { PaintedLine("  " + $0, .faint) }
        }
        return lines
    }

    private enum Column: String, CaseIterable {
        case offered, applied, converged, failed, superseded
        case fleet = "of fleet"
        case p50, p90, p99, last
    }

    private static func cell(_ column: Column, of wave: WaveSummary, _ agents: Int) -> ColumnBlocks.Cell {
        let (offered, converged) = (wave.count(.received), wave.count(.converged))
        func count(_ value: UInt64, _ paint: Paint = .normal) -> ColumnBlocks.Cell {
            (Figures.count(value), paint)
        }
        func span(_ percentile: Double) -> ColumnBlocks.Cell {
            (converged > 0 ? Figures.duration(wave[.converged].value(atPercentile: percentile)) : "-", .normal)
        }
        switch column {
        case .offered: return count(offered)
        case .applied: return count(wave.count(.applied))
        case .converged: return count(converged, converged >= offered && converged > 0 ? .good : .normal)
        case .failed: return count(wave.count(.failed), wave.count(.failed) > 0 ? .caution : .normal)
        case .superseded: return count(wave.count(.superseded))
        case .fleet: return (Figures.percent(wave.convergedShare(of: agents)), .normal)
        case .p50: return span(50)
        case .p90: return span(90)
        case .p99: return span(99)
        case .last: return (wave.lastConverged.map { Figures.duration($0) } ?? "-", .normal)
        }
    }
}
