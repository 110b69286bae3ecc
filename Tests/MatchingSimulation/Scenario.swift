import Basis

/// A kind of server and a fleet that reports to it.
public struct Scenario: Sendable {
    /// How the server works on the reports of one connection.
    public enum Order: Int, CaseIterable, Sendable {
        /// One after the other; it reads the next frame after it has written the answer.
        case sequential
        /// Independently, the answers written in the order of the reports.
        case inOrder
        /// Independently, answers in any order.
        case anyOrder
    }

    public var name: String
    public var order = Order.sequential
    /// Service times: median in seconds and spread of the logarithm.
    public var median = 0.02
    public var sigma = 0.6
    /// So many reports have the second median.
    public var secondMedian = 0.0
    public var secondShare = 0.0
    /// Between two reports, in seconds, ± the share `jitter` of it.
    public var interval = 1.0
    public var jitter = 0.0
    /// Shares of the reports that are never answered, answered after more than 3 s, answered twice.
    public var drops = 0.0
    public var late = 0.0
    public var duplicates = 0.0
    /// Messages a second that answer nothing: with an offer, without content.
    public var pushes = 0.0
    public var barePushes = 0.0
    /// The share of the answers that carry offers.
    public var offers = 0.0
    /// The server is mute for 5 s now and then: it holds the reports back until then, or loses them.
    public var isMute = false
    public var losesWhileMute = false
    /// A report that waits while the next one comes gets no answer of its own, with this probability.
    public var coalescing = 0.0
    /// From this second on the median is another one; zero: never.
    public var changesAt = 0.0
    public var changedMedian = 0.0
    public var connections = 1_000
    public var reports = 300

    public init(_ name: String, _ change: (inout Scenario) -> Void = { _ in }) {
        self.name = name
        change(&self)
    }
}

extension Scenario {
    /// One of a family of servers with all faults at once, deliberately hard.
    public static func random(_ number: Int) -> Scenario {
        var random = SeededRandom(seed: 77, stream: UInt64(number))
        var scenario = Scenario("random \(number)")
        scenario.order = [.sequential, .inOrder, .anyOrder][Int(random.unit() * 3)]
        scenario.median = random.logarithmic(0.000_3, 2.5)
        scenario.sigma = 0.05 + 0.95 * random.unit()
        scenario.interval = random.logarithmic(0.2, 5)
        if random.unit() < 0.3 { scenario.jitter = 0.2 }
        if random.unit() < 0.5 { scenario.drops = random.logarithmic(0.001, 0.2) }
        if random.unit() < 0.3 { scenario.late = random.logarithmic(0.001, 0.02) }
        if random.unit() < 0.3 { scenario.duplicates = random.logarithmic(0.001, 0.02) }
        if random.unit() < 0.4 { scenario.pushes = random.logarithmic(0.001, 0.1) }
        if random.unit() < 0.2 { scenario.barePushes = random.logarithmic(0.001, 0.05) }
        if random.unit() < 0.3 { scenario.offers = random.logarithmic(0.001, 0.05) }
        if random.unit() < 0.15 {
            scenario.isMute = true
            scenario.losesWhileMute = random.unit() < 0.5
        }
        if random.unit() < 0.1 { scenario.coalescing = random.unit() }
        if random.unit() < 0.2 {
            scenario.secondShare = 0.2 * random.unit()
            scenario.secondMedian = random.logarithmic(0.000_3, 2.5)
        }
        if random.unit() < 0.2 {
            scenario.changesAt = scenario.interval * 70
            scenario.changedMedian = random.logarithmic(0.000_3, 2.5)
        }
        scenario.connections = 300
        scenario.reports = 200
        return scenario
    }
}

extension SeededRandom {
    mutating func logarithmic(_ low: Double, _ high: Double) -> Double { low * power(high / low, unit()) }
}
