import Basis
import Testing

@testable import Engine

/// A link without sockets, in virtual time.
@Suite("Links in virtual time")
struct LinkQueueTests {
    private static func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private static func queue(_ plan: LinkPlan, place: UInt64 = 3, connection: UInt64 = 1) -> LinkQueue {
        LinkQueue(LinkDirection(LinkRoute(plan, place: place, connection: connection), isUp: true))
    }

    private static func append(
        _ bytes: [UInt8], to queue: inout LinkQueue, at now: Instant, each: (Nanoseconds, Int) -> Void = { _, _ in }
    ) {
        let isTaken = bytes.withUnsafeBytes { queue.append($0, at: now, each: each) }
        #expect(isTaken)
    }

    private static func take(_ queue: inout LinkQueue, at now: Instant, room: Int = 1 << 16) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: room)
        let count = buffer.withUnsafeMutableBytes { queue.take(into: $0, at: now) }
        return Array(buffer[0..<count])
    }

    /// A plan of any kind.
    private static func plan(_ random: inout SeededRandom) -> LinkPlan {
        var plan = LinkPlan(seed: random.next())
        plan.latency = .constant(.milliseconds(Int64(random.index(below: 300))))
        if random.chance(0.5) { plan.jitter = .milliseconds(Int64(random.index(below: 400))) }
        if random.chance(0.5) { plan.bytesUp = 1_024 << random.index(below: 10) }
        if random.chance(0.5) { plan.lossShare = 0.2 }
        return plan
    }

    @Test(
        "Every byte arrives, once and in order, no earlier than it may, whatever the link",
        arguments: 0..<40 as Range<UInt64>)
    func order(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 1)
        let plan = Self.plan(&random)
        var queue = Self.queue(plan)
        var now = Instant(nanoseconds: random.next() >> 20)
        let least = max(plan.latency.mean - plan.jitter, .zero)
        var (sent, received): ([UInt8], [UInt8]) = ([], [])
        // Until when each byte may not have arrived.
        var earliest: [Instant] = []
        for round in 0..<60 {
            let bytes = Self.pattern(random.index(below: 9_000), seed: seed << 8 | UInt64(round))
            Self.append(bytes, to: &queue, at: now)
            sent += bytes
            earliest += Array(repeating: now + least, count: bytes.count)
            now += .microseconds(Int64(random.index(below: 50_000)))
            received += Self.take(&queue, at: now, room: 1 + random.index(below: 20_000))
            #expect(received.isEmpty || earliest[received.count - 1] <= now)
        }
        queue.finish(.finished, at: now)
        var hasEnded = false
        while let next = queue.nextArrival {
            now = max(now, next)
            received += Self.take(&queue, at: now)
            if let end = queue.takeEnd(at: now) {
                #expect(end == .finished && received.count == sent.count)
                hasEnded = true
            }
        }
        #expect(hasEnded)
        #expect(received == sent)
        #expect(queue.isEmpty && queue.held == 0)
    }

    @Test("Without jitter, limit and losses a byte arrives exactly after the latency")
    func latency() {
        var plan = LinkPlan(seed: 1)
        plan.latency = .constant(.milliseconds(80))
        var queue = Self.queue(plan)
        let start = Instant(nanoseconds: 12_345_678)
        Self.append(Self.pattern(5_000, seed: 1), to: &queue, at: start)
        #expect(Self.take(&queue, at: start + .milliseconds(80) - Nanoseconds(1)).isEmpty)
        #expect(Self.take(&queue, at: start + .milliseconds(80)).count == 5_000)
    }

    @Test(
        "A bandwidth is kept to the nanosecond, however the bytes are handed over", arguments: [1_024, 65_537, 3 << 20])
    func bandwidth(rate: Int) throws {
        var plan = LinkPlan(seed: 1)
        plan.bytesUp = rate
        var random = SeededRandom(seed: UInt64(rate))
        var queue = Self.queue(plan)
        let start = Instant(nanoseconds: 999)
        var sent = 0
        for _ in 0..<500 {
            let count = 1 + random.index(below: 4_000)
            Self.append([UInt8](repeating: 7, count: count), to: &queue, at: start)
            sent += count
        }
        queue.finish(.finished, at: start)
        var (now, received) = (start, 0)
        while received < sent {
            now = try #require(queue.nextArrival)
            received += Self.take(&queue, at: now).count
            // What has arrived by now has had the time that its bytes take, and no more.
            let exact = (Double(received) / Double(rate) * 1e9).rounded(.up)
            #expect(abs(Double((now - start).count) - exact) <= 1)
        }
        #expect(queue.takeEnd(at: now) == .finished)
    }

    @Test("A jitter spreads the times over its whole range, and no segment overtakes another")
    func jitter() {
        var plan = LinkPlan(seed: 9)
        plan.latency = .constant(.milliseconds(100))
        plan.jitter = .milliseconds(40)
        var queue = Self.queue(plan)
        var spans: [Nanoseconds] = []
        for round in 0..<2_000 {
            Self.append([1], to: &queue, at: Instant(nanoseconds: UInt64(round) * 1_000_000_000)) { span, _ in
                spans.append(span)
            }
        }
        #expect(spans.allSatisfy { $0 >= .milliseconds(60) && $0 <= .milliseconds(140) })
        #expect(spans.min().map { $0 < .milliseconds(62) } ?? false)
        #expect(spans.max().map { $0 > .milliseconds(138) } ?? false)
        let mean = spans.reduce(0) { $0 + $1.seconds } / Double(spans.count)
        // The standard error of the mean of 2,000 even draws is 0.5 ms.
        #expect(abs(mean - 0.1) < 0.0025)
    }

    @Test("A lost segment comes a round trip and the timeout later, then twice as long, and what follows waits for it")
    func losses() {
        var plan = LinkPlan(seed: 4)
        plan.latency = .constant(.milliseconds(50))
        plan.lossShare = 0.25
        var queue = Self.queue(plan)
        var counts: [Int: Int] = [:]
        for round in 0..<4_000 {
            let now = Instant(nanoseconds: UInt64(round) * 1_000_000_000_000)
            var span = Nanoseconds.zero
            Self.append([1], to: &queue, at: now) { passed, losses in
                // 50 ms, and 300 ms, 600 ms, 1,200 ms, … of retransmission.
                #expect(passed == .milliseconds(50) + .milliseconds(300) * Int64((1 << losses) - 1))
                counts[losses, default: 0] += 1
                span = passed
            }
            Self.append([2], to: &queue, at: now) { passed, _ in #expect(passed >= span) }
        }
        let lost = counts.reduce(0) { $0 + ($1.key > 0 ? $1.value : 0) }
        // 1,000 expected, with a standard deviation of 27.
        #expect((865...1_135).contains(lost), "\(lost)")
        #expect(counts.keys.contains(3))
    }

    @Test("The draws depend on seed, place, connection and direction, and on nothing else")
    func draws() {
        var plan = LinkPlan(seed: 11)
        plan.latency = .uniform(.milliseconds(10), .milliseconds(500))
        plan.jitter = .milliseconds(5)
        func spans(_ plan: LinkPlan, place: UInt64, connection: UInt64, isUp: Bool = true) -> [Nanoseconds] {
            var direction = LinkDirection(LinkRoute(plan, place: place, connection: connection), isUp: isUp)
            return (0..<50).map { round in
                let now = Instant(nanoseconds: UInt64(round) * 10_000_000_000)
                return direction.pass(100, at: now).arrival - now
            }
        }
        let first = spans(plan, place: 1, connection: 1)
        #expect(first == spans(plan, place: 1, connection: 1))
        var other = plan
        other.seed = 12
        for different in [
            spans(other, place: 1, connection: 1), spans(plan, place: 2, connection: 1),
            spans(plan, place: 1, connection: 2), spans(plan, place: 1, connection: 1, isUp: false),
        ] { #expect(different != first) }
        // The place's latency is the same for each of its connections.
        let base = LinkRoute(plan, place: 1, connection: 1).latency
        #expect(base == LinkRoute(plan, place: 1, connection: 9).latency)
        #expect(base != LinkRoute(plan, place: 2, connection: 1).latency)
        #expect((first + spans(plan, place: 1, connection: 2)).allSatisfy { abs(($0 - base).count) <= 5_000_000 })
    }
}
