import Basis
import Rollout
import Schema
import Testing

@testable import Simulation

@Suite("Agents whose clocks are off")
struct ClockTests {
    private static let groups = [
        ClockGroup(share: 0.3, by: .uniform(.seconds(2), .hours(3))),
        ClockGroup(share: 0.5, by: .exponential(mean: .days(400)), .behind),
    ]

    @Test("No decision, event, state or load is another for it", arguments: 1...UInt64(10))
    func changesNothing(seed: UInt64) {
        var rehearsal = DrawnRehearsal.makeOfAllKinds(seed: 2_000 + seed, agents: 60, span: 1_200)
        let right = rehearsal.run()
        rehearsal.world.clocks = Self.groups
        let skewed = rehearsal.run()
        #expect(skewed.hashes == right.hashes && skewed.decisions == right.decisions)
        #expect(right.clocks == nil && (skewed.clocks?.off ?? 0) > 20)
        rehearsal.partitions = 3
        rehearsal.world.heartbeats = .each
        let each = rehearsal.run()
        #expect(each.hashes == right.hashes && each.clocks == skewed.clocks)
    }

    @Test("The account has how many agents are off, and how far")
    func account() throws {
        let text = """
            world:
              agents: 200
              duration: 10m
              attributes: {site: {edge: 50%, core: 50%}}
              offline: {share: 10%, for: 1h}
              clocks:
                - {share: 100%, attributes: {site: [edge]}, by: 2h, direction: behind}
                - {share: 100%, agents: [0, 1, 2, 3], by: 5s}
            """
        let plan = try RolloutPlan.read(Array(text.utf8), source: "plan")
        let rehearsal = Rehearsal(plan)
        let clocks = WorldClocks(rehearsal.world)
        let edge = (0..<UInt32(200)).filter { rehearsal.fleet.value("site", of: $0) == "edge" }
        for agent in edge { #expect(clocks.skew(of: agent) == .zero - .hours(2)) }
        let summary = RehearsalSummary(plan, seed: 1, rehearsal.run())
        let figures = try #require(summary.clocks)
        // Agents without a connection have not reported.
        #expect(figures.reported < 200 && figures.reported > 150 && figures.off > 70)
        #expect(figures.p50 == .hours(2) && figures.max == .hours(2))
        #expect(ClockFigures([.seconds(3), .zero - .seconds(1), .milliseconds(900), .seconds(2)]).p50 == .seconds(2))
        #expect(ClockFigures([.milliseconds(900)]).off == 0 && ClockFigures([]).max == .zero)
    }

    @Test("Attributes that the world does not have are refused")
    func refused() {
        let text = "{world: {attributes: {zone: {a: 100%}}, clocks: [{share: 1%, attributes: {zones: [a]}}]}}"
        #expect(throws: Problems.self) { try RolloutPlan.read(Array(text.utf8), source: "plan") }
    }
}
