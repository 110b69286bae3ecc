import Basis
public import Rollout
public import Simulation

/// What is said of a server that a driver makes act, in the terminal.
public enum JudgementText {
    /// The first line: what the server's own engine came to.
    public static func verdict(_ judgement: EngineJudgement, _ plan: RolloutPlan) -> String {
        let outcome: String
        if judgement.isRolledBack {
            outcome = "was rolled back" + (judgement.isRollBackComplete ? "" : ", not completely")
        } else {
            outcome = judgement.offered >= judgement.selected ? "reached every agent" : "stopped"
        }
        let differences = judgement.differences(from: plan)
        return
            "\(plan.name) \(outcome): \(Figures.count(judgement.applied)) of \(Figures.count(judgement.selected)) agents "
            + "applied it, \(Figures.count(judgement.broken)) broke" + (differences.isEmpty ? "" : " (not as expected)")
    }

    /// The lines about the server.
    public static func lines(_ judgement: EngineJudgement) -> [String] {
        var lines = ["the server, as its agents saw it"]
        let share = Figures.percent(Double(judgement.offered) / Double(max(judgement.selected, 1)))
        lines.append(
            "  blast radius     \(Figures.count(judgement.offered)) of \(Figures.count(judgement.selected)) agents were offered the "
                + "configuration (\(share)), \(Figures.count(judgement.broken)) broke: \(Figures.count(judgement.failed)) could not "
                + "apply it, \(Figures.count(judgement.unhealthy)) became unhealthy, "
                + "\(Figures.count(judgement.disconnected)) lost their connection")
        if let first = judgement.firstBroken {
            lines.append(
                "  stop             the first agent broke at \(Figures.clock(first)); "
                    + "\(Figures.count(judgement.offeredAfterBroken)) more were offered the configuration after it")
        }
        if let first = judgement.firstOffer, let last = judgement.lastOffer {
            let applied = judgement.lastApplied.map { "; the last agent applied it at \(Figures.clock($0))" } ?? ""
            lines.append("  time             offered from \(Figures.clock(first)) to \(Figures.clock(last))\(applied)")
        }
        lines.append(
            "  pushes           \(Figures.count(judgement.pushes)), \(decimal(judgement.pushesPerAgent)) for each agent that "
                + "received the configuration")
        if judgement.isRolledBack {
            let last = judgement.lastRestored.map { ", the last at \(Figures.clock($0))" } ?? ""
            lines.append(
                "  rollback         \(judgement.isRollBackComplete ? "complete" : "not complete"): "
                    + "\(Figures.count(judgement.restored)) of \(Figures.count(judgement.offered)) run the former one\(last)"
            )
        }
        let offline =
            judgement.wrongOffline > 0 ? ", \(Figures.count(judgement.wrongOffline)) of them without a connection" : ""
        lines.append("  wrong version    \(Figures.count(judgement.wrong)) agents\(offline)")
        lines.append(
            "  driver           \(Figures.count(judgement.actions)) actions, \(Figures.count(judgement.failedActions)) failed"
        )
        return lines + judgement.problems.map { "    \($0)" }
    }

    private static func decimal(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
