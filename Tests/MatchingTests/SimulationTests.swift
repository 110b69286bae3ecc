import Matching
import MatchingSimulation
import Testing

struct SimulationTests {
    /// All scenarios, small enough for every run of the tests.
    private static let scenarios = small(connections: 12, reports: 40)

    private static func small(connections: Int, reports: Int) -> [Scenario] {
        Scenario.all.map { scenario in
            var scenario = scenario
            (scenario.connections, scenario.reports) = (connections, reports)
            return scenario
        }
    }

    @Test("every report ends once and every message is used once", arguments: scenarios)
    func accountsForAll(_ scenario: Scenario) {
        for policy in PingPolicy.allCases {
            let run = SimulatedRun(scenario, pings: policy)
            #expect(run.endsOnce)
            #expect(run.usesMessagesOnce)
        }
    }

    @Test("a healthy server is read without an error and next to no window")
    func readsHealthyServers() throws {
        var scenario = Self.scenarios[0]
        (scenario.connections, scenario.reports) = (100, 100)
        let run = SimulatedRun(scenario, pings: .inDoubt)
        #expect(run.score.wrong == 0)
        #expect(run.score.flagged == 0)
        #expect(run.maxWindows <= 1)
        #expect(run.pings == 0)
    }

    @Test(
        "what is wrong is flagged, and the printed range holds the truth",
        arguments: small(connections: 20, reports: 50).filter { $0.coalescing == 0 })
    func flagsWhatMayBeWrong(_ scenario: Scenario) {
        let score = SimulatedRun(scenario).score
        #expect(score.silent < 0.01)
        #expect(score.percentiles[0].holds)
    }

    @Test("on a server with ordered Pongs next to nothing is in doubt")
    func usesOrderedPongs() {
        var scenario = Scenario("drop5% 20ms/1s") { $0.drops = 0.05 }
        scenario.connections = 200
        scenario.reports = 100
        let run = SimulatedRun(scenario, pings: .inDoubt)
        #expect(run.arePongsOrdered)
        #expect(run.score.wrong == 0)
        #expect(run.score.flagged < 0.002)
    }

    @Test("a server that answers Pings at once is found out and sent no more of them")
    func findsUnorderedPongs() {
        var scenario = Scenario("drop5% 20ms/1s") { ($0.drops, $0.order) = (0.05, .inOrder) }
        scenario.connections = 100
        scenario.reports = 100
        let run = SimulatedRun(scenario, pings: .inDoubt)
        #expect(!run.arePongsOrdered)
        #expect(run.pings > 0)
        #expect(run.pings < 100)
    }

    @Test("a server slower than the interval is never read without a range")
    func guardsOverlap() throws {
        let scenario = try #require(Self.scenarios.first { $0.name == "1.5s/0.5s async drop1" })
        let score = SimulatedRun(scenario).score
        #expect(score.flagged > 0.95)
    }
}
