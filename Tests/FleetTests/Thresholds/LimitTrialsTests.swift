import Basis
import Metrics
import Testing

@testable import Fleet

@Suite("Trials of a search for a limit")
struct LimitTrialsTests {
    private func trials(_ load: LimitTrials.Load, _ text: String) throws -> LimitTrials {
        let profile = try ProfileReader().read(text: text, source: "p")
        let goal = try ThresholdParser.parse("heartbeat.response.p99 < 100ms")
        return LimitTrials(profile, load, until: goal, length: .seconds(20))
    }

    @Test("Of agents: so many, without events, judged from after the settling to the end of the run")
    func agents() throws {
        let text = "agents: 100\nheartbeat: {interval: 2s}\nevents: [{at: 50%, drop_connections: 100%}]"
        let trials = try trials(.agents, text)
        #expect(trials.profileLoad == 100)
        let trial = trials.trial(at: 249.6, isShort: false)
        #expect(trial.load == 250 && trial.profile.agents == 250 && trial.profile.events.isEmpty)
        // Five intervals for the arrival, 3 s to settle, 20 s that count.
        #expect(trial.profile.arrival == .ramp(over: .seconds(10)))
        #expect(trial.profile.duration == .seconds(33))
        let goal = try #require(trial.profile.thresholds.first)
        #expect(goal.scope == .time(from: .seconds(13), to: .seconds(33) + trial.profile.drain))
        #expect((try #require(goal.expectedSamples) - 2_500).magnitude < 1e-6)
        let short = trials.trial(at: 10, isShort: true)
        #expect(short.length == .seconds(5) && short.profile.duration == .seconds(18))
        #expect(trials.trial(at: 1e12, isShort: false).load == 10_000_000)
    }

    @Test("Throughput is of the part that counts: not of the arrival, the settling or the drain")
    func throughput() throws {
        let trial = try trials(.agents, "agents: 100\nheartbeat: {interval: 2s}").trial(at: 100, isShort: false)
        func row(_ second: Int64, _ phase: String) -> SeriesRow {
            var counters = CounterTable()
            (counters[.messagesReceived], counters[.reportsRefused]) = (60, 10)
            // Of reports that were sent before: not when the server answered.
            counters[.answersReceived] = 90
            return SeriesRow(
                start: .seconds(second), length: .seconds(1), phase: phase, counters: counters, states: StateTable(),
                health: HealthTable(), histograms: [], cpu: .zero, cpuShare: 0, residentBytes: 0, silentShards: 0,
                level: .clear)
        }
        let rows = [row(5, "arrival"), row(12, "steady"), row(13, "steady"), row(14, "steady"), row(15, "drain")]
        let messages = trial.messages(in: rows)
        #expect(messages.count == 100 && messages.seconds == 2)
        #expect(trial.messages(in: []).seconds == 0)
    }

    @Test("Of the rate: the same agents, the interval that gives the rate")
    func rate() throws {
        let trials = try trials(.rate, "agents: 100\nheartbeat: {interval: 10s}")
        #expect(trials.profileLoad == 10)
        let trial = trials.trial(at: 400, isShort: false)
        #expect(trial.profile.agents == 100 && trial.profile.cohorts[0].heartbeat.interval == .milliseconds(250))
        #expect(trial.load == 400)
        #expect(trials.trial(at: 1e9, isShort: true).load == 10_000)
    }
}
