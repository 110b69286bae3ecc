import Basis
import Rollout
import Schema
import Testing

@testable import Simulation

@Suite("What can go wrong in the world of a plan")
struct WorldKeyTests {
    static let keys = [
        "message_loss: 20%",
        "partitions: [{value: a, at: 30s, for: 4m, replicas: 2}]",
        "partitions: [{value: b, at: 30s, for: 4m, replicas: all}]",
        "slow_replicas: [{at: 20s, for: 5m, replicas: 1, factor: 2000}, {at: 1m, for: 1m, factor: 50}]",
        "flapping: [{share: 20%, attributes: {zone: [a]}, every: {exponential: 40s}}]",
        "flapping: [{share: 50%, agents: [1, 2, 3, 5, 8, 13, 21], every: 30s}]",
        "heartbeats: [{attributes: {zone: [b]}, interval: 7s}, {attributes: {zone: [a]}, interval: 1m}]",
        "polling: [{attributes: {zone: [b]}, interval: 17s}]",
        "polling: [{interval: 6s}]\n  outages: [{value: a, at: 5s, for: 3s}, {value: b, at: 1m, for: 2m}]",
        "polling: [{interval: 20s}]\n  restarts: [{at: 40s, for: 30s}]\n  flapping: [{share: 20%, every: 1m}]",
        "polling: [{interval: 5s}]\n  partitions: [{value: b, at: 30s, for: 4m, replicas: 2}]",
        "gateways: [{attributes: {zone: [a]}, size: 7}, {size: 20}]\n  flapping: [{share: 20%, every: 50s}]",
        "gateways: [{size: 30}]\n  restarts: [{at: 40s, for: 30s, replicas: 2}]\n  outages: [{value: a, at: 3m}]",
        "gateways: [{size: 9}]\n  partitions: [{value: b, at: 30s, for: 4m, replicas: 2}]\n  message_loss: 5%",
        "restarts: [{at: 90s, for: 20s, replicas: 2}]",
        "outages: [{value: a, at: 1m, for: 2m}]",
        "breakages: [{share: 10%, how: crashes, cause: chance, after: {exponential: 2m}}]",
        "offline: {share: 20%, for: {exponential: 2m}}",
    ]

    private static func plan(_ key: String, agents: Int = 120) throws -> RolloutPlan {
        // A slow replica delays what its answers bring.
        let delivery = key.hasPrefix("slow") ? "contact" : "push"
        let text = """
            name: keys
            canary: {size: 10%, soak: 1m}
            batches: {size: 30%, soak: 20s, over: 20s}
            limits: {agent_timeout: 2m}
            world:
              agents: \(agents)
              duration: 10m
              attributes: {zone: {a: 50%, b: 50%}}
              applying: {uniform: [1s, 9s]}
              server: {replicas: 3, accepts: 20/s, backlog: 20, delivery: \(delivery)}
              \(key)
            """
        return try RolloutPlan.read(Array(text.utf8), source: "plan")
    }

