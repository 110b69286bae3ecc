import Basis
import Matching
import Testing

struct ContentTests {
    @Test("an offer that is received while a first report waits alone is its answer, before anything is learned")
    func firstReport() {
        var matcher = Matcher()
        var state = MatchState()
        var outcomes: [MatchOutcome] = []
        let context = MatchContext(timeout: .seconds(3), interval: nil, pings: .never)
        let now = Instant(nanoseconds: 1_000_000_000)
        for (expectsContent, expected) in [(true, 1), (false, 0)] {
            let report = SentReport(kind: 1, dueAt: now, sentAt: now, expectsContent: expectsContent)
            _ = matcher.sent(report, on: &state, context, &outcomes)
            matcher.received(.offer, at: now + .milliseconds(500), on: &state, context, &outcomes)
            #expect(outcomes.count == expected)
            matcher.ended(at: now + .seconds(1), on: &state, context, &outcomes)
            outcomes = []
        }
    }
}
