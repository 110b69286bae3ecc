import Basis
import Rollout
import Testing

@testable import Simulation

@Suite("An agent whose process is down")
struct StoppedProcessTests {
    /// Its process stops at 11 s while it applies what was offered at 10 s, and is back at 31 s.
    private func rehearsal(_ others: [WorldFault]) -> Rehearsal {
        var world = World(agents: 1, seed: 1)
        world.span = .seconds(120)
        world.applyTime = .constant(.seconds(3))
        world.faults = [.stop(agent: 0, at: .seconds(11), lasting: .seconds(20))] + others
        var plan = RolloutPlan()
        plan.batches = BatchSettings()
        var rehearsal = Rehearsal(
            world: world, fleet: RolloutFleet(count: 1), rollouts: [RehearsedRollout(plan, begins: .seconds(10))])
        rehearsal.traced = [0]
        return rehearsal
    }

    /// What comes at 20 s: the process is down, and the time of its application is over.
    private static let atTwenty: [WorldFault] = [
        .stop(agent: 0, at: .seconds(20), lasting: .seconds(1)),
        .flapping(FlappingAgents(share: 1, every: .constant(.seconds(20)))),
        .failure(agent: 0, .crashes(after: .constant(.seconds(20))), cause: .chance),
        .failure(
            agent: 0, .unhealthy(after: .constant(.seconds(20)), lasts: .constant(.seconds(2))), cause: .chance),
        .failure(
            agent: 0, .disconnects(after: .constant(.seconds(20)), lasts: .constant(.seconds(2))), cause: .chance),
    ]

    @Test("Its application ends when it is back, whatever comes in that time", arguments: atTwenty)
    func appliesWhenItIsBack(other: WorldFault) {
        var rehearsal = rehearsal([other])
        let derived = rehearsal.run()
        #expect(derived.violations.isEmpty, "\(derived.violations)")
        let stopped = derived.trace.first { $0.event == .stopped }
        let back = derived.trace.first { $0.event == .restarted }
        let applied = derived.trace.first { $0.event == .applied && $0.revision == 1 }
        #expect(derived.trace.contains { $0.event == .applying && $0.at < Instant.zero + .seconds(11) })
        #expect(stopped?.at == .zero + .seconds(11) && back?.at == .zero + .seconds(31))
        if let back, let applied { #expect(applied.at >= back.at) } else { Issue.record("\(derived.trace)") }
        rehearsal.world.heartbeats = .each
        let each = rehearsal.run()
        #expect(each.hashes == derived.hashes && each.decisions == derived.decisions)
    }

    @Test(
        "What the revision does to it begins when it is back",
        arguments: [
            (AgentFailure.unhealthy(after: .constant(.seconds(7)), lasts: nil), AgentEvent.unhealthy),
            (.disconnects(after: .constant(.seconds(7)), lasts: nil), .lost),
            (.crashes(after: .constant(.seconds(7))), .crashed),
        ])
    func revisionHasItsFailures(failure: AgentFailure, event: AgentEvent) {
        var rehearsal = rehearsal([.failure(agent: 0, failure)])
        let derived = rehearsal.run()
        let times = derived.trace.filter { $0.event == event }.map(\.at)
        #expect(times == [.zero + .seconds(31 + 7)], "\(derived.trace)")
        rehearsal.world.heartbeats = .each
        #expect(rehearsal.run().hashes == derived.hashes)
    }
}
