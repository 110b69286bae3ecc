import Basis
import Foundation
import Statistics

/// Many searches of a simulated server whose limit is known: how often the interval holds it, and at what cost.
public struct SearchCampaign: Sendable {
    public private(set) var searches = 0
    /// Searches whose interval holds the limit.
    public private(set) var holding = 0
    public private(set) var seconds = 0.0
    public private(set) var trials = 0
    /// The widths of the intervals, as shares.
    public private(set) var widths: [Double] = []

    public var coverage: Double { Double(holding) / Double(searches) }
    public var meanSeconds: Double { seconds / Double(searches) }
    public var meanTrials: Double { Double(trials) / Double(searches) }
    public var medianWidth: Double { widths.sorted()[widths.count / 2] }

    /// - Parameters:
    ///   - seeds: each is one search, of a server with 400 or 800 requests a second, from a wide range of loads.
    ///   - limit: at which half of the trials pass, as a share of the capacity.
    public init(_ scene: KneeServer.Scene, seeds: Range<UInt64>, limit: (Double) -> Double, width: Double = 0.1) {
        for seed in seeds {
            var random = SeededRandom(seed: seed, stream: 4_711)
            let capacity = random.chance(0.5) ? 400.0 : 800.0
            let server = KneeServer(scene, capacity: capacity, seed: seed)
            var settings = LimitSearch.Settings(
                low: capacity * (0.02 + 0.08 * random.unit()), high: capacity * (3 + 7 * random.unit()))
            settings.width = width
            var search = LimitSearch(settings)
            var number: UInt64 = 0
            while case .trial(let load, let isShort) = search.next {
                let trial = server.trial(number, load: load, length: isShort ? Self.short : Self.full)
                number += 1
                seconds += trial.seconds + Self.between
                search.record(trial.passed ? .passed : .failed, load: load)
            }
            guard case .finished(let result) = search.next else { continue }
            searches += 1
            trials += Int(number)
            widths.append(result.interval.upperBound / result.interval.lowerBound - 1)
            if result.interval.contains(limit(capacity) * capacity) { holding += 1 }
        }
    }

    private static let short = 5.0
    private static let full = 20.0
    /// For settling and draining.
    private static let between = 5.0
}
