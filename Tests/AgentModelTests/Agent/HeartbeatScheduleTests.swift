import Basis
import Testing

@testable import AgentModel

@Suite("When heartbeats are due")
struct HeartbeatScheduleTests {
    private static let interval = Nanoseconds.seconds(10)
    private var random = SeededRandom(seed: 1, stream: 2)

    private func second(_ count: Int64) -> Instant { .zero + .seconds(count) }

    private func plan(
        _ phase: HeartbeatPhase = .fromConnection, polling: Nanoseconds? = nil, load: LoadForm = .openLoop
    ) -> CohortPlan {
        var plan = CohortPlan(name: "test")
        plan.heartbeat = HeartbeatPlan(interval: Self.interval, phase: phase)
        plan.pollingInterval = polling
        plan.load = load
        return plan
    }

    private func rules(_ plan: CohortPlan, sendsHeartbeats: Bool = true) -> HeartbeatSchedule.Rules {
        HeartbeatSchedule.Rules(plan, sendsHeartbeats: sendsHeartbeats)
    }

    @Test("An offered interval of 0 ends heartbeats on a WebSocket; over plain HTTP the agent goes on polling")
    mutating func offeredNone() {
        for polling in [nil, Nanoseconds.seconds(30)] {
            let plan = plan(polling: polling)
            var schedule = HeartbeatSchedule(plan.heartbeat)
            schedule.begin(at: .zero, by: rules(plan), &random)
            schedule.change(
                to: .init(span: .zero, isOffered: true), isOnline: true, at: second(1), by: rules(plan), &random)
            #expect(schedule.next == (polling.map { second(1) + $0 } ?? .distantFuture))
            guard polling != nil else { continue }
            schedule.sent(.heartbeat, dueAt: schedule.next, by: rules(plan), &random)
            #expect(schedule.next == second(61))
        }
    }

    @Test("Any report moves the next heartbeat by an interval, once the first has been sent")
    mutating func reports() {
        let plan = plan(.spread)
        var schedule = HeartbeatSchedule(plan.heartbeat)
        #expect(schedule.next == .distantFuture)
        schedule.begin(at: second(0), by: rules(plan), &random)
        let first = schedule.next
        #expect(first > second(0) && first <= second(10))
        schedule.sent(.fullState, dueAt: second(1), by: rules(plan), &random)
        #expect(schedule.next == first)
        schedule.sent(.heartbeat, dueAt: first, by: rules(plan), &random)
        #expect(schedule.next == first + Self.interval)
        schedule.sent(.status, dueAt: first + .seconds(4), by: rules(plan), &random)
        #expect(schedule.next == first + .seconds(14))
    }

    @Test("In lockstep only heartbeats move the next one, and all are multiples of the interval")
    mutating func lockstep() {
        let plan = plan(.lockstep)
        var schedule = HeartbeatSchedule(plan.heartbeat)
        schedule.begin(at: second(3), by: rules(plan), &random)
        #expect(schedule.next == second(10))
        schedule.sent(.status, dueAt: second(5), by: rules(plan), &random)
        #expect(schedule.next == second(10))
        schedule.sent(.heartbeat, dueAt: second(10), by: rules(plan), &random)
        #expect(schedule.next == second(20))
    }

    @Test("Overdue heartbeats are left out by whole intervals", arguments: [0, 1, 9, 10, 11, 95])
    mutating func overdue(late: Int64) {
        let plan = plan()
        var schedule = HeartbeatSchedule(plan.heartbeat)
        schedule.begin(at: second(0), by: rules(plan), &random)
        let skipped = schedule.skipOverdue(at: second(10 + late), by: rules(plan))
        #expect(skipped == Int(late / 10 + 1))
        #expect(schedule.next == second(10 * (late / 10 + 2)))
        let none = schedule.skipOverdue(at: schedule.next + .seconds(-1), by: rules(plan))
        #expect(none == 0)
    }

    @Test(
        "The interval by which an agent sends: its own, the polling interval, or the one that a server offered",
        arguments: [
            // sends heartbeats, polling, offered, expected
            (true, 0, nil, 10), (false, 0, nil, 0), (true, 4, nil, 4), (true, 40, nil, 10), (false, 40, nil, 40),
            (true, 4, 20, 20), (false, 4, 20, 20), (true, 0, 0, 0), (true, 4, 0, 4), (false, 0, 20, 0),
        ] as [(Bool, Int64, Int64?, Int64)])
    mutating func spans(sends: Bool, polling: Int64, offered: Int64?, expected: Int64) {
        let plan = plan(polling: polling == 0 ? nil : .seconds(polling))
        let rules = rules(plan, sendsHeartbeats: sends)
        var schedule = HeartbeatSchedule(plan.heartbeat)
        if let offered {
            schedule.change(
                to: .init(span: .seconds(offered), isOffered: true), isOnline: false, at: .zero, by: rules, &random)
        }
        #expect(schedule.span(by: rules) == .seconds(expected))
    }

    @Test("Another interval begins at once on an open connection, the same one changes nothing, a restart forgets it")
    mutating func changes() {
        let plan = plan()
        var schedule = HeartbeatSchedule(plan.heartbeat)
        schedule.begin(at: second(0), by: rules(plan), &random)
        let same = HeartbeatSchedule.Interval(span: Self.interval, isOffered: true)
        schedule.change(to: same, isOnline: true, at: second(5), by: rules(plan), &random)
        #expect(schedule.next == second(10))
        let shorter = HeartbeatSchedule.Interval(span: .seconds(2), isOffered: true)
        schedule.change(to: shorter, isOnline: true, at: second(5), by: rules(plan), &random)
        #expect(schedule.next == second(7))
        schedule.end()
        #expect(schedule.next == .distantFuture)
        schedule.change(to: same, isOnline: false, at: second(6), by: rules(plan), &random)
        #expect(schedule.next == .distantFuture)
        schedule.reset(plan.heartbeat)
        #expect(schedule.interval == HeartbeatSchedule.Interval(span: Self.interval))
    }

    @Test("A closed loop has no clock: the next report is due when the agent says so")
    mutating func closedLoop() {
        let plan = plan(load: .closedLoop(think: .constant(.seconds(1))))
        var schedule = HeartbeatSchedule(plan.heartbeat)
        schedule.begin(at: second(0), by: rules(plan), &random)
        #expect(schedule.next == .distantFuture)
        schedule.wait(until: second(3))
        #expect(schedule.next == second(3))
        schedule.sent(.heartbeat, dueAt: second(3), by: rules(plan), &random)
        #expect(schedule.next == .distantFuture)
    }
}
