import Basis

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What happens on the connections of a fleet, and the truth about it.
struct SimulatedTraffic {
    /// Times after which a report counts as late, and after which no answer counts.
    static let timeout = 3.0
    static let longest = 10.0

    struct Event {
        /// In seconds.
        let at: Double
        let connection: Int32
        /// The number of the report on its connection.
        let report: Int32
        let kind: Kind
    }

    enum Kind: UInt8 {
        case sent, bare, offer
        /// The server's Pong for a Ping after the report.
        case pongAfter
        /// The server's Pong for a Ping before the next report.
        case pongBefore
    }

    private(set) var events: [Event] = []
    /// By report: when it was sent, and its service time; negative: never answered.
    private(set) var sentAt: [Double]
    private(set) var serviceTime: [Double]
    private(set) var surplus = 0

    private let scenario: Scenario
    private var random: SeededRandom

    init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        random = SeededRandom(seed: seed)
        let all = scenario.connections * scenario.reports
        sentAt = Array(repeating: 0, count: all)
        serviceTime = sentAt
        events.reserveCapacity(all * 5)
        for connection in 0..<scenario.connections { addConnection(connection) }
        events.sort { $0.at == $1.at ? $0.kind.rawValue < $1.kind.rawValue : $0.at < $1.at }
    }

    private mutating func add(_ kind: Kind, at: Double, _ connection: Int, _ report: Int = 0) {
        events.append(Event(at: at, connection: Int32(connection), report: Int32(report), kind: kind))
    }

    private mutating func addConnection(_ connection: Int) {
        let start = 1 + random.unit() * scenario.interval
        let first = connection * scenario.reports
        var previous = 0.0
        for report in 0..<scenario.reports {
            let jitter = scenario.jitter * (random.unit() - 0.5) * 2
            var at = start + scenario.interval * (Double(report) + jitter) + 1e-4 * random.exponential()
            if report > 0, at <= previous { at = previous + 1e-5 }
            sentAt[first + report] = at
            previous = at
        }
        addAnswers(connection, start: start)
        let end = start + scenario.interval * Double(scenario.reports)
        addPushes(.offer, rate: scenario.pushes, from: start, to: end, connection)
        addPushes(.bare, rate: scenario.barePushes, from: start, to: end, connection)
    }

    private mutating func addAnswers(_ connection: Int, start: Double) {
        let first = connection * scenario.reports
        var finished = 0.0
        var mute = scenario.isMute ? start + 20 + random.exponential() * 80 : .infinity
        for report in 0..<scenario.reports {
            let sent = sentAt[first + report]
            let next = report + 1 < scenario.reports ? sentAt[first + report + 1] : .infinity
            add(.sent, at: sent, connection, report)
            let service = drawServiceTime(at: sent)
            var isDropped = random.unit() < scenario.drops
            var begun = scenario.order == .sequential ? max(sent, finished) : sent
            while sent > mute + 5 { mute += 5 + 20 + random.exponential() * 80 }
            if begun >= mute, begun < mute + 5 {
                if scenario.losesWhileMute { isDropped = true } else { begun = mute + 5 }
            }
            var end = begun + service
            if scenario.order != .anyOrder, end < finished { end = finished + 1e-5 }
            if scenario.coalescing > 0, next < end, random.unit() < scenario.coalescing { isDropped = true }
            if scenario.order == .sequential || (scenario.order == .inOrder && !isDropped) { finished = end }
            addPongs(connection, report, sent: sent, next: next, end: end)
            serviceTime[first + report] = isDropped ? -1 : end - sent
            if !isDropped { addAnswer(connection, at: end) }
        }
    }

    private mutating func drawServiceTime(at sent: Double) -> Double {
        var median = random.unit() < scenario.secondShare ? scenario.secondMedian : scenario.median
        if scenario.changesAt > 0, sent > scenario.changesAt { median = scenario.changedMedian }
        let late = random.unit() < scenario.late ? Self.timeout + 3 * random.unit() : 0
        return median * exp(scenario.sigma * random.normal()) + late
    }

    private mutating func addAnswer(_ connection: Int, at end: Double) {
        add(random.unit() < scenario.offers ? .offer : .bare, at: end, connection)
        guard random.unit() < scenario.duplicates else { return }
        surplus += 1
        let gap = random.unit() < 0.5 ? 0.001 : 0.1
        add(.bare, at: end + gap * random.exponential(), connection)
    }

    /// A sequential server answers a Ping after what it has read before, another one at once.
    private mutating func addPongs(_ connection: Int, _ report: Int, sent: Double, next: Double, end: Double) {
        let isSequential = scenario.order == .sequential
        add(.pongAfter, at: isSequential ? end + 2e-5 : sent + 1e-4, connection, report)
        guard next < .infinity else { return }
        add(.pongBefore, at: isSequential ? max(end, next) + 1.2e-4 : next + 1e-4, connection, report)
    }

    private mutating func addPushes(_ kind: Kind, rate: Double, from start: Double, to end: Double, _ connection: Int) {
        guard rate > 0 else { return }
        var at = start + random.exponential() / rate
        while at < end {
            add(kind, at: at, connection)
            surplus += 1
            at += random.exponential() / rate
        }
    }
}

extension SeededRandom {
    mutating func exponential() -> Double { -log(1 - unit()) }

    mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit()) }
}

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
