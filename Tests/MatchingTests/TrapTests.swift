import Basis
import MatchingSimulation
import Testing

@testable import Matching

/// Mistakes that a way of matching can make without showing them; each was found as a failure.
struct TrapTests {
    private func small(_ name: String) throws -> Scenario {
        var scenario = try #require(Scenario.all.first { $0.name == name })
        scenario.connections = 100
        scenario.reports = 100
        return scenario
    }

    @Test("reports that were overtaken before an answer are learned as censored, not left out")
    func learnsCensoredReports() throws {
        let score = SimulatedRun(try small("500ms const/200ms bare push .01/s")).score
        #expect(abs(score.percentiles[0].error) < 0.02)
        #expect(score.wrong < 0.02)
    }

    @Test("a single message never shifts the reading, however rare drops are: their rate is at least 1 in 1,000")
    func floorsTheRateOfDrops() throws {
        var counts = LearnedCounts()
        counts.addAnswers(1_000_000, of: 0, after: .milliseconds(20), .bare)
        let times = ServiceTimes(counts, kind: 0, longest: .seconds(10))
        #expect(times.logDropped >= -ServiceTimes.logFactor - 1e-6)
        let score = SimulatedRun(try small("1.5s/0.5s async drop1")).score
        #expect(score.silent < 0.01)
        #expect(score.wrong < 0.05)
    }

    @Test("what is not known of service times is flat in time, so that no short time is preferred")
    func knowsNothingEvenly() {
        let times = ServiceTimes(LearnedCounts(), kind: 0, longest: .seconds(10))
        let densities = [1, 20, 300, 4_000, 9_000].map { times.logDensity(of: .milliseconds($0)) }
        for density in densities { #expect(abs(density - densities[0]) < 0.1) }
    }

    @Test("reports that overlap are not read as drops because of a factor that only they bear")
    func treatsOverlapAlike() throws {
        let score = SimulatedRun(try small("500ms const/200ms push .01/s")).score
        #expect(abs(score.percentiles[0].error) < 0.02)
        #expect(score.wrong < 0.01)
    }

    @Test("each send tries to decide, so that Pings stay few")
    func decidesAtEachSend() throws {
        var scenario = try small("drop1% 500ms/1s sync")
        scenario.reports = 200
        let run = SimulatedRun(scenario, pings: .inDoubt)
        let share = Double(run.pings) / 20_000
        // Up to 3,000 go to learning the order.
        #expect(share < 0.25)
        #expect(run.score.silent < 0.001)
    }
}
