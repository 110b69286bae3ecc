import Basis
import Engine
import Testing

@testable import AgentModel
@testable import Hosting
@testable import Metrics

@Suite("Counted changes of state")
struct TransitionTallyTests {
    private static func change(_ cause: TransitionCause) -> StateChange {
        StateChange(from: .connecting, to: .backingOff, cause: cause, at: .zero, spent: .zero)
    }

    @Test("Each kind of change is handed over once, with its count")
    func counts() {
        let exchange = IntervalExchange()
        let metrics = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        var tally = TransitionTally()
        for status in [UInt16(503), 429, 503] { tally.count(Self.change(.upgradeRefused(status: status))) }
        tally.handOver(to: metrics)
        tally.handOver(to: metrics)
        metrics.publish()
        _ = recorder.tick(
            at: Instant(nanoseconds: 1), process: ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 1))
        #expect(recorder.transitions[Transition(Self.change(.upgradeRefused(status: 503)))] == 2)
        #expect(recorder.transitions[Transition(Self.change(.upgradeRefused(status: 429)))] == 1)
        #expect(recorder.transitions.sorted.count == 2)
    }

    @Test("A server that invents causes without end does not make the tally grow without bound")
    func bounded() {
        var tally = TransitionTally()
        var kinds = 0
        for status in UInt16(0)..<2_000 where !tally.isFull {
            tally.count(Self.change(.upgradeRefused(status: status)))
            kinds += 1
        }
        #expect(kinds == TransitionTable.capacity)
        tally.handOver(to: ShardMetrics(exchange: IntervalExchange()))
        #expect(!tally.isFull)
    }
}
