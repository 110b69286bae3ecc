import Basis
import Schema

@testable import Rollout

extension TestWorld {
    /// The world of a plan: what breaks, and which zones are out. It has no server and no network.
    init(of plan: RolloutPlan, seed: UInt64) {
        let fleet = plan.world.fleet(seed: seed)
        self.init(plan, fleet: fleet, seed: seed)
        let breakages = plan.world.breakages
        let selections = breakages.map { RolloutSelection(attributes: $0.attributes, fleet: fleet) }
        func draws(_ agent: UInt32, _ index: Int) -> (isBroken: Bool, after: Nanoseconds, lasts: Nanoseconds?) {
            var random = SeededRandom(seed: seed &+ UInt64(index), stream: UInt64(agent))
            let isBroken =
                random.chance(breakages[index].share) && selections[index].includes(agent)
                && breakages[index].agents?.contains(agent) ?? true
            let after = breakages[index].after.draw(&random)
            return (isBroken, after, breakages[index].lasts?.draw(&random))
        }
        behaviour = { agent in
            for index in breakages.indices where breakages[index].cause == .revision {
                let drawn = draws(agent, index)
                if drawn.isBroken { return breakages[index].behaviour(of: plan, after: drawn.after) }
            }
            return .applies
        }
        delay = { agent in
            var random = SeededRandom(seed: seed ^ 0xA5, stream: UInt64(agent))
            return plan.world.applying.draw(&random)
        }
        var outcomes: [AgentOutcome] = []
        func add(_ agent: UInt32, _ at: Nanoseconds, _ kind: AgentOutcome.Kind) {
            outcomes.append(AgentOutcome(at: .zero + at, agent: agent, revision: .initial, kind: kind))
        }
        for index in breakages.indices where breakages[index].cause == .chance {
            for agent in controller.order {
                let drawn = draws(agent, index)
                guard drawn.isBroken else { continue }
                add(agent, drawn.after, .unhealthy)
                if let lasts = drawn.lasts { add(agent, drawn.after + lasts, .healthy) }
            }
        }
        for outage in plan.world.outages {
            for agent in controller.order where fleet.value(outage.attribute, of: agent) == outage.value {
                add(agent, outage.at, .disconnected)
                add(agent, outage.at + outage.length, .reconnected)
            }
        }
        self.add(outcomes)
    }

    /// What the rehearsal came to, for the plan's expectation.
    var ending: RolloutExpectation.Ending {
        let isRolledBack = if case .ended(.rolledBack) = controller.state { true } else { false }
        let left = isRolledBack ? controller.unreached : controller.order.count - controller.tally.offered
        return RolloutExpectation.Ending(
            state: controller.state, time: now - (controller.began ?? .zero), broken: broken.count, left: left)
    }
}

extension Breakage {
    fileprivate func behaviour(of plan: RolloutPlan, after: Nanoseconds) -> TestWorld.Behaviour {
        switch manner {
        case .fails, .failsToInstall: .fails
        case .mismatches: .mismatches
        case .silent: .silent
        case .unhealthy: watched(by: plan).map { .componentUnhealthy($0, after: after) } ?? .unhealthy(after: after)
        case .disconnects, .crashes: .disconnects(after: after)
        }
    }

    /// Which of the components that gates name it is about; nil: the agent as a whole.
    private func watched(by plan: RolloutPlan) -> UInt8? {
        guard let component, component != Self.root else { return nil }
        return plan.watchedComponents.firstIndex { component == $0 || component.hasSuffix("/\($0)") }.map { UInt8($0) }
    }
}
