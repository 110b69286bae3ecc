import TestSupport
import Testing

@Suite("muster rehearse")
struct RehearseTests {
    private static let plan = """
        name: small
        canary: {size: 10%, soak: 1m}
        gates: [{on: failed, above: 20%, min_sample: 5}]
        on_failure: roll-back
        world: {agents: 200, duration: 1h, breakages: [{share: 50%, how: fails}]}
        expect: {outcome: stopped-in-canary}
        """

    @Test("A plan runs, prints its verdict and its hash, and ends with the exit code of its expectation")
    func runs() async throws {
        try await Muster.inDirectory { muster in
            try muster.write("plan.yaml", Self.plan)
            let end = try await muster.shell("$M rehearse plan.yaml; echo status $?")
            #expect(end.output.contains("small was rolled back in stage 1"), "\(end.output)")
            #expect(end.output.contains("hash ") && end.output.contains("status 0"), "\(end.output)")
            let other = try await muster.shell("$M rehearse plan.yaml --set expect.outcome=finished; echo status $?")
            #expect(other.output.contains("not as expected") && other.output.contains("status 1"), "\(other.output)")
        }
    }

    @Test("JSON is equal on one and two threads, a sweep has its values, and a mistake in the plan is named")
    func forms() async throws {
        try await Muster.inDirectory { muster in
            try muster.write("plan.yaml", Self.plan)
            let end = try await muster.shell(
                """
                $M rehearse plan.yaml --json --threads 1 > a
                $M rehearse plan.yaml --json --threads 2 > b
                cmp a b && echo equal
                $M rehearse plan.yaml --sweep canary.size=5%,20% --seeds 2
                $M rehearse plan.yaml --set world.agent=5 2>&1; echo status $?
                $M rehearse plan.yaml --sweep nonsense 2>&1; echo status $?
                """)
            #expect(end.output.contains("equal") && end.output.contains("20%"), "\(end.output)")
            #expect(end.output.contains("agent") && end.output.contains("status 2"), "\(end.output)")
        }
    }
}
