import Basis
public import Simulation

/// A sweep in the terminal: a line for each value, with the distributions over the seeds.
public enum SweepText {
    public static func lines(_ key: String, _ points: [Sweep.Point]) -> [String] {
        let knee = Sweep.knee(of: points)
        var header = [key, "runs", "finished", "time p10", "p50", "p90", "broken p10", "p50", "p90", "offered p50"]
        if knee?.isMarked == true { header.append("") }
        var table = TextTable(header: header)
        for (place, point) in points.enumerated() {
            let times = [0.1, 0.5, 0.9].map { share in
                point.seconds(share).map { Figures.clock(Nanoseconds(seconds: $0)) } ?? "–"
            }
            let broken = [0.1, 0.5, 0.9].map { share in point.broken(share).map { Figures.count($0) } ?? "–" }
            let offered = point.runs.map(\.offered).sorted()
            table.append(
                [point.value, Figures.count(point.runs.count), Figures.count(point.finished)] + times + broken
                    + [offered.isEmpty ? "–" : Figures.count(offered[(offered.count - 1) / 2])]
                    + (knee?.isMarked == true ? [knee?.place == place ? "the knee" : ""] : []))
        }
        return table.plainLines() + (knee.map { ["", "  " + sentence($0, points)] } ?? [])
    }

    /// What is known of the knee.
    static func sentence(_ knee: Knee, _ points: [Sweep.Point]) -> String {
        let interval = [knee.interval.lowerBound, knee.interval.upperBound].map { points[$0].value }
        if knee.isMarked {
            return "knee: \(points[knee.place].value), in \(Figures.percent(knee.share)) of the samples of the seeds"
        }
        if interval[0] == interval[1] { return "no knee: \(interval[0]) may lie on the line between the ends" }
        return "no knee is marked: it lies between \(interval[0]) and \(interval[1]) (95 %); more seeds say more"
    }
}
