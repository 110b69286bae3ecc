import Statistics
import StatisticsSimulation

/// What `compare` and `find-limit` find in simulated runs, whose truth is known: two tables.
///
///     swift run -c release --package-path benchmarks StatisticsTable [limits|compare [scene]|search [seeds]]
@main
struct StatisticsTable {
    static func main() {
        let part = CommandLine.arguments.dropFirst().first
        if part == nil || part == "compare" { compare() }
        if part == nil || part == "search" || part == "limits" { search(onlyLimits: part == "limits") }
    }

    private static let pool = 1_500
    private static let comparisons = 4_000

    private static func compare() {
        print("| scene | run effect | runs a side | order | false worse | p99 +10 %: found, of one figure | of four |")
        print("|---|---|---|---|---|---|---|")
        let only = CommandLine.arguments.dropFirst(2).first
        for scene in LoadTest.Scene.allCases where only == nil || only == scene.rawValue {
            let test = LoadTest(scene, seconds: 300, rate: 1_000)
            let runs = (0..<UInt64(pool)).map(test.run)
            for (effect, drift, alternating) in [
                (0.0, 0.0, true), (0.02, 0, true), (0.05, 0, true), (0.02, 0.03, true), (0.02, 0.03, false),
            ] {
                for count in [3, 5, 10] {
                    var settings = ComparisonCampaign.Runs()
                    settings.runEffect = effect
                    settings.drift = drift
                    settings.alternating = alternating
                    let equal = ComparisonCampaign(
                        pool: runs, count: count, settings, comparisons: comparisons, seed: 1)
                    settings.change = 0.0953
                    let slower = ComparisonCampaign(
                        pool: runs, count: count, settings, comparisons: comparisons, seed: 2)
                    let order = (alternating ? "AB BA" : "A…A B…B") + (drift > 0 ? ", drifting machine" : "")
                    print(
                        "| \(scene) | \(percent(effect)) | \(count) | \(order) | \(percent(equal.share(\.worse))) "
                            + "| \(percent(slower.share(\.worseP99Alone))) | \(percent(slower.share(\.worseP99))) |")
                }
            }
        }
    }

    private static func search(onlyLimits: Bool) {
        print("| scene | limit at 400/s, 800/s | holds the limit | median width | trials | mean cost |")
        print("|---|---|---|---|---|---|")
        for scene in KneeServer.Scene.allCases {
            let limits = [400.0, 800].map { KneeServer.limit(scene, capacity: $0, length: 20, trials: 150) }
            let known = limits.map { "\(($0 * 1_000).rounded() / 1_000)" }.joined(separator: ", ")
            guard !onlyLimits else {
                print("| \(scene) | \(known) |")
                continue
            }
            let seeds = CommandLine.arguments.dropFirst(2).first.flatMap { UInt64($0) } ?? 200
            let campaign = SearchCampaign(scene, seeds: 0..<seeds, limit: { $0 < 600 ? limits[0] : limits[1] })
            print(
                "| \(scene) | \(known) | \(percent(campaign.coverage)) | \(percent(campaign.medianWidth)) "
                    + "| \(campaign.meanTrials.rounded()) | \(campaign.meanSeconds.rounded()) s |")
        }
    }

    private static func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
}
