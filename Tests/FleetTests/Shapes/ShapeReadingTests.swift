import AgentModel
import Basis
import Hosting
import Schema
import Testing

@testable import Fleet

@Suite("Load shapes in profiles")
struct ShapeReadingTests {
    private static func read(_ text: String) throws(Problems) -> Profile {
        try ProfileReader().read(text: text, source: "test")
    }

    private static func problem(_ text: String) -> String {
        do throws(Problems) {
            _ = try read(text)
            return ""
        } catch {
            return error.description
        }
    }

    @Test("A population is a list of stages, with short and long forms of how agents leave")
    func population() throws {
        let profile = try Self.read(
            """
            agents: 100
            duration: 1m
            population:
              - {to: 100%, over: 10s}
              - {hold: 10s}
              - {to: 20, over: 5s, leave: reset, first: drawn}
              - {to: 50%, leave: {by: {fin: 70%, silent: 30%}}, first: {zone: a}}
            """)
        #expect(profile.population.count == 4)
        let shape = PopulationShape(profile)
        #expect(shape.isShaped && shape.arriving.isEmpty)
        #expect(shape.agents(at: .seconds(5)) == 50)
        #expect(shape.agents(at: .seconds(24)) == 36)
        #expect(shape.agents(at: .seconds(25)) == 50)
        let stages = try #require(shape.parts.first).curve.stages
        #expect(stages[2].leaving == LeavePlan(.reset) && stages[2].order == .drawn)
        #expect(stages[3].leaving.methods.map(\.method) == [.fin, .silent] && stages[3].order == .zone("a"))
        #expect(try Self.read(Profile.schema.write(profile)) == profile)
    }

    @Test("A ramp is the short form of the first stage")
    func arrivalFirst() throws {
        let profile = try Self.read("{agents: 10, arrival: {ramp: 10s}, population: [{to: 50%, over: 10s}]}")
        let shape = PopulationShape(profile)
        #expect(shape.agents(at: .seconds(5)) == 5)
        #expect(shape.agents(at: .seconds(10)) == 10)
        #expect(shape.agents(at: .seconds(20)) == 5)
    }

    @Test("A day goes from its low to its high and back, to the end of the run")
    func daily() throws {
        let profile = try Self.read(
            "{agents: 100, duration: 3m, population: [{daily: {low: 20%, high: 80, day: 1m}}]}")
        let shape = PopulationShape(profile)
        for day in Int64(0)..<3 {
            #expect(shape.agents(at: .seconds(60 * day)) == 20)
            #expect(shape.agents(at: .seconds(60 * day + 15)) == 50)
            #expect(shape.agents(at: .seconds(60 * day + 30)) == 80)
        }
    }

    @Test("A cohort can have a population of its own; the others arrive, or follow that of the fleet")
    func cohorts() throws {
        let profile = try Self.read(
            """
            agents: 100
            arrival: {ramp: 10s}
            cohorts:
              - {name: pods, population: [{to: 100%, over: 20s}]}
              - {name: hosts}
            """)
        let shape = PopulationShape(profile)
        #expect(shape.arriving == [1])
        #expect(shape.agents(at: .seconds(10)) == 75)
        #expect(shape.agents(at: .seconds(20)) == 100)
    }

    @Test(
        "Lines of a CSV file are points, whose times count from the first",
        arguments: [
            "time,agents\n100,5\n160,20\n", "100,5\n160,20", "\"100\", 5.2 ,x\n160,19.8\n",
            "2026-11-02T08:00:00Z,5\n2026-11-02T08:01:00Z,20",
        ])
    func curveFile(text: String) throws {
        let points = try CurveFile.points(text)
        #expect(points.map(\.at) == [.zero, .seconds(60)])
        #expect(points.map(\.agents) == [5, 20])
    }

