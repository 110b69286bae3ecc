import Basis
import Foundation
import Testing

@testable import Rollout

/// What has to hold for every plan and every stream of outcomes.
@Suite("Invariants")
struct InvariantTests {
    static let agents = 200
    /// How many random plans; `MUSTER_ROLLOUT_SEEDS` sets another number.
    static let seeds: UInt64 = {
        ProcessInfo.processInfo.environment["MUSTER_ROLLOUT_SEEDS"].flatMap { UInt64($0) } ?? 120
    }()

    static func fleet() -> RolloutFleet {
        var fleet = RolloutFleet(count: agents)
        fleet.add("zone", values: ["a", "b", "c"]) { Int($0 % 3) }
        return fleet
    }

    /// A world with random answers, and outcomes that nobody asked for.
    static func world(seed: UInt64) -> (world: TestWorld, random: SeededRandom) {
        var random = SeededRandom(seed: seed)
        let plan = RolloutPlan.random(&random)
        var world = TestWorld(plan, fleet: fleet(), seed: seed)
        let (rate, slow) = (random.unit() * random.unit(), random.chance(0.3))
        let kinds: [TestWorld.Behaviour] = [
            .fails, .mismatches, .silent, .unhealthy(after: .seconds(20)), .disconnects(after: .seconds(5)),
            .failsAtFirst(1), .componentUnhealthy(0, after: .seconds(30)), .componentUnhealthy(1, after: .seconds(3)),
        ]
        world.behaviour = { agent in
            var draw = SeededRandom(seed: seed, stream: UInt64(agent))
            return draw.chance(rate) ? kinds[draw.index(below: kinds.count)] : .applies
        }
        world.delay = { agent in
            var draw = SeededRandom(seed: seed &+ 1, stream: UInt64(agent))
            return .milliseconds(Int64(draw.index(below: slow ? 200_000 : 4_000)))
        }
        let noise = (0..<random.index(below: 200)).map { _ in
            AgentOutcome(
                at: Instant(nanoseconds: random.next() % 3_000_000_000_000),
                agent: UInt32(random.index(below: agents + 5)),
                revision: Revision(UInt16(random.index(below: 3))),
                kind: AgentOutcome.Kind.allCases[random.index(below: AgentOutcome.Kind.allCases.count)],
                component: UInt8(random.index(below: 2)))
        }
        world.add(noise)
        return (world, random)
    }

