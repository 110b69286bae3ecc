import Basis
import Testing

@testable import Rollout

@Suite("Controller")
struct ControllerTests {
    @Test("Without faults every agent is offered the revision, and the rollout finishes")
    func finishes() {
        var plan = RolloutPlan()
        plan.canary = CanaryPlan()
        plan.batches = BatchSettings()
        var controller = RolloutController(plan: plan, fleet: RolloutFleet(count: 1_000))
        var output = RolloutOutput()
        controller.begin(at: .zero, &output)
        var offered: Set<UInt32> = []
        var steps = 0
        while controller.result == nil, steps < 1_000 {
            steps += 1
            let commands = output.commands
            output.removeAll()
            for command in commands {
                for (index, agent) in controller.agents(of: command).enumerated() {
                    offered.insert(agent)
                    controller.received(
                        AgentOutcome(
                            at: command.instant(index) + .seconds(1), agent: agent, revision: command.revision,
                            kind: .applied), &output)
                }
            }
            if commands.isEmpty, let deadline = controller.nextDeadline { controller.advance(to: deadline, &output) }
        }
        #expect(controller.result == .finished)
        #expect(offered.count == 1_000)
        #expect(controller.tally.applied == 1_000)
    }
}
