import Basis
import StatisticsSimulation
import Testing

@testable import Statistics

@Suite("The search for a limit")
struct LimitSearchTests {
    /// A search of a server that passes below a limit; the loads that it asked for.
    private func search(
        _ settings: LimitSearch.Settings, passes: (Double) -> LimitSearch.Trial
    ) -> (LimitSearch.Result, loads: [Double])? {
        var search = LimitSearch(settings)
        var loads: [Double] = []
        for _ in 0..<400 {
            switch search.next {
            case .trial(let load, _):
                loads.append(load)
                search.record(passes(load), load: load)
            case .finished(let result): return (result, loads)
            }
        }
        return nil
    }

    @Test("A sharp limit is found wherever it is, also outside of the range", arguments: [3.0, 40, 411, 2_000, 9_000])
    func sharp(limit: Double) throws {
        let found = try #require(search(.init(low: 10, high: 5_000)) { $0 < limit ? .passed : .failed })
        #expect(found.0.ending == .narrow)
        #expect(found.0.interval.contains(limit), "\(found.0)")
        #expect(found.0.interval.upperBound / found.0.interval.lowerBound <= 1.1)
        #expect(found.loads.count < 40)
    }

    @Test("Where every load that can be tried passes, there is no limit to be told")
    func noLimit() throws {
        var settings = LimitSearch.Settings(low: 10, high: 500)
        settings.isHighFixed = true
        let found = try #require(search(settings) { _ in .passed })
        #expect(found.0.ending == .noLimitFound)
        #expect(found.0.highestPassed == 500)
        #expect(found.loads.allSatisfy { $0 <= 500 })
    }

    @Test("Trials in which the tool was the bottleneck count as nothing, and end the search where no other is left")
    func toolBound() throws {
        let found = try #require(search(.init(low: 10, high: 5_000)) { $0 < 300 ? .passed : .notDecided })
        #expect(found.0.ending == .toolBound)
        let highest = try #require(found.0.highestPassed)
        #expect((150...300).contains(highest), "\(found.0)")
    }

    @Test("It ends after the trials that it may make, with the width reached")
    func bounded() throws {
        var random = SeededRandom(seed: 5)
        var settings = LimitSearch.Settings(low: 10, high: 5_000)
        (settings.maxTrials, settings.width) = (20, 0.0001)
        let found = try #require(search(settings) { _ in random.chance(0.5) ? .passed : .failed })
        #expect(found.0.ending == .trialsUsedUp && found.0.trials == 20)
    }

    @Test("Ended early, it says what is known")
    func endedEarly() {
        var search = LimitSearch(.init(low: 10, high: 5_000))
        search.record(.passed, load: 10)
        search.finish()
        guard case .finished(let result) = search.next else {
            Issue.record("it goes on")
            return
        }
        #expect(result.ending == .trialsUsedUp && result.trials == 0 && result.interval.contains(20))
    }

    /// A part of what benchmarks/StatisticsTable shows over 200 seeds and three scenes. The limits are that program's.
    @Test("Its interval holds the limit of a simulated server, at a bounded cost")
    func coverage() {
        let campaign = SearchCampaign(.clean, seeds: 0..<3, limit: { $0 < 600 ? 0.905 : 0.959 })
        #expect(campaign.searches == 3 && campaign.holding == 3)
        #expect(campaign.meanSeconds < 400, "\(campaign.meanSeconds)")
    }
}
