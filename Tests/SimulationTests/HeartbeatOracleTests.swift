import Basis
import Rollout
import Testing

@testable import Simulation

@Suite("Heartbeats at rest, against each as an event")
struct HeartbeatOracleTests {
    @Test("Equal decisions, events, states and load, on one and two threads", arguments: 1...UInt64(5))
    func isEqual(seed: UInt64) {
        var rehearsal = DrawnRehearsal.make(seed: seed, agents: 50, span: 900)
        let derived = rehearsal.run()
        rehearsal.partitions = 3
        let apart = rehearsal.run()
        #expect(derived.hashes == apart.hashes, "seed \(seed): three partitions")
        #expect(derived.decisions == apart.decisions)
        rehearsal.world.heartbeats = .each
        rehearsal.partitions = 1
        let each = rehearsal.run()
        #expect(derived.hashes == each.hashes, "seed \(seed)")
        #expect(derived.decisions == each.decisions)
        #expect(derived.minutes == each.minutes)
        #expect(derived.violations.isEmpty, "seed \(seed): \(derived.violations)")
    }

    @Test("They are equal at ten thousand agents too", arguments: [11] as [UInt64])
    func isEqualAtScale(seed: UInt64) {
        var rehearsal = DrawnRehearsal.make(seed: seed, agents: 10_000, span: 180)
        rehearsal.partitions = 2
        let derived = rehearsal.run()
        rehearsal.world.heartbeats = .each
        rehearsal.partitions = 1
        let each = rehearsal.run()
        #expect(derived.hashes == each.hashes, "seed \(seed)")
        #expect(derived.decisions == each.decisions)
        #expect(derived.events > 1_000 && derived.violations.isEmpty, "seed \(seed): \(derived.violations)")
    }

    @Test("The comparison finds mistakes", arguments: PlantedMistake.allCases)
    func findsMistakes(mistake: PlantedMistake) {
        var differences = 0
        for seed in 1...UInt64(30) where differences == 0 {
            var rehearsal = DrawnRehearsal.make(seed: seed, agents: 30, span: 600)
            rehearsal.partitions = 2
            if mistake == .heartbeatAtTheInstantIsMissed {
                // Times that fall together.
                rehearsal.world.heartbeatInterval = .seconds(1)
                rehearsal.world.latency = .constant(.zero)
                rehearsal.world.applyTime = .constant(.seconds(3))
                rehearsal.world.server.reportTime = .zero
                rehearsal.world.delivery = .answer
            }
            if mistake == .agentsClocksAreBelieved {
                rehearsal.world.clocks = [ClockGroup(share: 1, by: .uniform(.seconds(2), .minutes(5)), .ahead)]
            }
            var mistaken = rehearsal
            mistaken.mistake = mistake
            rehearsal.world.heartbeats = .each
            if mistaken.run().hashes != rehearsal.run().hashes { differences += 1 }
        }
        #expect(differences > 0, "\(mistake)")
    }
}
