import Basis
import Metrics
import Testing

@testable import Fleet

@Suite("Who agent i is")
struct PopulationTests {
    static let profile = Profile(
        agents: 10_007, seed: 42,
        cohorts: [
            CohortProfile(name: "a", weight: CohortWeight(whole: 1)),
            CohortProfile(name: "b", weight: CohortWeight(whole: 1)),
            CohortProfile(name: "c", weight: CohortWeight(whole: 2)),
        ])

    @Test("Every agent runs on exactly one shard, whatever their number", arguments: [1, 2, 3, 4, 7, 16, 256])
    func partition(shards: Int) {
        let population = Population(Self.profile)
        var owner = [Int](repeating: -1, count: population.agents)
        var sizes: [Int] = []
        for shard in 0..<shards {
            var (last, size) = (-1, 0)
            for agent in population.agents(onShard: shard, of: shards) {
                #expect(agent > last && owner[agent] == -1 && population.shard(of: agent, of: shards) == shard)
                owner[agent] = shard
                (last, size) = (agent, size + 1)
            }
            sizes.append(size)
        }
        #expect(!owner.contains(-1))
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }

    @Test(
        "Every agent runs in exactly one process, whatever the number of processes and of their shards",
        arguments: [1, 2, 3, 5], [1, 2, 3])
    func processes(count: Int, shards: Int) throws {
        for profile in [Self.profile, Self.grouped] {
            var seen = [Int](repeating: 0, count: profile.agents)
            for index in 1...count {
                let part = try #require(RunPart(index: index, count: count) as RunPart?)
                let population = Population(profile, part: part)
                var sizes: [Int] = []
                for shard in 0..<shards {
                    var size = 0
                    for agent in population.agents(onShard: shard, of: shards) {
                        seen[agent] += 1
                        size += 1
                    }
                    sizes.append(size)
                }
                #expect(sizes.reduce(0, +) == population.agentsHere)
                let usual = profile.agents / (count * shards)
                #expect(sizes.allSatisfy { abs($0 - usual) < usual / 4 }, "\(sizes)")
            }
            #expect(seen.allSatisfy { $0 == 1 })
        }
    }

    @Test("No cohort's pattern falls on one shard", arguments: [2, 4])
    func mixed(shards: Int) {
        // The order of the cohorts repeats every four agents: dealt out by index alone, shards would hold one cohort
        // each.
        let population = Population(Self.profile)
        for shard in 0..<shards {
            var counts = [0, 0, 0]
            for agent in population.agents(onShard: shard, of: shards) {
                counts[population.cohortIndex(of: agent)] += 1
            }
            let size = Double(counts.reduce(0, +))
            for (count, share) in zip(counts, [0.25, 0.25, 0.5]) { #expect(abs(Double(count) / size - share) < 0.04) }
        }
    }

    /// One cohort of three is behind gateways with four members each.
    static let grouped: Profile = {
        var grouped = profile
        grouped.cohorts[1].gatewayMembers = 4
        return grouped
    }()

    @Test("Agents behind one gateway run on one shard, and every agent on exactly one", arguments: [1, 2, 3, 16])
    func gateways(shards: Int) {
        let population = Population(Self.grouped)
        let cohort = (0..<population.agents).filter { population.cohortIndex(of: $0) == 1 }
        for first in stride(from: 0, to: cohort.count, by: 5) {
            let homes = cohort[first..<min(first + 5, cohort.count)].map { population.shard(of: $0, of: shards) }
            #expect(Set(homes).count == 1)
        }
        var owner = [Int](repeating: -1, count: population.agents)
        var sizes: [Int] = []
        for shard in 0..<shards {
            var (last, size) = (-1, 0)
            for agent in population.agents(onShard: shard, of: shards) {
                #expect(agent > last && owner[agent] == -1)
                owner[agent] = shard
                (last, size) = (agent, size + 1)
            }
            sizes.append(size)
        }
        #expect(!owner.contains(-1))
        #expect(Double(sizes.max() ?? 0) < Double(sizes.min() ?? 0) * 1.3 + 20)
    }

    @Test("Agents behind gateways share connections, the others have one each")
    func connections() {
        let population = Population(Self.grouped)
        let behind = population.cohortCounts[1]
        #expect(population.connections == population.agents - behind + (behind + 4) / 5)
        #expect(Population(Self.profile).connections == 10_007)
    }

    @Test("An agent is the same in a fleet of any size, on any number of shards")
    func same() {
        var larger = Self.profile
        larger.agents = 100_000
        larger.shards = 8
        let (one, other) = (Population(Self.profile), Population(larger))
        for agent in 0..<1_000 {
            #expect(one.cohortIndex(of: agent) == other.cohortIndex(of: agent))
            #expect(one.random(of: agent) == other.random(of: agent))
            #expect(one.isDrawn(agent, share: 0.3, occasion: 1) == other.isDrawn(agent, share: 0.3, occasion: 1))
        }
    }

    @Test("Agents draw different numbers, and another seed gives others")
    func different() {
        var reseeded = Self.profile
        reseeded.seed = 43
        let (one, other) = (Population(Self.profile), Population(reseeded))
        let draws = (0..<1_000).map { agent -> UInt64 in
            var random = one.random(of: agent)
            return random.next()
        }
        #expect(Set(draws).count == 1_000)
        #expect((0..<1_000).allSatisfy { one.random(of: $0) != other.random(of: $0) })
    }

    @Test("A drawn share hits about that share of the agents, and others each time", arguments: [0, 0.02, 0.5, 1])
    func drawn(share: Double) {
        let population = Population(Self.profile)
        let first = (0..<10_000).filter { population.isDrawn($0, share: share, occasion: 1) }
        let second = (0..<10_000).filter { population.isDrawn($0, share: share, occasion: 2) }
        #expect(abs(Double(first.count) / 10_000 - share) <= 4 * (share * (1 - share) / 10_000).squareRoot())
        if share > 0, share < 1 { #expect(first != second) }
    }
}
