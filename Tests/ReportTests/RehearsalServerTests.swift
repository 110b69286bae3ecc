import Basis
import Report
import Rollout
import Simulation
import Testing

@Suite("The page of a rehearsal with a driver")
struct RehearsalServerTests {
    private static func summary() throws -> RehearsalSummary {
        let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let path = folder + "/profiles/rollouts/drive-muster-serve.yaml"
        let plan = try RolloutPlan.read(try Files.read(path, limit: 1 << 20), source: path)
        return RehearsalSummary(plan, seed: plan.seed, Rehearsal(plan).run())
    }

    @Test("It has every line about the server, and none where no driver makes a server act")
    func server() throws {
        let summary = try Self.summary()
        var judgement = EngineJudgement()
        (judgement.selected, judgement.offered, judgement.broken, judgement.failed) = (500, 120, 11, 11)
        judgement.problems = ["the server answered <503>"]
        let page = RehearsalPage.html(summary, command: "muster rehearse", server: judgement)
        #expect(page.contains("The server, as its agents saw it"))
        for line in JudgementText.lines(judgement).dropFirst() where !line.contains("<") {
            #expect(page.contains(line), "\(line)")
        }
        #expect(page.contains("the server answered &lt;503&gt;"))
        #expect(!RehearsalPage.html(summary, command: "muster rehearse").contains("as its agents saw it"))
    }
}
