import Basis
import Testing

@testable import Rollout

@Suite("Journal")
struct JournalTests {
    private static let fleet = RolloutFleet(count: 14)

    private static var plan: RolloutPlan {
        var plan = RolloutPlan()
        plan.canary = CanaryPlan()
        plan.canary?.size = .agents(3)
        plan.canary?.soak = .seconds(20)
        plan.limits.concurrency = .agents(4)
        plan.limits.agentTimeout = .seconds(60)
        plan.retry = [.seconds(5)]
        var gate = GatePlan()
        gate.on = .unsuccessful
        gate.above = .agents(1)
        plan.gates = [gate]
        plan.onFailure = .rollBack
        return plan
    }

    /// What a controller is given in a rollout that pauses, goes on, and is rolled back.
    private static func records() -> [RolloutJournal.Record] {
        var world = TestWorld(plan, fleet: fleet)
        let bad = Set(world.controller.order[9...11])
        world.behaviour = { bad.contains($0) ? .fails : .applies }
        var records: [RolloutJournal.Record] = [.begin(.zero)]
        world.controller.begin(at: .zero, &world.output)
        world.perform()
        var steps = 0
        while world.controller.result == nil, steps < 1_000 {
            steps += 1
            if steps == 8 {
                let at = world.now + .seconds(1)
                records += [.pause(at), .resume(at + .seconds(5))]
                world.controller.pause(at: at, &world.output)
                world.controller.resume(at: at + .seconds(5), &world.output)
                world.perform()
            }
            guard let input = world.nextInput else { break }
            records.append(input)
            world.controller.perform(input, &world.output)
            world.took(input)
            world.perform()
        }
        return records
    }

    @Test("A journal that is cut at any byte makes the controller of its complete records, which goes on as before")
    func cuts() throws {
        let records = Self.records()
        #expect(records.count > 25)
        var bytes: [UInt8] = []
        var states: [(end: Int, state: [UInt8])] = []
        var controller = RolloutController(plan: Self.plan, fleet: Self.fleet)
        states.append((0, controller.stateBytes))
        var output = RolloutOutput()
        for (index, record) in records.enumerated() {
            bytes += RolloutJournal.bytes(of: record)
            controller.perform(record, &output)
            if index == records.count - 5 { bytes += RolloutJournal.bytes(of: .snapshot(controller.snapshot())) }
            states.append((bytes.count, controller.stateBytes))
        }
        guard case .ended(.rolledBack) = controller.state else {
            Issue.record("\(controller.state)")
            return
        }
        let decisions = output.decisions
        for length in 0...bytes.count {
            let recovery = try RolloutJournal.recover(Array(bytes.prefix(length)), plan: Self.plan, fleet: Self.fleet)
            let last = states.lastIndex { $0.end <= length } ?? 0
            let state = recovery.controller.stateBytes
            // The snapshot in the middle has a record of its own, and changes nothing.
            let expected = recovery.bytes > states[last].end ? last + 1 : last
            guard state == states[min(expected, states.count - 1)].state else {
                Issue.record("cut at \(length) of \(bytes.count)")
                continue
            }
            guard length % 37 == 0 else { continue }
            var resumed = recovery.controller
            var rest = RolloutOutput()
            for record in records.dropFirst(last) { resumed.perform(record, &rest) }
            #expect(resumed.state == controller.state)
            #expect(rest.decisions == Array(decisions.suffix(rest.decisions.count)))
        }
    }

    @Test("A damaged record ends the journal there")
    func damage() throws {
        let records = Self.records()
        let bytes = records.flatMap { RolloutJournal.bytes(of: $0) }
        let all = try RolloutJournal.recover(bytes, plan: Self.plan, fleet: Self.fleet)
        #expect(all.records == records.count && all.bytes == bytes.count)
        for index in stride(from: 0, to: bytes.count, by: 11) {
            var changed = bytes
            changed[index] ^= 0x40
            let recovery = try RolloutJournal.recover(changed, plan: Self.plan, fleet: Self.fleet)
            #expect(recovery.bytes <= index && recovery.records < records.count)
        }
    }

    @Test("A snapshot of another plan in a journal is refused with the reason")
    func otherPlan() {
        let snapshot = RolloutController(plan: Self.plan, fleet: Self.fleet).snapshot()
        let bytes = RolloutJournal.bytes(of: .snapshot(snapshot))
        #expect(throws: SnapshotError.otherPlan) {
            try RolloutJournal.recover(bytes, plan: RolloutPlan(), fleet: Self.fleet)
        }
    }
}
