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

    /// Twelve trials of 20 s at 1,000 agents and more, with a heartbeat each second.
    private func document(_ throughput: (Double) -> Double, outcome: String = "passed") -> LimitDocument {
        let result = LimitSearch.Result(
            ending: .narrow, limit: 9_000, interval: 8_900...9_100, trials: 9, highestPassed: 9_000)
        let trials = (1...12).map { number in
            var trial = LimitDocument.Trial(number: number, load: 1_000 * Double(number), seconds: 20)
            (trial.outcome, trial.throughput) = (outcome, throughput(trial.load))
            trial.messages = trial.throughput.map { UInt64($0 * 20) }
            return trial
        }
        return LimitDocument(load: "agents", goal: "g", trialSeconds: 20, result: result, trials: trials, seconds: 60)
    }

    @Test("A knee is told with its interval and the parameters that it follows from")
    func knee() throws {
        let peak = document { $0 / (1 + $0 * ($0 - 1) / 64e6) }
        #expect(peak.kneeSentence.hasPrefix("Knee at 8,000 agents (95 %: 7,"), "\(peak.kneeSentence)")
        #expect(peak.kneeSentence.contains("at most 4,000 messages/s"), "\(peak.kneeSentence)")
        #expect(peak.kneeSentence.contains("crosstalk 1.6e-08 (95 %: 1.5e-08 … 1.6e-08)"), "\(peak.kneeSentence)")
        #expect(!peak.kneeSentence.contains("beyond the highest load"))
        let far = document { $0 / (1 + $0 * ($0 - 1) / 400e6) }
        #expect(far.kneeSentence.contains("beyond the highest load tried (12,000)"), "\(far.kneeSentence)")
        let level = document { $0 / (1 + ($0 - 1) / 5_000) }
        #expect(level.kneeSentence.contains("approaches 5,000 messages/s"), "\(level.kneeSentence)")
        #expect(level.scalability?.shape == "levels_off")
        let ceiling = document { min($0, 6_000) }
        #expect(ceiling.kneeSentence.hasPrefix("Knee at 6,000 agents: "), "\(ceiling.kneeSentence)")
        #expect(ceiling.scalability?.knee?.low == nil)
        let text = String(bytes: try peak.json(), encoding: .utf8) ?? ""
        #expect(text.contains("\"shape\" : \"peak\"") && text.contains("\"throughput_per_load\""), "\(text)")
    }

    @Test("Where both intervals hold zero, or trials of the server are too few, it says that there is no knee")
    func noKnee() {
        let straight = document { $0 }
        #expect(straight.kneeSentence.hasPrefix("The trials show no knee: both intervals hold zero"))
        #expect(straight.scalability?.shape == "none" && straight.scalability?.knee == nil)
        let bound = document({ $0 / (1 + $0 * $0 / 64e6) }, outcome: "not_decided")
        #expect(bound.scalability == nil && bound.kneeSentence.contains("takes 6 trials"), "\(bound.kneeSentence)")
    }

    @Test("A search that ended before its first full trial tells no limit")
    func early() {
        let text = sentence(.trialsUsedUp, trials: 0, highest: nil)
        #expect(text.hasPrefix("no load passed") && !text.contains("half of"), "\(text)")
        #expect(text.contains("ended before its first full trial"))
    }
}
