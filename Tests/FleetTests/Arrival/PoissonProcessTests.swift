import Basis
import Foundation
import Testing

@testable import Fleet

@Suite("Poisson arrivals")
struct PoissonProcessTests {
    private func gaps(_ count: Int, rate: Double, seed: UInt64) -> [Double] {
        let process = PoissonProcess(perSecond: rate, seed: seed)
        let times = [0] + (0..<count).map { process.time(of: $0) }
        return zip(times.dropFirst(), times).map { $0 - $1 }
    }

    @Test("Times never run backwards", arguments: [1, 2, 3])
    func monotone(seed: UInt64) {
        #expect(gaps(40_000, rate: 1_000, seed: seed).allSatisfy { $0 >= 0 })
    }

    @Test("The mean rate is the one asked for", arguments: [(0.5, 1), (100, 2), (12_345.6, 3)] as [(Double, UInt64)])
    func meanRate(rate: Double, seed: UInt64) {
        let process = PoissonProcess(perSecond: rate, seed: seed)
        let count = 200_000
        // The standard error of the mean is 1 in √n: four of them.
        let mean = process.time(of: count - 1) / Double(count) * rate
        #expect(abs(mean - 1) < 4 / Double(count).squareRoot())
    }

    @Test(
        "Gaps are exponential and independent: their distribution, spread and correlation are right",
        arguments: [11, 12, 13])
    func gapsAreExponential(seed: UInt64) {
        let count = 50_000
        let gaps = gaps(count, rate: 1, seed: seed)
        // Kolmogorov and Smirnov: the greatest distance from 1 - e^-x; 1.95/√n is passed once in a thousand.
        let sorted = gaps.sorted()
        var distance = 0.0
        for (rank, gap) in sorted.enumerated() {
            let expected = 1 - exp(-gap)
            distance = max(
                distance, abs(expected - Double(rank) / Double(count)), abs(expected - Double(rank + 1) / Double(count))
            )
        }
        #expect(distance < 1.95 / Double(count).squareRoot())
        let mean = gaps.reduce(0, +) / Double(count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        #expect(abs(variance - 1) < 0.06)
        for lag in [1, 2, 3, 4, 8] {
            let products = zip(gaps, gaps.dropFirst(lag)).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
            #expect(abs(products / Double(count - lag) / variance) < 4 / Double(count).squareRoot(), "lag \(lag)")
        }
    }

    @Test("Counts in equal windows scatter as Poisson counts do", arguments: [21, 22])
    func dispersion(seed: UInt64) {
        let (windows, perWindow) = (2_000, 20.0)
        let process = PoissonProcess(perSecond: perWindow, seed: seed)
        var counts = [Int](repeating: 0, count: windows)
        for index in 0... {
            let window = Int(process.time(of: index))
            if window >= windows { break }
            counts[window] += 1
        }
        let mean = Double(counts.reduce(0, +)) / Double(windows)
        let variance = counts.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(windows - 1)
        // The index of dispersion is 1 ± √(2/n): four standard errors.
        #expect(abs(variance / mean - 1) < 4 * (2 / Double(windows)).squareRoot())
    }

    @Test("Arrival i depends on the seed and i alone, not on how many come after it")
    func independentOfSize() {
        let arrival = Arrival.poisson(perSecond: 50)
        let small = ArrivalSchedule(arrival, agents: 10, seed: 5)
        let large = ArrivalSchedule(arrival, agents: 1_000_000, seed: 5)
        let other = ArrivalSchedule(arrival, agents: 10, seed: 6)
        #expect((0..<10).allSatisfy { small.offset(of: $0) == large.offset(of: $0) })
        #expect((0..<10).allSatisfy { small.offset(of: $0) != other.offset(of: $0) })
    }
}
