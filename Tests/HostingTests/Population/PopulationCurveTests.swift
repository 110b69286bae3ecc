import AgentModel
import Basis
import Testing

@testable import Hosting

@Suite("The number of agents over time")
struct PopulationCurveTests {
    private static let curve = PopulationCurve([
        .init(length: .seconds(10), to: 100), .init(length: .seconds(5), to: 100), .init(length: .seconds(4), to: 20),
        .init(length: .zero, to: 50), .init(length: .seconds(1), to: 50),
    ])

    private static func random(_ seed: UInt64) -> PopulationCurve {
        var random = SeededRandom(seed: seed, stream: 3)
        return PopulationCurve(
            (0..<(1 + random.index(below: 8))).map { _ in
                .init(
                    length: random.chance(0.2) ? .zero : .milliseconds(Int64(random.index(below: 20_000))),
                    to: Double(random.index(below: 500)))
            })
    }

    @Test("It goes evenly from one stage's end to the next, and jumps where a stage has no length")
    func levels() {
        let expected: [(Int64, Int)] = [
            (0, 0), (5_000, 50), (10_000, 100), (12_000, 100), (17_000, 60), (18_999, 20), (19_000, 50), (60_000, 50),
        ]
        for (time, agents) in expected {
            #expect(Self.curve.agents(at: .milliseconds(time)) == agents, "at \(time) ms")
        }
        #expect(Self.curve.end == .seconds(20))
        #expect(Self.curve.peak == 100)
    }

    @Test("The parts of all shards are the whole, at every time", arguments: 0..<20)
    func shards(seed: UInt64) {
        let curve = Self.random(seed)
        for shards in [1, 2, 3, 7] {
            for step in Int64(0)...200 {
                let time = curve.end.scaled(by: Double(step) / 150)
                let parts = (0..<shards).map { curve.agents(at: time, shard: $0, of: shards) }
                #expect(parts.reduce(0, +) == curve.agents(at: time))
                #expect((parts.max() ?? 0) - (parts.min() ?? 0) <= 1)
            }
        }
    }

    @Test("Between two changes that it names nothing changes", arguments: 0..<20)
    func changes(seed: UInt64) throws {
        let curve = Self.random(seed)
        for (shard, shards) in [(0, 1), (1, 3)] {
            var (now, steps) = (Nanoseconds.zero, 0)
            while let next = curve.nextChange(after: now, shard: shard, of: shards) {
                #expect(next > now)
                let before = curve.agents(at: now, shard: shard, of: shards)
                // Rounding, and the shortest step, allow for one.
                let justBefore = curve.agents(at: next - .microseconds(1), shard: shard, of: shards)
                #expect(abs(justBefore - before) <= 1)
                now = next
                steps += 1
                try #require(steps < 10_000)
            }
            #expect(now >= curve.starts[curve.starts.count - 1])
            #expect(
                curve.agents(at: now, shard: shard, of: shards)
                    == curve.agents(at: curve.end + .seconds(1), shard: shard, of: shards))
        }
    }
}
