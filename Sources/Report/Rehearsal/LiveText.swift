import Basis
public import Simulation

/// What a rehearsal on real sockets adds to its text: the measured times, and the virtual twin beside it.
public enum LiveText {
    /// The lines under the table of a live rehearsal.
    public static func lines(_ live: LiveFigures) -> [String] {
        var table = TextTable(header: ["on the machine's clock", "count", "p50", "p99", "max"])
        let rows = [
            ("offer sent after it was due", live.offerDelay),
            (live.isDriven ? "offer ordered to its arrival" : "offer sent to first status", live.offerRoundTrip),
            ("heartbeat due to its answer", live.heartbeatResponse),
        ]
        for (name, times) in rows {
            let figures =
                times.count > 0 ? [times.p50, times.p99, times.max].map { Figures.duration($0) } : ["–", "–", "–"]
            table.append([name, Figures.count(times.count)] + figures)
        }
        let took = live.duration.map { ", \(Figures.duration($0)) on the machine's clock" } ?? ""
        return table.plainLines() + [
            "  real sockets\(took); times of the plan divided by \(speed(live.speed)); a heartbeat each "
                + "\(Figures.duration(live.heartbeat)) of the machine's clock",
            "  the revision was sent \(Figures.count(live.pushes)) times; the tool: \(live.tool)",
        ]
    }

    /// A live rehearsal beside its twin.
    public static func lines(_ comparison: TwinComparison) -> [String] {
        var lines = ["beside its virtual twin"]
        var table = TextTable(header: ["decision", "live", "virtual", "apart"])
        let limit = 24
        for (number, pair) in comparison.pairs.enumerated()
        where number < limit / 2 || number >= comparison.pairs.count - limit / 2 {
            table.append([
                pair.decision, clock(pair.live), clock(pair.virtual),
                pair.difference.map { Figures.duration($0) } ?? "–",
            ])
        }
        lines += table.plainLines(leftColumns: [0])
        if comparison.pairs.count > limit {
            lines.append("  (\(comparison.pairs.count - limit) decisions between them are not shown)")
        }
        lines.append(
            comparison.firstDifference.map { "  decisions differ: \($0)" }
                ?? "  decisions equal: \(Figures.count(comparison.pairs.count))")
        if let (pair, tolerance) = comparison.largest, let difference = pair.difference {
            let verdict = comparison.areTimesWithinTolerance ? "within" : "beyond"
            lines.append(
                "  times \(verdict) the tolerance (\(speed(comparison.speed)) s and 5 %): the farthest apart is "
                    + "'\(pair.decision)', \(Figures.duration(difference)) of \(Figures.duration(tolerance)) allowed")
        }
        return lines
    }

    private static func clock(_ span: Nanoseconds?) -> String { span.map { Figures.clock($0) } ?? "–" }

    static func speed(_ factor: Double) -> String {
        factor == factor.rounded() && abs(factor) < 1e9 ? "\(Int(factor))" : "\(factor)"
    }
}
