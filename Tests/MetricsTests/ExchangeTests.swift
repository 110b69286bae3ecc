import Basis
import Dispatch
import Synchronization
import Testing

@testable import Metrics

@Suite("Interval exchange")
struct ExchangeTests {
    @Test("With shards and collector at work at the same time, nothing is lost or counted twice")
    func concurrentShards() {
        let rounds = 400
        let perRound = 50
        let exchanges = [IntervalExchange(), IntervalExchange()]
        let isDone = Atomic(0)
        let group = DispatchGroup()
        for exchange in exchanges {
            DispatchQueue.global().async(group: group) {
                let shard = ShardMetrics(exchange: exchange)
                for round in 0..<rounds {
                    for value in 0..<perRound {
                        shard.count(.heartbeats)
                        shard.record(.heartbeatService, .microseconds(Int64(round + value)))
                    }
                    shard.publish()
                }
                // The collector continues until it has read the last interval.
                while !shard.publish() {}
                isDone.add(1, ordering: .sequentiallyConsistent)
            }
        }
        let recorder = RunRecorder(start: .zero, exchanges: exchanges)
        var tick: Int64 = 0
        while isDone.load(ordering: .sequentiallyConsistent) < exchanges.count {
            tick += 1
            recorder.tick(at: .zero + .milliseconds(tick), process: .idle)
        }
        group.wait()
        let last = recorder.finish(at: .zero + .milliseconds(tick + 1), process: .idle)
        let expected = UInt64(exchanges.count * rounds * perRound)
        #expect(last.counters[.heartbeats] == expected)
        #expect(last.measures[Measure.heartbeatService.index].count == expected)
    }

    @Test("A shard never waits for the collector: while it reads, publishing is refused and the interval continues")
    func publishingWhileCollectorReads() {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        shard.count(.reset)
        #expect(shard.publish())
        var wasRefused = false
        _ = exchange.collect { interval in
            #expect(interval.counters.total[.reset] == 1)
            shard.count(.reset, 2)
            wasRefused = !shard.publish()
        }
        #expect(wasRefused)
        #expect(shard.publish())
        _ = exchange.collect { #expect($0.counters.total[.reset] == 2) }
    }
}
