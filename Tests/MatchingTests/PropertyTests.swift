import Basis
import Matching
import Testing

/// Any sequence of events, however senseless, on several connections of one matcher.
struct PropertyTests {
    private struct Chaos {
        var matcher = Matcher()
        var states = Array(repeating: MatchState(), count: 8)
        var context = MatchContext(timeout: .seconds(3), interval: .seconds(1), pings: .never)
        var now = Instant(nanoseconds: 5_000_000_000)
        var sent = 0
        var messages = 0
        var ends: [Instant: Int] = [:]
        var answers = 0
        var surplus = 0
        var random: SeededRandom
        var outcomes: [MatchOutcome] = []

        init(seed: UInt64) {
            random = SeededRandom(seed: seed)
            context.pings = PingPolicy.allCases[Int(seed % 3)]
            if seed % 2 == 0 {
                var counts = LearnedCounts()
                counts.addPongsInOrder(5_000)
                matcher = Matcher(counts)
            }
        }

        mutating func step() {
            now += Nanoseconds(seconds: random.unit() < 0.02 ? 4 * random.unit() : 0.1 * random.unit())
            let number = Int(random.unit() * Double(states.count))
            switch random.unit() {
            case ..<0.45:
                sent += 1
                let report = SentReport(kind: UInt8(sent % 3), dueAt: now, sentAt: now)
                _ = matcher.sent(report, on: &states[number], context, &outcomes)
            case ..<0.85:
                messages += 1
                let type = ReceivedMessage.allCases[Int(random.unit() * 3)]
                matcher.received(type, at: now, on: &states[number], context, &outcomes)
            case ..<0.92:
                matcher.receivedPong(
                    UInt16(truncatingIfNeeded: random.next() % 40), at: now, on: &states[number], context, &outcomes)
            case ..<0.99:
                matcher.advance(at: now, on: &states[number], context, &outcomes)
                #expect(matcher.deadline(of: states[number], context) > now)
            default:
                matcher.ended(at: now, on: &states[number], context, &outcomes)
            }
            take()
        }

        mutating func end() {
            for number in states.indices { matcher.ended(at: now, on: &states[number], context, &outcomes) }
            take()
        }

        private mutating func take() {
            for outcome in outcomes {
                switch outcome {
                case .answered(let report, let at, _, let range, _):
                    answers += 1
                    ends[report.sentAt, default: 0] += 1
                    #expect(at >= report.sentAt)
                    if let range { #expect((range.low...range.high).contains(at - report.sentAt)) }
                case .unanswered(let report, _, let range):
                    ends[report.sentAt, default: 0] += 1
                    if let range { #expect(range.low <= range.high) }
                case .cut(let report): ends[report.sentAt, default: 0] += 1
                case .overdue(let report): #expect(now - report.sentAt >= context.timeout)
                case .surplus: surplus += 1
                }
            }
            outcomes.removeAll(keepingCapacity: true)
        }
    }

    @Test("each report ends once, each message is used once, and no window is left", arguments: UInt64(0)..<18)
    func accountsForAll(_ seed: UInt64) {
        var chaos = Chaos(seed: seed)
        for _ in 0..<2_000 { chaos.step() }
        chaos.end()
        #expect(chaos.ends.count == chaos.sent)
        #expect(chaos.ends.values.allSatisfy { $0 == 1 })
        #expect(chaos.answers + chaos.surplus == chaos.messages)
        #expect(chaos.matcher.windowCount == 0)
    }

    @Test("a connection keeps 24 bytes")
    func isSmall() {
        #expect(MemoryLayout<MatchState>.size <= 24)
    }

    @Test("the reports that wait are bounded, and those beyond are returned as unanswered")
    func boundsReports() {
        var matcher = Matcher(longest: .seconds(1_000))
        var state = MatchState()
        let context = MatchContext(timeout: .seconds(900), interval: nil, pings: .never)
        var outcomes: [MatchOutcome] = []
        for number in 0..<(Matcher.maxReports + 500) {
            let now = Instant(nanoseconds: UInt64(1_000_000 * (number + 1)))
            _ = matcher.sent(SentReport(kind: 0, dueAt: now, sentAt: now), on: &state, context, &outcomes)
        }
        #expect(outcomes.count == 500)
        let areUnanswered = outcomes.allSatisfy { if case .unanswered = $0 { true } else { false } }
        #expect(areUnanswered)
    }
}
