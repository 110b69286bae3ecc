import Basis
import Testing

@testable import Matching

/// A server that pushes an offer while a heartbeat waits: the agent reports about the offer at once.
struct OfferInBetweenTests {
    private static let first: UInt8 = 0
    private static let heartbeat: UInt8 = 1
    private static let status: UInt8 = 2

    /// What a server does in one interval, in microseconds after the heartbeat.
    struct Server: CustomTestStringConvertible {
        let testDescription: String
        let offer: Int64
        /// `nil`: the offer is the heartbeat's answer.
        let answersHeartbeat: Int64?
        let answersStatus: Int64
        /// The service time of first reports.
        let answersFirst: Int64
        /// From an offer to the agent's report about it.
        var reaction: Int64 = 0
    }

    static let servers = [
        Server(
            testDescription: "the status is answered at once, the heartbeat later", offer: 500_000,
            answersHeartbeat: 1_500_000, answersStatus: 500_300, answersFirst: 1_000),
        Server(
            testDescription: "the agent is slow to report about the offer", offer: 500_000,
            answersHeartbeat: 1_500_000, answersStatus: 540_300, answersFirst: 1_000, reaction: 40_000),
        Server(
            testDescription: "first reports take longer than statuses, as at the start of a busy run", offer: 500_000,
            answersHeartbeat: 1_500_000, answersStatus: 500_300, answersFirst: 40_000),
        Server(
            testDescription: "statuses take longer than first reports", offer: 500_000,
            answersHeartbeat: 1_500_000, answersStatus: 503_000, answersFirst: 300),
        Server(
            testDescription: "each report takes as long, one after the other", offer: 100_000,
            answersHeartbeat: 500_000, answersStatus: 1_000_000, answersFirst: 500_000),
        Server(
            testDescription: "the offer is the answer", offer: 20_000, answersHeartbeat: nil,
            answersStatus: 21_000, answersFirst: 20_000),
    ]

    @Test("an offer between a heartbeat and its answer is not taken for the answer", arguments: servers)
    func findsThePush(server: Server) {
        var matcher = Matcher()
        var states = Array(repeating: MatchState(), count: 10)
        let context = MatchContext(timeout: .seconds(5), interval: .seconds(3), pings: .never)
        var heartbeats: [(span: Nanoseconds, range: ServiceTimeRange?)] = []
        var pushes = 0
        var now = Instant.zero
        func step(_ body: (inout [MatchOutcome]) -> Void) {
            var outcomes: [MatchOutcome] = []
            body(&outcomes)
            for outcome in outcomes {
                switch outcome {
                case .answered(let report, let at, _, let range, _) where report.kind == Self.heartbeat:
                    heartbeats.append((at - report.sentAt, range))
                case .surplus(let type):
                    #expect(type == .offer, "at \(now)")
                    pushes += 1
                default: break
                }
            }
        }
        func send(_ kind: UInt8, at moment: Instant, on agent: Int) {
            now = moment
            step {
                _ = matcher.sent(
                    SentReport(kind: kind, dueAt: now, sentAt: now, expectsContent: kind == Self.first),
                    on: &states[agent], context, &$0)
            }
        }
        func receive(_ type: ReceivedMessage, at moment: Instant, on agent: Int) {
            now = moment
            step { matcher.received(type, at: now, on: &states[agent], context, &$0) }
        }
        func beginning(of round: Int) -> Instant { .zero + .seconds(Int64(1 + 3 * round)) }
        let rounds = 40
        for round in 0..<rounds {
            for agent in states.indices {
                // Agents differ by less than the width of a bin.
                let start = beginning(of: round) + .microseconds(Int64(agent))
                if round == 0 {
                    send(Self.first, at: start, on: agent)
                    receive(.offer, at: start + .microseconds(server.answersFirst), on: agent)
                    continue
                }
                send(Self.heartbeat, at: start, on: agent)
                receive(.offer, at: start + .microseconds(server.offer), on: agent)
                send(Self.status, at: start + .microseconds(server.offer + server.reaction), on: agent)
                let answers = [server.answersHeartbeat, server.answersStatus].compactMap(\.self).sorted()
                for answer in answers {
                    receive(.bare, at: start + .microseconds(answer), on: agent)
                }
            }
        }
        for agent in states.indices {
            step { matcher.ended(at: beginning(of: rounds), on: &states[agent], context, &$0) }
        }
        let count = (rounds - 1) * states.count
        #expect(heartbeats.count == count)
        #expect(pushes == (server.answersHeartbeat == nil ? 0 : count))
        let truth = Nanoseconds.microseconds(server.answersHeartbeat ?? server.offer)
        let wrong = heartbeats.filter { abs(($0.span - truth).count) > 1_000_000 }
        #expect(wrong.count == 0, "of \(count): \(wrong.prefix(3))")
        for heartbeat in heartbeats {
            guard let range = heartbeat.range else { continue }
            #expect(range.low <= truth && truth <= range.high)
        }
    }
}
