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
        let (applied, selected) = (Figures.count(judgement.applied), Figures.count(judgement.selected))
        let differences = judgement.differences(from: plan)
        return "\(plan.name) \(outcome): \(applied) of \(selected) agents applied it, "
            + "\(Figures.count(judgement.broken)) broke" + (differences.isEmpty ? "" : " (not as expected)")
    }

    /// The lines about the server.
    public static func lines(_ judgement: EngineJudgement) -> [String] {
        var lines = ["the server, as its agents saw it", line("blast radius", blastRadius(judgement))]
        if let first = judgement.firstBroken {
            let more = Figures.count(judgement.offeredAfterBroken)
            let text = "the first agent broke at \(Figures.clock(first)); \(more) more were offered it after that"
            lines.append(line("stop", text))
        }
        if let first = judgement.firstOffer, let last = judgement.lastOffer {
            let applied = judgement.lastApplied.map { "; the last agent applied it at \(Figures.clock($0))" } ?? ""
            lines.append(
                line("time", "offered from \(Figures.clock(first)) to \(Figures.clock(last))\(applied)"))
        }
        let each = decimal(judgement.pushesPerAgent)
        lines.append(
            line(
                "pushes",
                "\(Figures.count(judgement.pushes)), \(each) for each agent that received the configuration"))
        if judgement.isRolledBack { lines.append(line("rollback", rollback(judgement))) }
        let offline =
            judgement.wrongOffline > 0
            ? ", \(Figures.count(judgement.wrongOffline)) of them without a connection" : ""
        lines.append(line("wrong version", "\(Figures.count(judgement.wrong)) agents\(offline)"))
        let failed = Figures.count(judgement.failedActions)
        lines.append(line("driver", "\(Figures.count(judgement.actions)) actions, \(failed) failed"))
        return lines + judgement.problems.map { "    \($0)" }
    }

    private static func line(_ name: String, _ text: String) -> String {
        "  " + name + String(repeating: " ", count: max(17 - name.count, 1)) + text
    }

    private static func blastRadius(_ judgement: EngineJudgement) -> String {
        let share = Figures.percent(Double(judgement.offered) / Double(max(judgement.selected, 1)))
        let (offered, selected) = (Figures.count(judgement.offered), Figures.count(judgement.selected))
        return "\(offered) of \(selected) agents were offered the configuration (\(share)), "
            + "\(Figures.count(judgement.broken)) broke: \(Figures.count(judgement.failed)) could not apply it, "
            + "\(Figures.count(judgement.unhealthy)) became unhealthy, "
            + "\(Figures.count(judgement.disconnected)) lost their connection"
    }

    private static func rollback(_ judgement: EngineJudgement) -> String {
        let last = judgement.lastRestored.map { ", the last at \(Figures.clock($0))" } ?? ""
        let (restored, offered) = (Figures.count(judgement.restored), Figures.count(judgement.offered))
        return "\(judgement.isRollBackComplete ? "complete" : "not complete"): "
            + "\(restored) of \(offered) run the former one\(last)"
    }

    private static func decimal(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
