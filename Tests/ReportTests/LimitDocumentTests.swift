import Basis
import Foundation
import Testing

@testable import Report
@testable import Statistics

@Suite("The result of a search for a limit, in words")
struct LimitDocumentTests {
    private func sentence(_ ending: LimitSearch.Ending, trials: Int, highest: Double?) -> String {
        let result = LimitSearch.Result(
            ending: ending, limit: 9_347, interval: 8_951...9_804, trials: trials, highestPassed: highest)
        let list = (1...max(trials, 1)).map { LimitDocument.Trial(number: $0, load: 9_000, seconds: 20) }
        return LimitDocument(
            load: "agents", goal: "heartbeat.response.p99 < 100ms", trialSeconds: 20, result: result, trials: list,
            seconds: 360
        ).sentence
    }

    @Test("A limit is told with the length of its trials and its interval, to three digits")
    func narrow() {
        #expect(
            sentence(.narrow, trials: 24, highest: 9_000).hasPrefix(
                "half of the 20 s trials at 9,350 agents keep heartbeat.response.p99 < 100ms; 95 %: 8,950 … 9,800; "
                    + "24 trials"))
    }

    @Test("Where only a lower bound is known, it says so and why")
    func bounds() {
        let tool = sentence(.toolBound, trials: 9, highest: 9_347)
        #expect(tool.hasPrefix("at least 9,350 agents keep") && tool.contains("this machine is the limit"))
        #expect(sentence(.noLimitFound, trials: 9, highest: 500).contains("at least 500 agents"))
    }

    @Test("Advice follows from the lower end of the interval, and only where the search has found a limit")
    func advice() throws {
        func document(_ load: String, _ ending: LimitSearch.Ending) -> LimitDocument {
            let result = LimitSearch.Result(
                ending: ending, limit: 1_100, interval: 1_000...1_200, trials: 9, highestPassed: 900)
            return LimitDocument(load: load, goal: "g", trialSeconds: 20, result: result, trials: [], seconds: 360)
        }
        var rate = document("rate", .narrow)
        rate.advise(agents: 5_000, interval: .seconds(30))
        // 5,000 agents, half of 1,000 a second.
        let sentence = try #require(rate.advice?.first)
        #expect(sentence.contains("5,000 agents") && sentence.contains("1,000 heartbeats/s"), "\(sentence)")
        #expect(sentence.contains("10.0 s or more") || sentence.contains("10 s or more"), "\(sentence)")
        var agents = document("agents", .narrow)
        agents.advise(agents: 7, interval: .seconds(10))
        #expect(agents.advice?.first?.contains("20.0 s or more") == true, "\(agents.advice ?? [])")
        for ending in [LimitSearch.Ending.toolBound, .noLimitFound, .trialsUsedUp] {
            var other = document("rate", ending)
            other.advise(agents: 5_000, interval: .seconds(30))
            #expect(other.advice == nil)
        }
    }

    @Test("A search that ended before its first full trial tells no limit")
    func early() {
        let text = sentence(.trialsUsedUp, trials: 0, highest: nil)
        #expect(text.hasPrefix("no load passed") && !text.contains("half of"), "\(text)")
        #expect(text.contains("ended before its first full trial"))
    }
}
