import Basis
import Testing

@testable import Matching

/// Servers that name in each answer the report that it is to. What they say also judges what is guessed without it.
struct NumberedTests {
    private static let heartbeat: UInt8 = 1

    /// One connection, in virtual time.
    private struct Connection {
        var matcher = Matcher()
        var state = MatchState()
        var context: MatchContext
        var outcomes: [MatchOutcome] = []

        init(isNumbered: Bool = true) {
            context = MatchContext(
                timeout: .seconds(3), interval: .seconds(1), pings: .never, isNumbered: isNumbered)
        }

        mutating func send(at now: Instant) {
            pass(to: now)
            let report = SentReport(kind: NumberedTests.heartbeat, dueAt: now, sentAt: now)
            _ = matcher.sent(report, on: &state, context, &outcomes)
        }

        mutating func receive(_ message: ReceivedMessage = .bare, age: UInt16, at now: Instant) {
            pass(to: now)
            matcher.received(message, toReport: age, at: now, on: &state, &outcomes)
        }

        mutating func receive(_ message: ReceivedMessage, at now: Instant) {
            pass(to: now)
            matcher.received(message, at: now, on: &state, context, &outcomes)
        }

        mutating func pass(to now: Instant) {
            while matcher.deadline(of: state, context) <= now {
                matcher.advance(at: matcher.deadline(of: state, context), on: &state, context, &outcomes)
            }
        }

        /// By when a report was sent: when its answer came.
        var answers: [Instant: Instant] {
            outcomes.reduce(into: [:]) { answers, outcome in
                if case .answered(let report, let at, _, _, _) = outcome { answers[report.sentAt] = at }
            }
        }
        var surplus: Int { outcomes.count { if case .surplus = $0 { true } else { false } } }
        var unanswered: Int { outcomes.count { if case .unanswered = $0 { true } else { false } } }
    }

    private static func second(_ number: Double) -> Instant { Instant.zero + Nanoseconds(seconds: number) }

    @Test("Answers find their reports in any order; what is said twice or of no report answers none")
    func anyOrder() {
        var connection = Connection()
        for number in 0..<3 { connection.send(at: Self.second(Double(number))) }
        connection.receive(age: 1, at: Self.second(2.1))
        connection.receive(age: 0, at: Self.second(2.2))
        connection.receive(age: 1, at: Self.second(2.3))
        connection.receive(.offer, at: Self.second(2.4))
        connection.receive(age: 2, at: Self.second(2.5))
        connection.receive(age: 0, at: Self.second(2.6))
        #expect(
            connection.answers == [
                Self.second(1): Self.second(2.1), Self.second(2): Self.second(2.2), Self.second(0): Self.second(2.5),
            ])
        #expect(connection.surplus == 3)
    }

    @Test("A report that no answer names is unanswered; an error names none and answers the oldest")
    func dropped() {
        var connection = Connection()
        connection.send(at: Self.second(0))
        connection.send(at: Self.second(1))
        connection.receive(age: 0, at: Self.second(1.1))
        connection.pass(to: Self.second(9.9))
        #expect(connection.unanswered == 0)
        connection.pass(to: Self.second(10))
        #expect(connection.unanswered == 1)
        connection.send(at: Self.second(20))
        connection.receive(.error, at: Self.second(20.1))
        #expect(connection.answers[Self.second(20)] == Self.second(20.1))
    }

    @Test("Judged by the names, readings by likelihood of a server that drops answers are right or marked")
    func judges() {
        var random = SeededRandom(seed: 11)
        var (agreed, marked, wrong, falselyMissed) = (0, 0, 0, 0)
        var matcher = Matcher()
        for _ in 0..<60 {
            var named = Connection()
            var guessed = Connection(isNumbered: false)
            guessed.matcher = matcher
            var events: [(at: Instant, report: Int, isAnswer: Bool)] = []
            var free = Instant.zero
            for number in 0..<100 {
                let sent = Self.second(Double(number) * 1.001)
                events.append((sent, number, false))
                guard !random.chance(0.05) else { continue }
                let service = random.chance(0.02) ? 0.3 + 0.3 * random.unit() : 0.02 + 0.04 * random.unit()
                free = max(free, sent + Nanoseconds(seconds: service))
                events.append((free, number, true))
            }
            events.sort { ($0.at, $0.report, $0.isAnswer ? 1 : 0) < ($1.at, $1.report, $1.isAnswer ? 1 : 0) }
            var newest = 0
            for event in events {
                if event.isAnswer {
                    named.receive(age: UInt16(newest - event.report), at: event.at)
                    guessed.receive(.bare, at: event.at)
                } else {
                    newest = event.report
                    named.send(at: event.at)
                    guessed.send(at: event.at)
                }
            }
            named.pass(to: Self.second(200))
            guessed.pass(to: Self.second(200))
            matcher = guessed.matcher
            let truth = named.answers
            for case .answered(let report, let at, _, let range, let mayBeUnanswered) in guessed.outcomes {
                let span = truth[report.sentAt].map { $0 - report.sentAt }
                if truth[report.sentAt] == at {
                    agreed += 1
                } else if let range, let span, range.low <= span, span <= range.high {
                    marked += 1
                } else if mayBeUnanswered, span == nil {
                    marked += 1
                } else {
                    wrong += 1
                }
            }
            falselyMissed += truth.keys.count { guessed.answers[$0] == nil }
        }
        #expect(agreed >= 5_400, "\(agreed) agreed, \(marked) marked, \(wrong) wrong, \(falselyMissed) missed")
        #expect(wrong * 100 <= agreed && falselyMissed * 50 <= agreed, "\(wrong) wrong, \(falselyMissed) missed")
    }
}
