import Basis
import Rollout
import Simulation

/// Many drawn rehearsals, whose invariants are checked: plans, worlds and faults of every kind by their seeds. Every
/// tenth is run again with each heartbeat as an event, and has to have the same hashes.
struct ManySeeds {
    let seeds: Range<UInt64>
    let agents: Int
    /// In seconds.
    let span: Int64

    private(set) var events = 0
    private(set) var compared = 0
    private(set) var failures: [String] = []
    private var endings: [String: Int] = [:]

    init(seeds: Range<UInt64>, agents: Int, span: Int64) {
        (self.seeds, self.agents, self.span) = (seeds, agents, span)
    }

    mutating func run() {
        for seed in seeds {
            var rehearsal = DrawnRehearsal.makeOfAllKinds(seed: seed, agents: agents, span: span)
            let result = rehearsal.run()
            events += result.events
            for violation in result.violations {
                failures.append(
                    "seed \(seed): \(violation.kind) at \(violation.at), agent \(violation.agent.map { "\($0)" } ?? "–")"
                )
            }
            for number in result.controllers.indices { judge(number, result, seed) }
            guard seed % 10 == 0 else { continue }
            compared += 1
            rehearsal.world.heartbeats = .each
            if rehearsal.run().hashes != result.hashes {
                failures.append("seed \(seed): other hashes with each heartbeat as an event")
            }
        }
    }

    /// What a controller has counted has to be in keeping with what it decided.
    private mutating func judge(_ number: Int, _ result: RehearsalResult, _ seed: UInt64) {
        let controller = result.controllers[number]
        let tally = controller.tally
        endings[Self.name(controller.state), default: 0] += 1
        if tally.offered > controller.order.count || tally.restored > tally.takenBack {
            failures.append("seed \(seed): impossible figures \(tally)")
        }
        for decision in result.decisions where decision.rollout == number {
            guard case .stopped(_, _, let then) = decision.decision.kind, then.offered != tally.offered else {
                continue
            }
            failures.append("seed \(seed): \(tally.offered - then.offered) agents were offered after the stop")
        }
    }

    private static func name(_ state: RolloutState) -> String {
        switch state {
        case .ended(.finished): "finished"
        case .ended(.aborted): "aborted"
        case .ended(.rolledBack): "rolled back"
        case .paused: "paused"
        case .notBegun, .offering, .soaking, .waiting, .finishing, .rollingBack: "still going on"
        }
    }

    /// How the rollouts ended, in one line.
    var outcome: String {
        endings.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}
