import Basis
import Testing

@testable import Matching

struct LearnedCountsTests {
    private func answer(_ matcher: inout Matcher, _ count: Int, after span: Nanoseconds = .milliseconds(20)) {
        var state = MatchState()
        var outcomes: [MatchOutcome] = []
        let context = MatchContext(timeout: .seconds(3), interval: nil, pings: .never)
        for number in 1...count {
            let now = Instant(nanoseconds: UInt64(number) * 1_000_000_000)
            _ = matcher.sent(SentReport(kind: 0, dueAt: now, sentAt: now), on: &state, context, &outcomes)
            matcher.received(.bare, at: now + span, on: &state, context, &outcomes)
        }
    }

    @Test("what each shard has counted reaches every shard once")
    func exchanges() {
        var exchange = LearnedCountsExchange()
        var shards = [Matcher(), Matcher(), Matcher()]
        for round in 1...4 {
            for number in shards.indices { answer(&shards[number], 10 * round * (number + 1)) }
            // The second round gives each shard what came after its own turn of the first.
            for _ in 0..<2 {
                for number in shards.indices {
                    let growth = shards[number].takeGrowth()
                    let others = exchange.exchange(growth, from: number)
                    shards[number].add(others)
                }
            }
        }
        let all = Double((1...4).reduce(0) { $0 + 10 * $1 * 6 })
        for shard in shards { #expect(shard.learned.counts[0, LearnedCounts.Kind.answered] == all) }
        let priors = LearnedCounts()[0, LearnedCounts.Kind.shares]
        for shard in shards { #expect(shard.learned.counts[0, LearnedCounts.Kind.shares] == all + priors) }
    }

    @Test("old answers weigh less: a server that has changed is known after as many answers again")
    func ages() {
        var matcher = Matcher()
        var counts = LearnedCounts()
        counts.addAnswers(200_000, of: 0, after: .milliseconds(999), .bare)
        matcher = Matcher(counts)
        answer(&matcher, 2, after: .milliseconds(999))
        #expect(matcher.learned.counts[0, LearnedCounts.Kind.answered] < 100_003)
    }

    @Test("the bins of service times are in order and without gaps")
    func bins() {
        var last = 0
        for step in 0..<400 {
            let span = Nanoseconds(seconds: 1e-6 * power(1.05, step))
            let bin = TimeBins.bin(of: span)
            #expect(bin == last || bin == last + 1)
            if bin < TimeBins.count - 1 {
                #expect(span.seconds >= TimeBins.lowEdge(of: bin) - 1e-9)
                #expect(span.seconds <= TimeBins.lowEdge(of: bin + 1) + 1e-9)
            }
            last = bin
        }
        #expect(last == TimeBins.count - 1)
    }

    private func power(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { result, _ in result * base }
    }
}