    /// Checks the state between events.
    private func check(_ world: TestWorld, _ seed: UInt64) {
        let (tally, plan) = (world.controller.tally, world.controller.plan)
        let sum = tally.inFlight + tally.applied + tally.failed + tally.mismatched + tally.noAnswer
        // What was taken back stays in the counts of its answers.
        #expect(sum >= tally.offered - tally.takenBack && sum <= tally.offered, "seed \(seed): \(tally)")
        #expect(world.controller.observed.waiting == Self.agents - tally.offered, "seed \(seed)")
        if let limit = plan.limits.concurrency {
            #expect(tally.inFlight <= max(limit.countRoundedDown(of: Self.agents), 1), "seed \(seed)")
        }
        if let deadline = world.controller.nextDeadline {
            #expect(deadline >= world.controller.now, "seed \(seed): a deadline that is over")
        }
        for part in world.controller.stageTallies { #expect(part.inFlight >= 0 && part.broken <= part.offered) }
    }

    @Test(
        "Limits hold at every event, the rollout never waits for ever, and a rollback reaches whoever was offered",
        arguments: 0..<InvariantTests.seeds)
    func limits(seed: UInt64) {
        var (world, random) = Self.world(seed: seed)
        world.controller.begin(at: .zero, &world.output)
        world.perform()
        var steps = 0
        let forever = Instant.distantFuture - .seconds(1)
        while world.controller.result == nil, steps < 20_000 {
            steps += 1
            if !world.step(until: forever) {
                // Only an operator can be awaited.
                guard case .paused = world.controller.state else {
                    Issue.record("seed \(seed): waits for ever in \(world.controller.state)")
                    return
                }
                let at = world.now + .seconds(1)
                switch random.index(below: 3) {
                case 0: world.controller.resume(at: at, &world.output)
                case 1: world.controller.abort(at: at, &world.output)
                default: world.controller.rollBack(at: at, &world.output)
                }
                world.perform()
            } else if random.chance(0.002) {
                world.controller.pause(at: world.now, &world.output)
                world.perform()
            }
            if steps % 7 == 0 { check(world, seed) }
        }
        check(world, seed)
        #expect(world.controller.result != nil, "seed \(seed): still \(world.controller.state) after \(steps) events")
        let retries = world.controller.plan.retry.count
        #expect(world.offers <= Self.agents * (2 + retries), "seed \(seed)")
        let tookAll = world.decisions.contains { decision in
            if case .stopped(_, let reason, _) = decision.kind { world.rollsAllBack(reason) } else { false }
        }
        if case .ended(.rolledBack) = world.controller.state, tookAll {
            #expect(world.takenBack == world.offered, "seed \(seed)")
        }
    }

    @Test("Nothing is offered after a stop until the operator resumes", arguments: 300..<UInt64(350))
    func stops(seed: UInt64) {
        var (world, _) = Self.world(seed: seed)
        world.run(until: Instant.zero + .days(3))
        guard let stop = world.decisions.firstIndex(where: { $0.kind.isStop }) else { return }
        #expect(!world.decisions[stop...].contains { $0.kind.isStageBegin }, "seed \(seed)")
        guard case .stopped(_, _, let tally) = world.decisions[stop].kind else { return }
        #expect(world.controller.tally.offered == tally.offered, "seed \(seed)")
    }

    @Test("A controller from a snapshot takes the same decisions", arguments: 400..<UInt64(440))
    func snapshots(seed: UInt64) throws {
        var (plain, random) = Self.world(seed: seed)
        var (restored, _) = Self.world(seed: seed)
        let limit = Instant.zero + .days(3)
        plain.run(until: limit)
        for _ in 0..<3 { plain.resume(until: limit) }
        restored.controller.begin(at: .zero, &restored.output)
        restored.perform()
        var (steps, resumed) = (0, 0)
        while true {
            if !restored.step(until: limit) {
                guard resumed < 3, case .paused = restored.controller.state else { break }
                resumed += 1
                restored.controller.resume(at: restored.now + .seconds(1), &restored.output)
                restored.perform()
            }
            steps += 1
            guard random.chance(steps < 50 ? 0.06 : 0.004) else { continue }
            let bytes = restored.controller.snapshot()
            let controller = restored.controller
            restored.controller = try RolloutController(
                snapshot: bytes, plan: controller.plan, fleet: controller.fleet, seed: seed)
            #expect(restored.controller.stateBytes == controller.stateBytes, "seed \(seed)")
        }
        #expect(restored.decisions == plain.decisions, "seed \(seed)")
        #expect(restored.decisions.map(\.fingerprint) == plain.decisions.map(\.fingerprint))
        #expect(restored.offers == plain.offers)
    }

    @Test("A snapshot that is cut or changed, or of another plan or fleet, is refused with the reason")
    func damage() throws {
        var (world, random) = Self.world(seed: 7)
        world.run(until: Instant.zero + .seconds(60))
        let (bytes, controller) = (world.controller.snapshot(), world.controller)
        func read(_ bytes: [UInt8], _ plan: RolloutPlan, _ fleet: RolloutFleet) -> SnapshotError? {
            do throws(SnapshotError) {
                _ = try RolloutController(snapshot: bytes, plan: plan, fleet: fleet, seed: 7)
                return nil
            } catch {
                return error
            }
        }
        #expect(read(bytes, controller.plan, controller.fleet) == nil)
        for length in stride(from: 0, to: bytes.count, by: 41) {
            #expect(read(Array(bytes.prefix(length)), controller.plan, controller.fleet) == .damaged)
        }
        for _ in 0..<80 {
            var changed = bytes
            changed[random.index(below: bytes.count)] ^= UInt8(1 << random.index(below: 8))
            #expect(read(changed, controller.plan, controller.fleet) == .damaged)
        }
        var other = controller.plan
        other.name = "other"
        #expect(read(bytes, other, controller.fleet) == .otherPlan)
        #expect(read(bytes, controller.plan, RolloutFleet(count: Self.agents)) == .otherFleet)
    }
}

extension TestWorld {
    /// Lets a paused rollout go on.
    fileprivate mutating func resume(until limit: Instant) {
        guard case .paused = controller.state else { return }
        controller.resume(at: now + .seconds(1), &output)
        run(until: limit)
    }

    /// Whether a stop for this reason takes the revision back from every agent.
    fileprivate func rollsAllBack(_ reason: RolloutDecision.Reason) -> Bool {
        let plan = controller.plan
        return switch reason {
        case .gate(let index, _): (plan.gates[index].onFailure ?? plan.onFailure) == .rollBack
        case .operatorCommand: decisions.last.map { if case .rolledBack = $0.kind { true } else { false } } ?? false
        case .canaryTest, .stageTimeout, .noProgress: plan.onFailure == .rollBack
        }
    }
}
