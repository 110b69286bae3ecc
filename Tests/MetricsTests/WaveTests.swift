import Basis
import OpAMP
import Testing

@testable import Metrics

@Suite("Waves: from when times count, and for whom")
struct WaveTests {
    private func second(_ count: Int64) -> Instant { .zero + .seconds(count) }

    @Test("An agent belongs to the last time that the same offer was put up before it got it")
    func putUpAgain() throws {
        let clocks = WaveClocks()
        clocks.begin(.packages, number: 1, label: "first", at: second(10))
        clocks.begin(.packages, number: 1, label: "second", at: second(20))
        #expect(clocks.wave(.packages, number: 1, received: second(15))?.origin == second(10))
        #expect(clocks.wave(.packages, number: 1, received: second(20))?.origin == second(20))
        // A receipt that seems to come before the offer is one of another shard's clock reading.
        #expect(clocks.wave(.packages, number: 1, received: second(9))?.origin == second(10))
    }

    @Test("An offer of another server counts from its first receipt, on whichever shard that is")
    func firstReceipt() throws {
        let clocks = WaveClocks()
        let first = try #require(clocks.wave(.remoteConfig, number: 5, received: second(3)))
        let second = try #require(clocks.wave(.remoteConfig, number: 5, received: second(8)))
        #expect(first == second && first.origin == self.second(3))
        #expect(clocks.all.map(\.clock) == [.firstReceipt])
        #expect(clocks.all.map(\.label) == ["config offer 1"])
    }

    @Test("Offers of different kinds with the same number are distinguished")
    func kinds() {
        let clocks = WaveClocks()
        clocks.begin(.remoteConfig, number: 5, label: "c", at: second(1))
        #expect(clocks.wave(.packages, number: 5, received: second(7))?.origin == second(7))
    }

    @Test("After an offer is withdrawn, the former offer counts from that moment")
    func takenBack() {
        let clocks = WaveClocks()
        clocks.begin(.remoteConfig, number: 1, label: "a", at: second(1))
        clocks.begin(.remoteConfig, number: 2, label: "b", at: second(2))
        clocks.beginAgain(.remoteConfig, label: "rollback", at: second(3))
        #expect(clocks.wave(.remoteConfig, number: 1, received: second(4))?.origin == second(3))
        #expect(clocks.wave(.remoteConfig, number: 1, received: second(2))?.origin == second(1))
    }

    @Test("The number of waves is limited; further ones are counted, and no data of the others is lost")
    func bounded() {
        let clocks = WaveClocks()
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange, clocks: clocks)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange], clocks: clocks)
        for number in 0..<200 {
            shard.reached(.received, of: .remoteConfig, number: UInt64(number), received: second(1), at: second(2))
        }
        shard.publish()
        recorder.tick(at: second(3), process: ProcessSample(cpu: .zero, residentBytes: 1, availableCores: 1))
        let identity = RunIdentity(
            run: "r", profile: "p", server: "s", seed: 1, agents: 1, shards: 1, startedAt: 0, tool: "t", machine: "m")
        let record = recorder.record(of: identity, outcome: .completed, profile: "")
        #expect(record.summary.waves.count == WaveClocks.limit)
        #expect(record.summary.named["waves_beyond_limit"] == UInt64(200 - WaveClocks.limit))
        #expect(record.summary.waves[0].count(.received) == 1)
        #expect(record.summary.waves[0].wave.origin == second(1))
    }

    @Test("Shards and ticks add up")
    func addsUp() {
        let clocks = WaveClocks()
        clocks.begin(.remoteConfig, number: 1, label: "push", at: second(10))
        let exchanges = [IntervalExchange(), IntervalExchange()]
        let shards = exchanges.map { ShardMetrics(exchange: $0, clocks: clocks) }
        let recorder = RunRecorder(start: second(5), exchanges: exchanges, clocks: clocks)
        for tick in 1...3 {
            for shard in shards {
                shard.reached(
                    .converged, of: .remoteConfig, number: 1, received: second(10), at: second(10 + Int64(tick)))
                shard.publish()
            }
            recorder.tick(
                at: second(10 + Int64(tick)), process: ProcessSample(cpu: .zero, residentBytes: 1, availableCores: 1))
        }
        let identity = RunIdentity(
            run: "r", profile: "p", server: "s", seed: 1, agents: 1, shards: 1, startedAt: 0, tool: "t", machine: "m")
        let wave = recorder.record(of: identity, outcome: .completed, profile: "").summary.waves[0]
        #expect(wave.count(.converged) == 6)
        #expect(wave.start == .seconds(5))
        #expect(wave.lastConverged == .seconds(3))
    }
}

@Suite("Steps in agents' lives")
struct TransitionTests {
    @Test("Each step is counted by where it began, why, and where it led; there are only so many kinds")
    func counted() {
        var table = TransitionTable()
        for number in 0..<1_000 {
            table.count(Transition(from: "a", cause: "cause \(number)", to: "b"))
            table.count(Transition(from: "a", cause: "cause 0", to: "b"))
        }
        #expect(table[Transition(from: "a", cause: "cause 0", to: "b")] == 1_001)
        #expect(table.sorted.count == TransitionTable.capacity + 1)
        #expect(table.sorted.reduce(0) { $0 + $1.count } == 2_000)
        #expect(
            table[Transition(from: "a", cause: TransitionTable.overflowCause, to: "b")]
                == UInt64(1_000 - TransitionTable.capacity))
    }
}
