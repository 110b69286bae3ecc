import Basis
import Testing

@testable import Rollout

@Suite("Canary test")
struct CanaryTests {
    /// 1,000 canaries of 10,000 agents, each offered a second after the other.
    private func test(alpha: Double = 0.01, passesBelow: Double? = nil) -> CanaryTest? {
        var canary = CanaryPlan()
        canary.size = .agents(1_000)
        canary.over = .seconds(1_000)
        canary.test = CanaryTestPlan()
        canary.test?.alpha = alpha
        canary.test?.passesBelow = passesBelow
        return CanaryTest(canary, selected: 10_000)
    }

    /// One canary: how many agents had answered when the test fired; nil where it did not.
    private func run(_ broken: Double, base: Double, alpha: Double, seed: UInt64) -> Int? {
        guard var test = test(alpha: alpha) else { return nil }
        var random = SeededRandom(seed: seed, stream: UInt64(broken * 1e6))
        test.begin(at: .zero)
        for answer in 1...1_000 {
            let now = Instant.zero + .seconds(Int64(answer))
            test.offered(1, at: now)
            // Nine agents that are not updated for each that is.
            for _ in 0..<9 where random.chance(base) { test.otherFailed(at: now) }
            test.answered(failed: random.chance(broken), at: now)
            if test.fires { return answer }
        }
        return nil
    }

    @Test(
        "False alarms are at most α, however often it looks", arguments: [(0.01, 0.001), (0.05, 0.001), (0.05, 0.02)])
    func falseAlarms(alpha: Double, base: Double) {
        let runs = 120
        let alarms = (0..<UInt64(runs)).count { run(base, base: base, alpha: alpha, seed: $0) != nil }
        // Above this by chance once in ten thousand times.
        let limit = alpha * Double(runs) + 4 * (alpha * (1 - alpha) * Double(runs)).squareRoot()
        #expect(Double(alarms) <= limit, "\(alarms) of \(runs)")
    }

    @Test("Twenty times as many failures stop it in nearly every run, after about 170 of 1,000 canaries")
    func power() {
        let used = (0..<UInt64(300)).map { run(0.02, base: 0.001, alpha: 0.01, seed: $0) ?? .max }.sorted()
        #expect(used.count { $0 < .max } >= 294)
        #expect(used[150] <= 185, "\(used[150])")
    }

    @Test("The e-value depends on how many failures there were, not on their order")
    func order() {
        let evidence = SplitEvidence(share: 0.1)
        #expect(evidence.value(updated: 0, others: 0) == 1)
        #expect(evidence.value(updated: 3, others: 0) > 100)
        #expect(evidence.value(updated: 2, others: 0) < 100)
        #expect(evidence.value(updated: 3, others: 1) < evidence.value(updated: 3, others: 0))
        #expect(evidence.value(updated: 2_000, others: 20_000) >= 0)
        #expect(evidence.value(updated: 20_000, others: 0).isFinite)
    }

    @Test(
        "A failure multiplies the e-value by one on average where all agents fail alike",
        arguments: [0.01, 0.1, 0.5])
    func martingale(share: Double) {
        let evidence = SplitEvidence(share: share)
        for (updated, others) in [(0, 0), (1, 0), (3, 20), (7, 5)] {
            let before = evidence.value(updated: updated, others: others)
            let mean =
                share * evidence.value(updated: updated + 1, others: others)
                + (1 - share) * evidence.value(updated: updated, others: others + 1)
            #expect(abs(mean / before - 1) < 1e-9)
            // Where updated agents fail less often, it shrinks.
            let lower = share / 2
            let shrunk =
                lower * evidence.value(updated: updated + 1, others: others)
                + (1 - lower) * evidence.value(updated: updated, others: others + 1)
            #expect(shrunk < before)
        }
    }

    @Test("Answers that failed at once wait until the others were watched for their part of the time")
    func waiting() throws {
        var test = try #require(self.test())
        test.begin(at: .zero)
        test.offered(1_000, at: .zero)
        for _ in 0..<5 { test.answered(failed: true, at: .zero + .seconds(1)) }
        #expect(test.judged == 1, "after a second of a thousand only the first is judged")
        let look = try #require(test.nextLook)
        #expect(look > .zero + .seconds(1) && look < .zero + .seconds(3))
        test.advance(to: .zero + .seconds(10))
        #expect(test.judged == 5)
        #expect(test.nextLook == nil)
        #expect(test.fires)
    }

    @Test("A canary without failures passes early once enough others have failed, and one with failures does not")
    func passesEarly() throws {
        for failures in [0, 6] {
            var test = try #require(self.test(passesBelow: 5))
            test.begin(at: .zero)
            for answer in 1...1_000 {
                let now = Instant.zero + .seconds(Int64(answer))
                test.answered(failed: answer <= failures, at: now)
                if answer % 50 == 0 { test.otherFailed(at: now) }
            }
            #expect(test.passes == (failures == 0), "\(failures) failures")
        }
    }

    @Test("Powers of scaled numbers neither overflow nor vanish")
    func scaled() {
        let (large, small) = (ScaledNumber(10).raised(to: 5_000), ScaledNumber(0.1).raised(to: 5_000))
        #expect(abs((large * small).value - 1) < 1e-9)
        #expect(large.value.isFinite && small.value > 0)
        #expect(ScaledNumber(3).raised(to: 7).value == 2_187)
        #expect(ScaledNumber(0.75).raised(to: 0).value == 1)
    }
}
