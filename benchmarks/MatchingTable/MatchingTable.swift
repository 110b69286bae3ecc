import Matching
import MatchingSimulation

/// How well answers are matched to reports: a table over the simulated servers, and a summary over random ones.
///
///     swift run -c release --package-path benchmarks MatchingTable [part of a scenario's name [seed]]
@main
struct MatchingTable {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        let part = arguments.first ?? ""
        let firstSeed = arguments.dropFirst().first.flatMap { UInt64($0) } ?? 12_345
        print(ScoreTable.head)
        for (number, scenario) in Scenario.all.enumerated() where part.isEmpty || scenario.name.contains(part) {
            let seed = firstSeed + UInt64(number)
            let plain = SimulatedRun(scenario, pings: .never, seed: seed)
            let pinged = SimulatedRun(scenario, pings: .inDoubt, seed: seed)
            print(ScoreTable.row(scenario, plain, pinged))
        }
        guard part.isEmpty else { return }
        print("\n" + RandomFleets(count: 200).summary)
    }
}
