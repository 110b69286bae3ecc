import Matching

/// The scores of random fleets.
public struct RandomFleets: Sendable {
    private struct Fleet: Sendable {
        let plain: Score
        let pinged: Score
        /// A sequential server whose order is known from the start; `nil`: another one.
        let known: Score?
    }

    private let fleets: [Fleet]

    /// Runs so many.
    public init(count: Int) {
        fleets = (0..<count).map { number in
            let scenario = Scenario.random(number)
            let seed = UInt64(1_000 + number)
            return Fleet(
                plain: SimulatedRun(scenario, pings: .never, seed: seed).score,
                pinged: SimulatedRun(scenario, pings: .inDoubt, seed: seed).score,
                known: scenario.order != .sequential
                    ? nil : SimulatedRun(scenario, pings: .inDoubt, seed: seed, knowsOrder: true).score)
        }
    }

    /// A table in Markdown.
    public var summary: String {
        let ordered = fleets.filter { $0.known != nil }
        let rows = [
            row("without Pings", fleets.map(\.plain)),
            row("without Pings, sequential servers", ordered.map(\.plain)),
            row("Pings in doubt", fleets.map(\.pinged)),
            row("Pings in doubt, sequential servers", ordered.map(\.pinged)),
            row("Pings in doubt, sequential servers, order known", ordered.compactMap(\.known)),
        ]
        return """
            | random fleets | number | wrong % | flagged % | silent % (median, worst) | fleets with > 1 % silent \
            | ranges that miss % | printed p50, p99 that hold |
            |---|---|---|---|---|---|---|---|
            \(rows.joined(separator: "\n"))
            """
    }

    private func row(_ name: String, _ scores: [Score]) -> String {
        let silent = scores.map(\.silent).sorted()
        let holding = [0, 2].map { index in
            scores.count { $0.percentiles.count > index && $0.percentiles[index].holds }
        }
        let (median, worst) = (percent(silent[silent.count / 2]), percent(silent[silent.count - 1]))
        return "| \(name) | \(scores.count) | \(mean(scores, \.wrong)) | \(mean(scores, \.flagged)) "
            + "| \(mean(scores, \.silent)) (\(median), \(worst)) "
            + "| \(silent.count { $0 > 0.01 }) | \(mean(scores, \.missed)) | \(holding[0]), \(holding[1]) |"
    }

    private func mean(_ scores: [Score], _ part: (Score) -> Double) -> String {
        percent(scores.map(part).reduce(0, +) / Double(max(scores.count, 1)))
    }

    private func percent(_ share: Double) -> String { ScoreTable.fixed(100 * share, 3) }
}