    @Test(
        "Each changes the rehearsal, and is the same with each heartbeat as an event and in two partitions",
        arguments: keys)
    func agrees(key: String) throws {
        var plain = try Self.plan("begin: 1m")
        if key.hasPrefix("slow") { plain.world.server.delivery = .contact }
        let without = Rehearsal(plain).run()
        var rehearsal = Rehearsal(try Self.plan(key))
        let derived = rehearsal.run()
        #expect(
            derived.hashes.events != without.hashes.events || derived.hashes.load != without.hashes.load, "no effect")
        #expect(derived.violations.isEmpty)
        rehearsal.partitions = 2
        #expect(rehearsal.run().hashes == derived.hashes)
        rehearsal.world.heartbeats = .each
        #expect(rehearsal.run().hashes == derived.hashes)
    }

    @Test("Agents behind one gateway lose their connections and have them again together")
    func gateways() throws {
        var rehearsal = Rehearsal(
            try Self.plan(
                "gateways: [{size: 10}]\n  flapping: [{share: 30%, every: {exponential: 90s}}]\n"
                    + "  restarts: [{at: 4m, for: 20s}]\n  outages: [{value: a, at: 7m, for: 30s}]"))
        rehearsal.traced = Set(0..<120)
        let trace = rehearsal.run().trace
        var times: [UInt32: [Instant]] = [:]
        for event in trace where [.lost, .opened, .refused].contains(event.event) {
            times[event.agent, default: []].append(event.at)
        }
        #expect(times.count == 120)
        for agent in 0..<UInt32(120) { #expect(times[agent] == times[agent / 10 * 10], "agent \(agent)") }
        #expect(Set(times.values).count == 12)
    }

    @Test("The server offers to agents that poll only in their polls, and does not see that they are gone")
    func polling() throws {
        var rehearsal = Rehearsal(
            try Self.plan("polling: [{interval: 20s}]\n  restarts: [{at: 2m, for: 1m}]\n  latency: 0s"))
        rehearsal.traced = Set(0..<120)
        let result = rehearsal.run()
        #expect((result.eventCounts[.lost] ?? 0) > 100)
        #expect(result.controllers.last?.tally.disconnectedSince == 0)
        // The offers of one push come within an interval, not at once.
        let offers = result.trace.filter { $0.event == .offered }.prefix(12).map(\.at)
        let (first, last) = (try #require(offers.min()), try #require(offers.max()))
        #expect(last - first > .seconds(8) && last - first <= .seconds(21))
    }

    @Test("A fault that is written out for single agents is the same fault", arguments: keys)
    func writtenOut(key: String) throws {
        let rehearsal = Rehearsal(try Self.plan(key))
        var written = rehearsal
        written.world = rehearsal.world.withFaultsWrittenOut()
        #expect(written.run().hashes == rehearsal.run().hashes)
    }

    @Test("A controller that restarts takes the same decisions at the same times", arguments: 0..<UInt64(4))
    func restarts(seed: UInt64) throws {
        var rehearsal = DrawnRehearsal.make(seed: 500 + seed, agents: 60, span: 600)
        rehearsal.world.controllerRestarts = []
        let without = rehearsal.run()
        // Often, so that it happens in every state of the rollout.
        rehearsal.world.controllerRestarts = (0..<300).map { .seconds(2 * $0 + 1) }
        let result = rehearsal.run()
        #expect(result.controllerRestarts > 20 && without.controllerRestarts == 0)
        #expect(result.decisions == without.decisions && result.hashes == without.hashes)
        #expect(result.violations == without.violations)
    }

    @Test("A snapshot of another plan is no controller to go on with")
    func otherPlan() {
        var journal = ControllerJournal(restarts: [.seconds(10_000)])
        var controller = RolloutController(plan: RolloutPlan(), fleet: RolloutFleet(count: 100))
        var output = RolloutOutput()
        journal.append(.begin(.zero))
        controller.begin(at: .zero, &output)
        for second in 1...UInt64(5_000) {
            journal.append(.advance(Instant(nanoseconds: second * 1_000_000_000)))
            controller.advance(to: Instant(nanoseconds: second * 1_000_000_000), &output)
            journal.compact(controller)
        }
        var (copy, same) = (journal, controller)
        let restart = Instant(nanoseconds: 10_000_000_000_000)
        #expect(copy.restart(&same, by: restart) && copy.performed == 1)
        #expect(same.snapshot() == controller.snapshot())
        var plan = RolloutPlan()
        plan.name = "another"
        var other = RolloutController(plan: plan, fleet: RolloutFleet(count: 100))
        #expect(!journal.restart(&other, by: restart))
    }

    @Test("More zones than a simulated agent has bits are refused")
    func zones() throws {
        let outages = (0..<9).map { "{value: \"\($0)\", at: 1m}" }.joined(separator: ", ")
        #expect(throws: Problems.self) {
            try RolloutPlan.read(Array("{world: {outages: [\(outages)]}}".utf8), source: "plan")
        }
    }
}
