import Basis
import Foundation
import Schema
import Testing

@testable import Rollout

@Suite("Plans")
struct PlanTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let folder = root.appendingPathComponent("profiles/rollouts")
    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    static func plan(_ name: String) throws -> RolloutPlan {
        let data = try Data(contentsOf: folder.appendingPathComponent(name))
        return try RolloutPlan.read(Array(data), source: name)
    }

    private func problems(_ text: String) -> [String] {
        do throws(Problems) {
            _ = try RolloutPlan.read(Array(text.utf8), source: "plan")
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    @Test("There is a plan for each preset, and for the usual stories")
    func examples() throws {
        let presets = try Self.names.compactMap { try Self.plan($0).preset }
        #expect(Set(presets) == Set(RolloutPreset.allCases))
        for name in ["canary-good", "canary-bad", "zone-outage", "server-restart-midway", "slow-poison"] {
            #expect(Self.names.contains("\(name).yaml"))
        }
    }

    @Test(
        "Every example is named after its file, explains itself, and is the same when it is written and read again",
        arguments: names)
    func files(_ name: String) throws {
        let plan = try Self.plan(name)
        #expect("\(plan.name).yaml" == name)
        #expect(!plan.description.isEmpty)
        #expect(plan.expect.outcome != .any)
        #expect(try RolloutPlan.read(Array(plan.resolvedYAML.utf8), source: name) == plan)
    }

    @Test("Every example ends as it says", arguments: names)
    func outcomes(_ name: String) throws {
        var plan = try Self.plan(name)
        // A smaller fleet in a debug build; the simulation runs them in full.
        plan.world.agents = min(plan.world.agents, 10_000)
        for seed: UInt64 in [1, 2] {
            var world = TestWorld(of: plan, seed: seed)
            world.run(until: Instant.zero + plan.world.duration)
            let differences = plan.expect.differences(from: world.ending)
            #expect(differences.isEmpty, "\(name), seed \(seed): \(differences); \(world.decisions.suffix(4))")
        }
    }

    @Test("All errors are reported at once, each with its place, what is wrong and what is allowed")
    func errors() {
        let text = """
            name: x
            canary: {size: 150%, soka: 5m}
            stages:
              - {to: 20%}
              - {to: 10%}
              - {soak: 3}
            gates:
              - {on: faild, above: 5%}
              - {above: 5%}
            on_failure: explode
            """
        let found = problems(text)
        #expect(found.count == 7, "\(found.joined(separator: "\n"))")
        for part in [
            "plan:2:16: canary.size: 150% is out of range", "did you mean 'soak'", "the key 'to' is missing", "soak",
            "did you mean 'failed'", "the key 'on' is missing", "on_failure",
        ] {
            #expect(found.contains { $0.contains(part) }, "\(part) in \(found.joined(separator: "\n"))")
        }
    }

    @Test(
        "Keys that contradict each other are refused",
        arguments: [
            ("{order: risk}", "the order by risk needs `prediction`"),
            ("{stages: [{to: 20%}, {to: 10%}]}", "the stage before ends with as many agents or more"),
            ("{canary: {size: 50%}, stages: [{to: 20%}]}", "the stage before ends with as many agents or more"),
            ("{limits: {failed_hold_place: true}}", "there are no places to keep"),
            ("{limits: {failed_hold_place: true, concurrency: 5}}", "would wait for ever"),
            ("{gates: [{on: failed, above: 1%, looks: 3}]}", "has one look"),
            ("{gates: [{on: failed, above: 1%, window: 1m, against: not-updated}]}", "give no answers to compare with"),
            ("{stages: [{to: 5, window: {length: 2h, every: 1h}}]}", "open for longer"),
            ("{limits: {rate: {offers: 5/s, max: 1/s}}}", "the highest rate is below the first"),
            ("{order: {spread: zona}, world: {attributes: {zone: {a: 100%}}}}", "did you mean 'zone'"),
            (
                "{world: {attributes: {zone: {a: 100%}}, outages: [{value: a, at: 1m, attribute: rack}]}}",
                "no attribute 'rack'"
            ),
        ])
    func contradictions(text: String, message: String) {
        let found = problems(text)
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    @Test("A plan's keys replace those of its preset one by one")
    func presetKeys() throws {
        let plan = try RolloutPlan.read(
            Array("{preset: aws-ssm, limits: {concurrency: 10}, on_failure: roll-back}".utf8), source: "plan")
        #expect(plan.limits.concurrency == .agents(10))
        #expect(plan.limits.agentTimeout == .hours(1), "the preset's")
        #expect(plan.gates == RolloutPreset.awsSSM.plan.gates)
        #expect(plan.onFailure == .rollBack)
    }

    @Test("Random plans are the same when they are written and read again", arguments: 0..<UInt64(60))
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let plan = RolloutPlan.schema.sample(&random)
        let text = plan.resolvedYAML
        let read = try RolloutPlan.schema.read(Array(text.utf8), source: "plan", judging: false)
        #expect(read == plan, "seed \(seed): \(text)")
    }

    @Test(
        "Texts that are cut, changed or spliced give a plan or errors with places, never a crash",
        arguments: 0..<UInt64(40))
    func mutations(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let name = Self.names[random.index(below: Self.names.count)]
        let other = Self.names[random.index(below: Self.names.count)]
        var bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(name)))
        let donor = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(other)))
        for _ in 0..<(1 + random.index(below: 4)) {
            let at = random.index(below: max(bytes.count, 1))
            switch random.index(below: 4) {
            case 0: bytes = Array(bytes.prefix(at))
            case 1: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: random.next()) }
            case 2: bytes.insert(contentsOf: donor.prefix(random.index(below: donor.count)), at: at)
            default: bytes.removeSubrange(at..<min(at + random.index(below: 30), bytes.count))
            }
        }
        do throws(Problems) {
            let plan = try RolloutPlan.read(bytes, source: "plan")
            _ = RolloutController(plan: plan, fleet: RolloutFleet(count: 50))
        } catch {
            #expect(!error.list.isEmpty)
            #expect(error.list.allSatisfy { !$0.message.isEmpty })
        }
    }
}
