import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("How long an agent waits before it connects again")
struct BackoffTests {
    private var random = SeededRandom(seed: 3, stream: 4)

    @Test("Failures in a row lengthen the wait; an opened connection or an answer begins again, by the policy")
    mutating func failures() {
        var backoff = Backoff()
        let first = backoff.lost(.opampGo, after: .zero, &random)
        #expect(first == .zero)
        let waits = (0..<12).map { _ in backoff.failed(.opampGo, asked: nil, &random) }
        #expect(waits[0] >= .milliseconds(250) && waits[0] <= .milliseconds(750))
        #expect(waits[11] >= .seconds(15))
        backoff.opened(.opampGo)
        let afterOpening = backoff.lost(.opampGo, after: .zero, &random)
        #expect(afterOpening == .zero)
    }

    @Test("Where only time proves a connection, one that did not last counts as a failure, answered or not")
    mutating func losses() {
        var backoff = Backoff()
        var waits: [Nanoseconds] = []
        for span in [Nanoseconds.seconds(5), .seconds(5), .seconds(29), .seconds(30), .seconds(5)] {
            backoff.opened(.specificationMinimum)
            backoff.accepted()
            waits.append(backoff.lost(.specificationMinimum, after: span, &random))
        }
        #expect(waits[0] == .zero && waits[3] == .zero)
        #expect(waits[1] >= .seconds(30) && waits[2] >= .seconds(60) && waits[4] >= .seconds(30))
    }

    @Test("A server that throttles is waited for as long as it asks, and longer each time")
    mutating func throttles() {
        var backoff = Backoff()
        let asked = backoff.throttled(.opampGo, asked: .seconds(90), &random)
        #expect(asked == .seconds(90))
        let second = backoff.throttled(.specificationMinimum, asked: nil, &random)
        backoff.restarted()
        let afterRestart = backoff.throttled(.specificationMinimum, asked: nil, &random)
        #expect(second >= .seconds(60) && afterRestart < .seconds(60))
    }

    @Test("Counts stay within their types, however many attempts fail")
    mutating func saturation() {
        var backoff = Backoff()
        for _ in 0..<70_000 { _ = backoff.failed(.fixed(.seconds(1)), asked: nil, &random) }
        for _ in 0..<300 { _ = backoff.throttled(.fixed(.seconds(1)), asked: nil, &random) }
        let longest = backoff.failed(.opampGo, asked: nil, &random)
        #expect(longest <= .seconds(90))
    }
}

@Suite("What a server may not have of an agent's status")
struct StatusChangesTests {
    private let capabilities: AgentCapabilities = [.reportsStatus, .reportsHealth, .reportsAvailableComponents]

    @Test("A process begins with everything; what is sent is no longer unreported")
    func sent() {
        var changes = StatusChanges()
        #expect(changes.unreported == .full)
        changes.sent(.full, by: capabilities)
        #expect(changes.isEmpty)
        changes.insert(.health)
        #expect(changes.unreported == .health)
    }

    @Test("What the agent does not declare is never reported later")
    func undeclared() {
        var changes = StatusChanges()
        changes.insert(.effectiveConfig)
        changes.sent(.health, by: capabilities)
        #expect(changes.unreported.isDisjoint(with: [.effectiveConfig, .health]))
        #expect(changes.unreported.contains(.description))
    }

    @Test(
        "Unconfirmed parts are sent again after a reconnect if the plan resends; the list of components is not",
        arguments: [true, false])
    func resends(resends: Bool) {
        var changes = StatusChanges()
        changes.sent(.full, by: capabilities)
        changes.confirm()
        changes.insert([.health, .componentList])
        changes.sent([.health, .componentList], by: capabilities)
        changes.connectionEnded(resends: resends)
        #expect(changes.unreported == (resends ? .health : []))
        changes.connectionEnded(resends: true)
        #expect(changes.unreported == (resends ? .health : []))
    }

    @Test("What is too large to be sent is neither unreported nor unconfirmed")
    func discarded() {
        var changes = StatusChanges()
        changes.discard(.full)
        changes.connectionEnded(resends: true)
        #expect(changes.isEmpty)
    }
}

@Suite("Status changes that wait for each other")
struct ChangeBatchTests {
    private let plan = BatchPlan(window: .seconds(2), size: 3)

    @Test("Changes wait until the window ends, counted from the first")
    func window() {
        var batch = ChangeBatch(plan, at: .zero)
        #expect(batch.due == .zero + .seconds(2))
        let waits = [batch.join(plan, at: .zero), batch.join(plan, at: .zero + .seconds(2))]
        #expect(waits == [true, false])
        #expect(batch.joined == 1)
    }

    @Test("As many changes as the plan allows do not wait")
    func size() {
        var batch = ChangeBatch(plan, at: .zero)
        let waits = (0..<3).map { _ in batch.join(plan, at: .zero) }
        #expect(waits == [true, true, false])
        #expect(batch.joined == 2)
    }
}

@Suite("Parts that few agents have")
struct ExtendedPartsTests {
    @Test("A collector that is down already is not restarted once more")
    func collector() {
        var collector = SupervisedCollector()
        #expect(!collector.isDown)
        let restarts = [collector.restart(until: .zero + .seconds(1)), collector.restart(until: .zero + .seconds(9))]
        #expect(restarts == [true, false])
        #expect(collector.isDown && collector.backAt == .zero + .seconds(1))
        collector.isBack()
        #expect(!collector.isDown)
    }

    @Test("Planned changes of capabilities are due in their order, from the first start, and end")
    func capabilities() {
        let changes = [
            CapabilityChange(after: .seconds(1), added: .reportsHealth),
            CapabilityChange(after: .seconds(5), removed: .reportsHealth),
        ]
        let start = Instant.zero + .seconds(10)
        var schedule = CapabilitySchedule(changes, startedAt: start)
        #expect(schedule.due == start + .seconds(1))
        let first = schedule.take(changes)
        #expect(first == changes[0] && schedule.due == start + .seconds(5))
        let second = schedule.take(changes)
        #expect(second == changes[1] && schedule.due == .distantFuture)
        let third = schedule.take(changes)
        #expect(third == nil)
        #expect(CapabilitySchedule([], startedAt: start).due == .distantFuture)
    }

    @Test("Excessive reports fail one component after another, and do not pile up behind a late host")
    func excessiveReports() {
        var reports = ExcessiveReports(at: .zero)
        #expect(reports.health(components: 3) == ObservedHealth())
        #expect(reports.due == .zero + .seconds(1))
        for down in [1, 2, 0, 1] {
            reports.report(at: reports.due)
            #expect(reports.health(components: 3) == ObservedHealth(components: [down], level: .degraded))
        }
        reports.report(at: .zero + .seconds(100))
        #expect(reports.due == .zero + .seconds(100))
        reports.restarted(at: .zero + .seconds(200))
        #expect(reports.due == .zero + .seconds(201))
    }
}
