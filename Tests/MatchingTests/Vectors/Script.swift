import Basis
import Matching

/// One connection, driven by a line such as `s0 a20 s1000 o1018 p1@1019`: s a report is sent, a a bare message, o an
/// offer, e an error, pN the Pong of report N, each at so many milliseconds; x the connection ends.
struct Script {
    var matcher: Matcher
    var context = MatchContext(timeout: .seconds(3), interval: nil, pings: .never)
    private(set) var state = MatchState()
    private(set) var outcomes: [MatchOutcome] = []
    private(set) var pings: [PingPlacement] = []
    private var sentAt: [Instant] = []

    init(_ matcher: Matcher) { self.matcher = matcher }

    static let start = Instant(nanoseconds: 1_000_000_000_000)

    /// The state learned from a server with service times around 20 ms, one drop in 100 and one offer in 100 answers.
    static func learned(isOrdered: Bool = false) -> Matcher {
        var counts = LearnedCounts()
        var random = SeededRandom(seed: 5)
        let times = Distribution.logNormal(median: .milliseconds(20), sigma: 0.6)
        for number in 0..<5_000 {
            counts.addAnswers(1, of: 0, after: times.draw(&random), number % 100 == 0 ? .offer : .bare)
        }
        counts.addDrops(50, of: 0)
        counts.addSurplus(5, of: .bare, in: 95_000)
        counts.addSurplus(1_000, of: .offer, in: 0)
        if isOrdered { counts.addPongsInOrder(5_000) }
        return Matcher(counts)
    }

    mutating func run(_ events: String) {
        for event in events.split(separator: " ") { perform(event) }
    }

    private mutating func perform(_ event: Substring) {
        let parts = event.dropFirst().split(separator: "@").compactMap { Double($0) }
        let at = Self.start + Nanoseconds(seconds: (parts.last ?? 0) / 1_000)
        switch event.first {
        case "s":
            sentAt.append(at)
            let report = SentReport(kind: 0, dueAt: at, sentAt: at)
            let ping = matcher.sent(report, on: &state, context, &outcomes)
            if ping != .none { pings.append(ping) }
        case "a": matcher.received(.bare, at: at, on: &state, context, &outcomes)
        case "o": matcher.received(.offer, at: at, on: &state, context, &outcomes)
        case "e": matcher.received(.error, at: at, on: &state, context, &outcomes)
        case "p": matcher.receivedPong(UInt16(parts[0]), at: at, on: &state, context, &outcomes)
        case "t": matcher.advance(at: at, on: &state, context, &outcomes)
        default: matcher.ended(at: at, on: &state, context, &outcomes)
        }
    }

    /// The end of every report and the number of surplus messages: `r1 20, r2 –?[700 or none]; surplus 1`.
    var reading: String {
        var texts = Array(repeating: "?", count: sentAt.count)
        var surplus = 0
        for outcome in outcomes {
            switch outcome {
            case .answered(let report, let at, _, let range, let mayBeUnanswered):
                texts[number(of: report)] =
                    milliseconds(at - report.sentAt) + doubt(range, none: mayBeUnanswered, isFlagged: range != nil)
            case .unanswered(let report, _, let range):
                texts[number(of: report)] = "–" + doubt(range, none: true, isFlagged: range != nil)
            case .cut(let report): texts[number(of: report)] = "–"
            case .overdue: break
            case .surplus: surplus += 1
            }
        }
        let reports = texts.enumerated().map { "r\($0.offset + 1) \($0.element)" }.joined(separator: ", ")
        return surplus > 0 ? "\(reports); surplus \(surplus)" : reports
    }

    private func number(of report: SentReport) -> Int { sentAt.firstIndex(of: report.sentAt) ?? 0 }

    private func milliseconds(_ span: Nanoseconds) -> String { String(Int((span.seconds * 1_000).rounded())) }

    private func doubt(_ range: ServiceTimeRange?, none: Bool, isFlagged: Bool) -> String {
        guard let range else { return "" }
        let (low, high) = (milliseconds(range.low), milliseconds(range.high))
        return "?[\(low == high ? low : "\(low)–\(high)")\(none ? " or none" : "")]"
    }
}
