import Basis
public import Simulation

/// A sweep in the terminal: a line for each value, with the distributions over the seeds, and what is known of its
/// knee.
public enum SweepText {
    public static func lines(_ key: String, _ points: [Sweep.Point]) -> [String] {
        let knee = Sweep.knee(of: points)
        var table = TextTable(header: header(key, knee))
        for row in rows(points, knee) { table.append(row) }
        return table.plainLines() + (knee.map { ["", "  " + sentence($0, points)] } ?? [])
    }

    static func header(_ key: String, _ knee: Knee?) -> [String] {
        [key, "runs", "finished", "time p10", "p50", "p90", "broken p10", "p50", "p90", "offered p50"]
            + (knee?.isMarked == true ? [""] : [])
    }

    static func rows(_ points: [Sweep.Point], _ knee: Knee?) -> [[String]] {
        points.enumerated().map { place, point in
            let times = [0.1, 0.5, 0.9].map { share in
                point.seconds(share).map { Figures.clock(Nanoseconds(seconds: $0)) } ?? "–"
            }
            let broken = [0.1, 0.5, 0.9].map { share in point.broken(share).map { Figures.count($0) } ?? "–" }
            let offered = point.runs.map(\.offered).sorted()
            return [point.value, Figures.count(point.runs.count), Figures.count(point.finished)] + times + broken
                + [offered.isEmpty ? "–" : Figures.count(offered[(offered.count - 1) / 2])]
                + (knee?.isMarked == true ? [knee?.place == place ? "the knee" : ""] : [])
        }
    }

    /// What is known of the knee.
    static func sentence(_ knee: Knee, _ points: [Sweep.Point]) -> String {
        let (low, high) = (points[knee.interval.lowerBound].value, points[knee.interval.upperBound].value)
        if knee.isMarked {
            let share = Figures.percent(knee.share)
            return "the knee is \(points[knee.place].value): so in \(share) of the samples of the seeds"
        }
        if low == high { return "no knee is marked: \(low) may lie on the line between the first and the last value" }
        return "no knee is marked: it lies between \(low) and \(high) (95 %); more seeds say more"
    }
}
