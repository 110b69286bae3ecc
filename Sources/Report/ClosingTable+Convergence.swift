import Basis
import Metrics

extension ClosingTable {
    /// How the fleet came to have what was offered: a line for each phase in which configurations or packages were on the way.
    ///
    /// Where nothing was superseded there is no column for it, and the 90th percentile goes first where the lines would be
    /// too wide.
    static func convergence(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        let waves = summary.phases.flatMap { phase in
            let kinds = Wave.Kind.allCases.filter { $0.isPresent(in: phase.counters) }
            return kinds.map { kind in
                let label = kinds.count > 1 ? "\(phase.label): \(kind.title)" : phase.label
                return Wave(label: label, kind: kind, phase: phase, agents: summary.identity.agents)
            }
        }
        guard !waves.isEmpty else { return [] }
        let columns = Column.allCases.filter { $0 != .superseded || waves.contains { $0.superseded > 0 } }
        let lines = table(waves, columns)
        let isTooWide = lines.contains { $0.width > width }
        return isTooWide ? table(waves, columns.filter { $0 != .p90 }) : lines
    }

    private static func table(_ waves: [Wave], _ columns: [Column]) -> [PaintedLine] {
        var table = TextTable(header: [""] + columns.map(\.rawValue))
        for wave in waves {
            table.append(painted: [(wave.label, .normal)] + columns.map(wave.cell))
        }
        return table.lines()
    }

    fileprivate enum Column: String, CaseIterable {
        case offered, applied, converged, failed, superseded
        case fleet = "of all"
        case p50, p90, p99, last
    }

    /// One kind of offer in one phase.
    fileprivate struct Wave {
        enum Kind: CaseIterable {
            case config, packages
        }

        let label: String
        let kind: Kind
        let phase: PhaseSummary
        let agents: Int

        var superseded: UInt64 { kind.superseded.map { phase.counters[$0] } ?? 0 }

        func cell(_ column: Column) -> (text: String, paint: Paint) {
            let counters = kind.counters
            let (offered, converged) = (phase.counters[counters.offered], phase.counters[counters.converged])
            func count(_ value: UInt64, _ paint: Paint = .normal) -> (text: String, paint: Paint) {
                (Figures.count(value), paint)
            }
            switch column {
            case .offered: return count(offered)
            case .applied: return count(phase.counters[counters.applied])
            case .converged: return count(converged, converged >= offered && converged > 0 ? .good : .normal)
            case .failed:
                let failed = phase.counters[counters.failed]
                return count(failed, failed > 0 ? .caution : .normal)
            case .superseded: return count(superseded)
            case .fleet: return (Figures.percent(agents > 0 ? Double(converged) / Double(agents) : 0), .normal)
            case .p50: return span(\.p50)
            case .p90: return span(\.p90)
            case .p99: return span(\.p99)
            case .last: return span(\.max)
            }
        }

        private func span(_ figure: KeyPath<MeasureSummary, Nanoseconds>) -> (text: String, paint: Paint) {
            let figures = phase.measures[kind.measure.rawValue]
            return (figures.count > 0 ? Figures.duration(figures[keyPath: figure]) : "-", .normal)
        }
    }
}

extension ClosingTable.Wave.Kind {
    fileprivate var title: String {
        switch self {
        case .config: "config"
        case .packages: "packages"
        }
    }

    fileprivate var counters: (offered: Counter, applied: Counter, converged: Counter, failed: Counter) {
        switch self {
        case .config: (.remoteConfigsReceived, .configsApplied, .configsConverged, .configsFailed)
        case .packages: (.packageOffers, .packagesInstalled, .packageOffersConverged, .packageOffersFailed)
        }
    }

    fileprivate var superseded: Counter? {
        switch self {
        case .config: .configsSuperseded
        case .packages: nil
        }
    }

    fileprivate var measure: Measure {
        switch self {
        case .config: .configConverged
        case .packages: .packagesConverged
        }
    }

    fileprivate func isPresent(in table: CounterTable) -> Bool {
        let (offered, applied, converged, failed) = counters
        return [offered, applied, converged, failed].contains { table[$0] > 0 }
    }
}
