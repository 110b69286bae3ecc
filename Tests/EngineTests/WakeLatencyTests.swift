import Basis
import Testing

@testable import Engine

@Suite("The learned latency of a thread's wake-up")
struct WakeLatencyTests {
    @Test(
        "The estimate comes to rest where a tenth of the wakes is earlier",
        arguments: [UInt64(5_000), 20_000, 40_000] as [UInt64], [UInt64(1), 2, 3])
    func settles(middle: UInt64, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var latency = WakeLatency()
        // Evenly from half of the middle to one and a half.
        func draw() -> UInt64 { middle / 2 + UInt64(random.index(below: Int(middle))) }
        for _ in 0..<5_000 { latency.observe(draw()) }
        var early = 0
        for _ in 0..<10_000 {
            let wake = draw()
            if wake < latency.nanoseconds { early += 1 }
            latency.observe(wake)
        }
        #expect((700...1_400).contains(early), "\(early) of 10,000")
    }

    @Test("Another process on the core does not count as a wake-up: the estimate is bounded, and never below zero")
    func bounds() {
        var latency = WakeLatency()
        latency.observe(0)
        #expect(latency.nanoseconds == 0)
        for _ in 0..<10_000 { latency.observe(5_000_000) }
        #expect(latency.nanoseconds == WakeLatency.limit)
        for _ in 0..<10_000 { latency.observe(0) }
        #expect(latency.nanoseconds == 0)
    }
}
