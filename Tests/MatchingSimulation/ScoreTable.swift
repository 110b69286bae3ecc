/// Scores as a table in Markdown.
public enum ScoreTable {
    /// The table's head.
    public static let head = """
        | scenario | error of p50/p90/p99/p99.9 % | wrong / flagged / silent % | ranges that miss % \
        | unanswered, late, surplus | width p50, p99 | holds p50, p99, p99.9 | ns/event \
        | with Pings: wrong / flagged / silent %; Pings per 100 |
        |---|---|---|---|---|---|---|---|---|
        """

    /// One scenario, without Pings and with Pings in doubt.
    public static func row(_ scenario: Scenario, _ plain: SimulatedRun, _ pinged: SimulatedRun) -> String {
        let score = plain.score
        let errors = score.percentiles.map { percent($0.error) }.joined(separator: "/")
        let widths = [0, 2].compactMap { score.percentiles.count > $0 ? fixed(score.percentiles[$0].width, 2) : nil }
        let holds = [0, 2, 3].compactMap { number in
            score.percentiles.count > number ? (score.percentiles[number].holds ? "yes" : "NO") : nil
        }
        let pings = 100 * Double(pinged.pings) / Double(scenario.connections * scenario.reports)
        return "| \(scenario.name) | \(errors) | \(shares(score)) | \(fixed(100 * score.missed, 3)) "
            + "| \(score.unanswered) \(score.late) \(score.surplus) | \(widths.joined(separator: ", ")) "
            + "| \(holds.joined(separator: ", ")) | \(fixed(plain.nanosecondsPerEvent, 0)) "
            + "| \(shares(pinged.score)); \(fixed(pings, 2)) |"
    }

    private static func shares(_ score: Score) -> String {
        [score.wrong, score.flagged, score.silent].map { fixed(100 * $0, 3) }.joined(separator: " / ")
    }

    private static func percent(_ error: Double) -> String { fixed(100 * error, 1) }

    /// A number with so many decimals, trailing zeros cut.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite else { return "–" }
        let scale = power(10, Double(decimals))
        let rounded = (value * scale).rounded() / scale
        guard rounded != 0 else { return "0" }
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}
