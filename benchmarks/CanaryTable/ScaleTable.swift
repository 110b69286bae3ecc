import Basis
import Foundation
import Rollout

/// What the controller costs in a large fleet: time for each outcome, size of a snapshot.
///
///     swift run -c release --package-path benchmarks CanaryTable scale [agents]
struct ScaleTable {
    let agents: Int

    func print() {
        var plan = RolloutPlan()
        plan.canary = CanaryPlan()
        plan.canary?.test = CanaryTestPlan()
        plan.batches = BatchSettings()
        for fault in [GatePlan.Fault.unsuccessful, .unhealthy, .disconnected] {
            var gate = GatePlan()
            gate.on = fault
            gate.above = .share(0.05)
            gate.minimumSample = 100
            gate.window = fault == .unhealthy ? .seconds(600) : nil
            plan.gates.append(gate)
        }
        let clock = ContinuousClock()
        var controller: RolloutController?
        let start = clock.measure { controller = RolloutController(plan: plan, fleet: RolloutFleet(count: agents)) }
        guard var controller else { return }
        var outcomes = 0
        let run = clock.measure {
            outcomes = Driver.run(&controller, seed: 1) { _ in .applied }
        }
        var bytes = 0
        let snapshot = clock.measure { bytes = controller.snapshot().count }
        Swift.print(
            "\(agents) agents: order \(start), \(outcomes) outcomes \(run) with the driver, snapshot \(bytes) B in "
                + "\(snapshot); \(controller.result.map { "\($0)" } ?? "not ended")")
    }
}
