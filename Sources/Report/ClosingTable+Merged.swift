import Basis
import Metrics

extension ClosingTable {
    /// The runs that were merged: each with its start after the first one's, by the clocks of the hosts.
    static func merged(_ summary: RunSummary, width: Int) -> [PaintedLine] {
        guard !summary.merged.isEmpty else { return [] }
        var table = TextTable(header: ["", "agents", "started after", "ended", "verdict", "machine"])
        for run in summary.merged {
            table.append(
                painted: [
                    (run.part.map { "shard \($0)" } ?? run.run, .normal), (Figures.count(run.agents), .normal),
                    (Figures.duration(Nanoseconds(seconds: run.offset)), .normal), (run.outcome, .normal),
                    (run.level.name, paint(of: run.level)), (run.machine, .faint),
                ])
        }
        return table.lines(leftColumns: [3, 4, 5])
    }
}
