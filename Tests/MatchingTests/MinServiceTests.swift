import Basis
import Matching
import Testing

/// Connections on which the network alone takes a while.
struct MinServiceTests {
    private static func answered(minService: Nanoseconds) -> [Nanoseconds] {
        var matcher = Matcher()
        var state = MatchState()
        var outcomes: [MatchOutcome] = []
        let context = MatchContext(timeout: .seconds(3), interval: nil, pings: .never, minService: minService)
        // The shard has learned from agents with a fast network.
        var fast = MatchState()
        let free = MatchContext(timeout: .seconds(3), interval: nil, pings: .never)
        for number in 0..<2_000 {
            let sentAt = Instant(nanoseconds: 1_000_000) + .milliseconds(10) * Int64(number)
            _ = matcher.sent(SentReport(kind: 1, dueAt: sentAt, sentAt: sentAt), on: &fast, free, &outcomes)
            matcher.received(.bare, at: sentAt + .milliseconds(5), on: &fast, free, &outcomes)
        }
        outcomes = []
        var services: [Nanoseconds] = []
        // A report each 200 ms, the answers 560 ms later; and now and then one that comes twice.
        var events: [(at: Instant, isReport: Bool)] = []
        for number in 0..<200 {
            let sentAt = Instant(nanoseconds: 60_000_000_000) + .milliseconds(200) * Int64(number)
            events.append((sentAt, true))
            events.append((sentAt + .milliseconds(560), false))
            if number % 5 == 3 { events.append((sentAt + .milliseconds(565), false)) }
        }
        for event in events.sorted(by: { $0.at < $1.at }) {
            if event.isReport {
                let report = SentReport(kind: 1, dueAt: event.at, sentAt: event.at)
                _ = matcher.sent(report, on: &state, context, &outcomes)
            } else {
                matcher.received(.bare, at: event.at, on: &state, context, &outcomes)
            }
        }
        for case .answered(let report, let at, _, _, _) in outcomes { services.append(at - report.sentAt) }
        return services
    }

    @Test("An answer is never taken for one to a report that is younger than the network's round trip")
    func bound() {
        let services = Self.answered(minService: .milliseconds(530))
        #expect(services.count > 150)
        #expect(services.allSatisfy { $0 >= .milliseconds(530) })
        // Without the bound answers go to reports that are too young.
        #expect(Self.answered(minService: .zero).contains { $0 < .milliseconds(530) })
    }

    @Test("A message that comes too early while one report waits is no answer to it")
    func early() {
        var matcher = Matcher()
        var state = MatchState()
        var outcomes: [MatchOutcome] = []
        let context = MatchContext(
            timeout: .seconds(3), interval: nil, pings: .never, minService: .milliseconds(100))
        let now = Instant(nanoseconds: 1_000_000_000)
        _ = matcher.sent(SentReport(kind: 1, dueAt: now, sentAt: now), on: &state, context, &outcomes)
        matcher.received(.bare, at: now + .milliseconds(99), on: &state, context, &outcomes)
        matcher.received(.bare, at: now + .milliseconds(100), on: &state, context, &outcomes)
        let answers = outcomes.filter { if case .answered = $0 { true } else { false } }
        #expect(answers.count == 1)
        #expect(
            answers.allSatisfy {
                if case .answered(_, let at, _, _, _) = $0 { at == now + .milliseconds(100) } else { false }
            })
    }
}
