import Basis
import ControlPlane
import OpAMP
import Rollout
import Simulation
import Testing

@testable import Fleet

@Suite("Judging the engine of another server")
struct EngineWatchTests {
    private struct Bed {
        var watch: EngineWatch
        var now = 0

        init(_ agents: UInt32) {
            watch = EngineWatch(Array(0..<agents), OfferTable(RolloutPlan()))
            for agent in 0..<agents { saw(.connected, agent) }
        }

        /// One second passes with each observation.
        mutating func saw(_ kind: AgentObservation.Kind, _ agent: UInt32) {
            now += 1
            watch.saw(kind, of: agent, at: .zero + .seconds(Int64(now)), begin: .zero)
        }

        mutating func apply(_ entry: UInt32, _ agents: Range<UInt32>) {
            for agent in agents {
                saw(.sent(revision: entry), agent)
                saw(.status(.applied, revision: entry, matches: true), agent)
            }
        }

        var result: EngineJudgement { watch.result((0, 0, [])) }
    }

    private static func plan(_ expect: String) throws -> RolloutPlan {
        try RolloutPlan.read(Array("canary: {size: 2}\nexpect: \(expect)".utf8), source: "plan")
    }

    @Test("An engine that reaches every agent has finished; each repeated push counts")
    func finished() throws {
        var bed = Bed(4)
        bed.apply(2, 0..<4)
        bed.saw(.sent(revision: 2), 0)
        let result = bed.result
        #expect(result.offered == 4 && result.applied == 4 && result.pushes == 5 && result.pushesPerAgent == 1.25)
        #expect(result.wrong == 0 && !result.isRolledBack)
        #expect(result.differences(from: try Self.plan("{outcome: finished, broken: 0, left: 0}")).isEmpty)
        #expect(!result.differences(from: try Self.plan("{outcome: stopped}")).isEmpty)
    }

    @Test("Offers after the first agent has broken are counted, and agents that keep the new configuration are wrong")
    func incompleteRollback() throws {
        var bed = Bed(6)
        bed.apply(2, 0..<2)
        bed.saw(.sent(revision: 2), 2)
        bed.saw(.status(.failed, revision: 2, matches: true), 2)
        bed.apply(2, 3..<5)
        bed.apply(1, 0..<1)
        let result = bed.result
        #expect(result.offered == 5 && result.failed == 1 && result.broken == 1 && result.offeredAfterBroken == 2)
        #expect(result.isRolledBack && !result.isRollBackComplete)
        // Of five, one was taken back, one could not apply it: three run it still.
        #expect(result.restored == 1 && result.wrong == 3)
        #expect(!result.differences(from: try Self.plan("{left: 0}")).isEmpty)
    }

    @Test("A rollback that reaches every agent is complete, in the canary by the plan's size of it")
    func completeRollback() throws {
        var bed = Bed(6)
        bed.apply(2, 0..<2)
        bed.saw(.unhealthy, 1)
        bed.apply(1, 0..<2)
        let result = bed.result
        #expect(result.unhealthy == 1 && result.broken == 1 && result.restored == 2 && result.isRollBackComplete)
        #expect(result.differences(from: try Self.plan("{outcome: stopped-in-canary, left: 0}")).isEmpty)
    }

    @Test("What agents do before they are offered anything is not the engine's doing")
    func before() {
        var bed = Bed(2)
        bed.saw(.disconnected, 0)
        bed.saw(.connected, 0)
        bed.saw(.unhealthy, 1)
        bed.apply(2, 0..<2)
        #expect(bed.result.broken == 0)
    }
}