    @Test(
        "A file that is no curve is refused with the line",
        arguments: [
            ("time,agents\n1,2\nx,3", "line 3"), ("1,2\n0,3", "line 2"), ("", "two lines"), ("a,b\n1,2", "two lines"),
            ("1,-2\n3,4\n", "two lines"), ("1,2\n2,99999999999", "line 2"), ("1,2\n2,nan", "line 2"),
        ])
    func badCurves(text: String, words: String) {
        do throws(CurveFileError) {
            let points = try CurveFile.points(text)
            Issue.record("\(points)")
        } catch {
            #expect(error.description.contains(words))
        }
    }

    @Test(
        "What cannot be is refused, with a remedy",
        arguments: [
            ("{agents: 10, population: [{to: 11}]}", "raise `agents`"),
            ("{arrival: {poisson: 5/s}, population: [{to: 100%}]}", "only a ramp"),
            ("{population: [{to: 0}]}", "no agent ever starts"),
            ("{population: [{to: 100%, leave: {by: fin, then: {back: 1s}}}]}", "remove `then`"),
            ("{population: [{daily: {}}, {hold: 1s}]}", "the last stage"),
            ("{population: [{daily: {low: 90%, high: 10%}}]}", "above the high"),
            ("{population: [{points: [{at: 2s, agents: 1}, {at: 1s, agents: 2}]}]}", "do not ascend"),
            ("{population: [{to: 100%, leave: {by: {fin: 0%}}}]}", "no way to leave"),
            ("{gateway: {members: 3}, lifetime: 3s}", "behind a gateway"),
            ("{events: [{at: 1s, restart: {each: 0.01%}}]}", "at least"),
        ])
    func refused(text: String, words: String) {
        #expect(Self.problem(text).contains(words), "\(Self.problem(text))")
    }

    @Test("Events of the agents themselves have short and long forms, and are written as they were read")
    func events() throws {
        let profile = try Self.read(
            """
            duration: 2m
            lifetime: {exponential: 30s}
            leave: {by: reset, then: {replaced: 2s}}
            connection_age: {uniform: [10s, 20s]}
            events:
              - {at: 1s, leave: 50%}
              - {at: 2s, leave: {share: 10%, zone: a, by: {fin: 50%, reset: 50%}, then: {back: 5s}}}
              - {at: 3s, partition: {attributes: {os.type: linux}, for: 10s}}
              - {at: 4s, partition: {for: 10s, then: notice, notice_after: 3s}}
              - {at: 5s, report_status: health}
              - {at: 6s, report_status: {share: 5%, part: components}}
              - {at: 7s, restart: 100%}
              - {at: 8s, restart: {each: 25%, every: 10s}}
            """)
        #expect(profile.cohorts[0].leave == LeavePlan(.reset, then: .replaced(.constant(.seconds(2)))))
        #expect(try Self.read(Profile.schema.write(profile)) == profile)
        let steps = profile.steps(from: .zero)
        #expect(steps.map { ($0.at - .zero).seconds } == [1, 2, 3, 4, 5, 6, 7, 8, 18, 28, 38])
        #expect(steps.suffix(4).map { $0.herd?.of.part } == [0..<0.25, 0.25..<0.5, 0.5..<0.75, 0.75..<1])
        #expect(steps.suffix(4).map(\.phase) == ["restart", nil, nil, nil])
    }

    @Test("The parts of a rolling restart are all agents, each once")
    func parts() {
        let event = HerdRestart(whom: HerdTarget(share: 0.8), each: 0.3, every: .seconds(1))
        let parts = event.parts(zones: ["a"], seed: 4)
        let cohort = Cohort(CohortPlan(name: "x"), seed: 1, unixOrigin: 0)
        var total = 0
        for index in UInt64(0)..<1_000 {
            let agent = Agent(index: index, cohort: cohort)
            let times = parts.count { $0.herd.contains(agent) }
            #expect(times <= 1)
            total += times
        }
        #expect(abs(total - 800) < 60)
    }
}
