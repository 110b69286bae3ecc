import Basis
public import Matching

/// A fleet's traffic, read by one matcher as a shard would, beside the truth.
public struct SimulatedRun {
    /// What was read of one report.
    struct Reading {
        /// The service time in seconds; negative: unanswered.
        var span = -1.0
        var low = 0.0
        var high = 0.0
        var isFlagged = false
        var mayBeUnanswered = false
        var ends = 0
    }

    let scenario: Scenario
    private let traffic: SimulatedTraffic
    private(set) var readings: [Reading]
    private(set) var surplus = 0
    public private(set) var pings = 0
    /// The greatest number of connections at once that had something in doubt.
    public private(set) var maxWindows = 0
    /// CPU time of the whole loop, in nanoseconds an event.
    public private(set) var nanosecondsPerEvent = 0.0
    private var matcher: Matcher
    private var states: [MatchState]
    private var context: MatchContext
    private var outcomes: [MatchOutcome] = []
    /// By report: whether a Ping went after it, and before the one that follows.
    private var pinged: [UInt8]

    /// - Parameter knowsOrder: the matcher knows from the start that Pongs are ordered.
    public init(_ scenario: Scenario, pings policy: PingPolicy = .never, seed: UInt64 = 1, knowsOrder: Bool = false) {
        self.scenario = scenario
        traffic = SimulatedTraffic(scenario, seed: seed)
        readings = Array(repeating: Reading(), count: traffic.sentAt.count)
        states = Array(repeating: MatchState(), count: scenario.connections)
        pinged = Array(repeating: 0, count: traffic.sentAt.count)
        context = MatchContext(
            timeout: Nanoseconds(seconds: SimulatedTraffic.timeout),
            interval: Nanoseconds(seconds: scenario.interval * (1 + 2 * scenario.jitter)), pings: policy)
        matcher = Matcher(longest: Nanoseconds(seconds: SimulatedTraffic.longest))
        if knowsOrder {
            var growth = LearnedCounts()
            growth.addPongsInOrder(3_000)
            matcher.add(growth - LearnedCounts())
        }
        let clock = ContinuousClock()
        let begun = clock.now
        run()
        let took = clock.now - begun
        nanosecondsPerEvent = Double(took.components.attoseconds) / 1e9 + Double(took.components.seconds) * 1e9
        nanosecondsPerEvent /= Double(max(traffic.events.count, 1))
    }

    private mutating func run() {
        for event in traffic.events {
            perform(event)
            if !outcomes.isEmpty { take(Int(event.connection)) }
        }
        let end = instant((traffic.events.last?.at ?? 0) + SimulatedTraffic.longest + 1)
        for connection in states.indices {
            matcher.ended(at: end, on: &states[connection], context, &outcomes)
            take(connection)
        }
    }

    private func instant(_ seconds: Double) -> Instant { .zero + Nanoseconds(seconds: seconds) }

    private mutating func perform(_ event: SimulatedTraffic.Event) {
        let connection = Int(event.connection)
        let now = instant(event.at)
        let report = connection * scenario.reports + Int(event.report)
        switch event.kind {
        case .sent:
            let sent = SentReport(kind: 0, dueAt: now, sentAt: now)
            switch matcher.sent(sent, on: &states[connection], context, &outcomes) {
            case .none: break
            case .after:
                pinged[report] |= 1
                pings += 1
            case .before:
                pinged[report - 1] |= 2
                pings += 1
            }
            maxWindows = max(maxWindows, matcher.windowCount)
        case .bare: matcher.received(.bare, at: now, on: &states[connection], context, &outcomes)
        case .offer: matcher.received(.offer, at: now, on: &states[connection], context, &outcomes)
        case .pongAfter:
            guard pinged[report] & 1 != 0 else { return }
            pong(event.report, at: now, connection)
        case .pongBefore:
            guard pinged[report] & 2 != 0 else { return }
            pong(event.report, at: now, connection)
        }
    }

    /// The first report of a connection has the number 1.
    private mutating func pong(_ report: Int32, at now: Instant, _ connection: Int) {
        matcher.receivedPong(
            UInt16(truncatingIfNeeded: report + 1), at: now, on: &states[connection], context, &outcomes)
    }

    private mutating func take(_ connection: Int) {
        for outcome in outcomes {
            switch outcome {
            case .answered(let report, let at, _, let range, let mayBeUnanswered):
                var reading = Reading(span: (at - report.sentAt).seconds)
                flag(&reading, range)
                reading.mayBeUnanswered = mayBeUnanswered
                record(reading, report, connection)
            case .unanswered(let report, _, let range):
                var reading = Reading()
                flag(&reading, range)
                reading.mayBeUnanswered = reading.isFlagged
                record(reading, report, connection)
            case .cut(let report): record(Reading(), report, connection)
            case .overdue: break
            case .surplus: surplus += 1
            }
        }
        outcomes.removeAll(keepingCapacity: true)
    }

    private func flag(_ reading: inout Reading, _ range: ServiceTimeRange?) {
        guard let range else { return }
        (reading.low, reading.high, reading.isFlagged) = (range.low.seconds, range.high.seconds, true)
    }

    private mutating func record(_ reading: Reading, _ report: SentReport, _ connection: Int) {
        let number = find(report.sentAt, connection)
        let ends = readings[number].ends + 1
        readings[number] = reading
        readings[number].ends = ends
    }

    private func find(_ sentAt: Instant, _ connection: Int) -> Int {
        var (low, high) = (connection * scenario.reports, (connection + 1) * scenario.reports)
        while low < high {
            let middle = (low + high) / 2
            if instant(traffic.sentAt[middle]) < sentAt { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Every report has ended exactly once.
    public var endsOnce: Bool { readings.allSatisfy { $0.ends == 1 } }

    /// Answers and surplus messages are as many as messages were received.
    public var usesMessagesOnce: Bool {
        let messages = traffic.events.count { $0.kind == .bare || $0.kind == .offer }
        return readings.count { $0.span >= 0 } + surplus == messages
    }

    /// Whether the server's Pongs have proved ordered.
    public var arePongsOrdered: Bool { matcher.arePongsOrdered }

    /// The readings beside the truth.
    public var score: Score {
        Score(readings, truth: traffic.serviceTime, surplus: surplus, trueSurplus: traffic.surplus)
    }
}
