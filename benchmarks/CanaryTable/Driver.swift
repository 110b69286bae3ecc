import Basis
import Rollout

/// Runs a rollout to its end: every agent answers a few seconds after its offer.
enum Driver {
    /// - Returns: how many outcomes the controller received.
    @discardableResult
    static func run(
        _ controller: inout RolloutController, seed: UInt64, answer: (UInt32) -> AgentOutcome.Kind
    ) -> Int {
        var output = RolloutOutput()
        var count = 0
        controller.begin(at: .zero, &output)
        while controller.result == nil {
            var outcomes: [AgentOutcome] = []
            for command in output.commands {
                for (index, agent) in controller.agents(of: command).enumerated() {
                    var random = SeededRandom(seed: seed ^ 0xFF, stream: UInt64(agent))
                    let delay = Nanoseconds.milliseconds(1_000 + Int64(random.index(below: 20_000)))
                    outcomes.append(
                        AgentOutcome(
                            at: command.instant(index) + delay, agent: agent, revision: command.revision,
                            kind: answer(agent)))
                }
            }
            output.removeAll()
            count += outcomes.count
            // Batches do not overlap: all answers of one come before the next.
            for outcome in outcomes.sorted() { controller.received(outcome, &output) }
            if output.commands.isEmpty {
                guard let deadline = controller.nextDeadline else { break }
                controller.advance(to: deadline, &output)
            }
        }
        return count
    }
}
