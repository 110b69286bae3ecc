import Basis
import Matching
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Fidelity: the checker passes the agent, whatever the world does, and finds the odd ones")
struct ConformanceTests {
    static let plans: [(String, CohortPlan)] = [
        ("default", CohortPlan(name: "default")),
        ("capable", ChaoticWorld.capable),
        ("fetching", ChaoticWorld.fetching),
        ("bare", .with { $0.capabilities = [] }),
        ("full again", .with { $0.reconnectReport = .full }),
        ("as opamp-go", .with { $0.reconnectReport = .changes }),
        ("restarting", .with { $0.restartForm = .whole }),
        ("lockstep", .with { $0.heartbeat = HeartbeatPlan(interval: .seconds(3), phase: .lockstep) }),
        ("jitter", .with { $0.heartbeat = HeartbeatPlan(interval: .seconds(3), jitter: 0.5) }),
    ]

    @Test("No sequence of events makes the agent break a rule that can be seen on the wire", arguments: plans.indices)
    func random(plan number: Int) {
        let (name, plan) = Self.plans[number]
        for seed in 0..<25 {
            var world = ChaoticWorld(plan, seed: UInt64(seed))
            // With jitter the offered interval may be overstepped by the jitter itself.
            if plan.heartbeat.jitter > 0 { world.script.checker = ConformanceChecker(tolerance: .seconds(60)) }
            for _ in 0..<120 { world.happen() }
            #expect(
                world.script.checker.isConformant,
                "plan \(name), seed \(seed): \(world.script.checker.violations.prefix(3))")
            #expect(
                !world.script.allSent.contains { $0.kind == .status && $0.report.saysNothing },
                "plan \(name), seed \(seed): a report without a change")
        }
    }

    @Test("Whatever happens, an agent's books stay bounded and at most one package is worked on", arguments: 0..<20)
    func bounded(seed: Int) {
        var world = ChaoticWorld(ChaoticWorld.capable, seed: UInt64(seed))
        for _ in 0..<300 {
            let waiting = world.script.agent.outstandingReports
            world.happen()
            #expect(world.script.agent.outstandingReports <= Matcher.maxReports)
            #expect(world.script.agent.configuration?.history.count ?? 0 <= 5)
            // A lost connection ends every report that waits, the overdue ones among them.
            #expect(world.script.steps.count < 128 + waiting)
            for sent in world.script.sent {
                let busy = sent.report.packageStatuses?.packages.values.filter {
                    $0.status == .downloading || $0.status == .installing
                }
                #expect((busy?.count ?? 0) <= 1)
            }
        }
    }

    @Test(
        "With any events, one download runs at a time, and none of an installed package",
        arguments: [ChaoticWorld.capable, ChaoticWorld.fetching])
    func downloads(plan: CohortPlan) {
        var begun = 0
        for seed in 0..<20 {
            var world = ChaoticWorld(plan, seed: UInt64(seed))
            for _ in 0..<300 { world.happen() }
            world.follow()
            #expect(world.downloads.problems.isEmpty, "seed \(seed): \(world.downloads.problems.prefix(3))")
            begun += world.downloads.begun
        }
        #expect(begun > 20)
    }

    @Test(
        "Whatever happens, the effective configuration is the local one with the offer on top that was applied last",
        arguments: [ChaoticWorld.capable, CohortPlan(name: "default")])
    func effective(plan: CohortPlan) {
        var applied = 0
        for seed in 0..<20 {
            var world = ChaoticWorld(plan, seed: UInt64(seed))
            for _ in 0..<300 { world.happen() }
            world.follow()
            #expect(world.configs.problems.isEmpty, "seed \(seed): \(world.configs.problems.prefix(3))")
            applied += world.configs.applied
        }
        #expect(applied > 50)
    }

    @Test(
        "With any events, reports name only packages that exist or are processed, and only offered packages exist",
        arguments: [ChaoticWorld.capable, ChaoticWorld.fetching])
    func packages(plan: CohortPlan) {
        var installed = 0
        for seed in 0..<20 {
            var world = ChaoticWorld(plan, seed: UInt64(seed))
            for _ in 0..<300 { world.happen() }
            world.follow()
            #expect(world.packages.problems.isEmpty, "seed \(seed): \(world.packages.problems.prefix(3))")
            installed += world.packages.installed
        }
        #expect(installed > 50)
    }

    @Test("Acknowledgements never make an agent report, whatever came before: no answer loop", arguments: 0..<20)
    func quiet(seed: Int) {
        var world = ChaoticWorld(ChaoticWorld.capable, seed: UInt64(seed))
        for _ in 0..<100 { world.happen() }
        // Let everything under way come to its end, with heartbeats and health left aside by not letting time pass
        // after.
        for _ in 0..<200 where !(world.script.agent.state == .running && world.script.agent.outstandingReports == 0) {
            switch world.script.agent.state {
            case .connecting: world.script.opened()
            case .closing: world.script.closed()
            default: world.script.pass(.seconds(1), acknowledging: true)
            }
            // As many as are under way: with an answer loop there would be no end of them.
            for _ in 0..<world.script.agent.outstandingReports where world.script.agent.state.isOnline {
                world.script.acknowledge(capabilities: .all)
            }
        }
        #expect(world.script.agent.state == .running)
        for _ in 0..<20 {
            world.script.acknowledge(capabilities: .all)
            #expect(world.script.sent.isEmpty)
        }
    }

    @Test("Events in any order at all, even such as no host delivers, are survived", arguments: 0..<20)
    func lawless(seed: Int) {
        var world = ChaoticWorld(ChaoticWorld.capable, seed: UInt64(seed))
        var random = SeededRandom(seed: UInt64(seed))
        for _ in 0..<400 {
            switch random.index(below: 12) {
            case 0: world.script.opened()
            case 1: world.script.lost()
            case 2: world.script.failed()
            case 3: world.script.closed()
            case 4: world.script.start()
            case 5: world.script.wakeLate(.milliseconds(Int64(random.index(below: 9_000))))
            case 6: world.script.step { $0.receivedMalformed(.protobuf, at: $1, &$2) }
            case 7: world.script.step { $0.loseConnection(at: $1, &$2) }
            case 8: world.script.step { $0.upgradeRefused(status: 500, retryAfter: nil, at: $1, &$2) }
            case 9 where random.chance(0.02): world.script.drain()
            default: world.happen()
            }
            #expect(world.script.agent.outstandingReports <= Matcher.maxReports)
        }
    }

    /// What else a fault breaks: unreadable bytes have taken a sequence number that nobody could see, and the
    /// configuration that a liar reports has not changed.
    static let alsoBroken: [Fault: ConformanceRule] = [
        .sendsMalformed: .sequence, .reportsOtherConfig: .unchangedLeftOut,
    ]

    @Test(
        "The checker finds what each fault breaks",
        arguments: [
            (Fault.skipsSequenceNumbers, ConformanceRule.sequence), (.sendsMalformed, .readable),
            (.sendsOversized, .withinSizeLimit), (.ignoresThrottling, .unavailableHonoured),
            (.reconnectsTooFast, .retryTimeHonoured), (.reportsWrongHash, .configHashEchoed),
            (.reportsOtherConfig, .effectiveConfigMatches),
        ])
    func findsFaults(_ fault: Fault, _ rule: ConformanceRule) {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .seconds(1), phase: .fromConnection)
                $0.remoteConfig = RemoteConfigPlan(applyTime: .constant(.zero))
                $0.faults = FaultPlan(rates: [fault: 1], recurrence: 0.5, oversizedBytes: 200_000)
            })
        script.checker = ConformanceChecker(maximumBytes: 100_000)
        script.run()
        script.pass(.seconds(20), acknowledging: true)
        script.receive(RemoteConfigTests.offer([1, 2]))
        script.receive(
            ServerToAgent(
                errorResponse: ServerErrorResponse(
                    type: .unavailable, retryInfo: RetryInfo(retryAfterNanoseconds: 9_000_000_000))))
        if script.agent.state == .closing { script.closed() }
        script.pass(.seconds(3))
        if script.agent.state == .connecting { script.opened() }
        #expect(script.checker.counts[rule] ?? 0 > 0, "\(script.checker.violations)")
        #expect(script.checker.counts.keys.allSatisfy { $0 == rule || Self.alsoBroken[fault] == $0 })
    }
}
