import Basis
public import Simulation

/// A sweep in the terminal: a line for each value, with the distributions over the seeds.
public enum SweepText {
    public static func lines(_ key: String, _ points: [Sweep.Point]) -> [String] {
        var table = TextTable(header: [
            key, "runs", "finished", "time p10", "p50", "p90", "broken p10", "p50", "p90", "offered p50",
        ])
        for point in points {
            let times = [0.1, 0.5, 0.9].map { share in
                point.seconds(share).map { Figures.clock(Nanoseconds(seconds: $0)) } ?? "–"
            }
            let broken = [0.1, 0.5, 0.9].map { share in point.broken(share).map { Figures.count($0) } ?? "–" }
            let offered = point.runs.map(\.offered).sorted()
            table.append(
                [point.value, Figures.count(point.runs.count), Figures.count(point.finished)] + times + broken
                    + [offered.isEmpty ? "–" : Figures.count(offered[(offered.count - 1) / 2])])
        }
        return table.plainLines()
    }
}
