import Basis
import ControlPlane
import OpAMP
import Testing

@Suite("When answers leave: delays, pauses, drops, throttling")
struct TimingTests {
    let uid = InstanceUID.number(7)

    static func seconds(_ seconds: Double) -> Instant { .zero + Nanoseconds(seconds: seconds) }

    @Test("A fixed delay holds each answer that long, and not shorter")
    func fixedDelay() {
        var plan = ServerPlan()
        plan.answerDelay = .constant(.milliseconds(20))
        var server = Rehearsal(plan)
        let id = server.connect()
        let outcome = server.send(.full(uid, 1), over: id)
        #expect(outcome.sent.isEmpty)
        #expect(outcome.wake == Self.seconds(0.020))
        #expect(server.counts.waiting == 1)
        server.now = Self.seconds(0.019)
        let early = server.wake()
        #expect(early.sent.isEmpty)
        #expect(early.wake == Self.seconds(0.020))
        server.now = Self.seconds(0.020)
        #expect(server.wake().answer?.instanceUID == .uid(uid))
        #expect(server.counts.waiting == 0)
    }

    @Test("A server with a limit answers one report after the other, whichever connections they come over")
    func answerRate() {
        var plan = ServerPlan()
        plan.answersPerSecond = 100
        var server = Rehearsal(plan)
        let ids = (0..<3).map { _ in server.connect() }
        var wake: Instant?
        for number in 0..<6 {
            let outcome = server.send(.heartbeat(.number(UInt64(number + 1)), 1), over: ids[number % 3])
            #expect(outcome.sent.isEmpty)
            wake = wake ?? outcome.wake
        }
        let log = server.run(until: Self.seconds(1), from: wake)
        let times = log.flatMap { entry in entry.outcome.sent.map { _ in entry.at } }
        #expect(times == (1...6).map { Self.seconds(Double($0) * 0.01) })
        // After a while without reports the next one does not wait for what is over.
        server.now = Self.seconds(5)
        #expect(server.send(.heartbeat(.number(9), 1), over: ids[0]).wake == Self.seconds(5.01))
    }

    @Test("Drawn delays never let an answer overtake another one on its connection", arguments: [1, 2, 3] as [UInt64])
    func drawnDelaysKeepOrder(seed: UInt64) {
        var plan = ServerPlan()
        plan.answerDelay = .uniform(.zero, .milliseconds(500))
        var server = Rehearsal(plan, seed: seed)
        let ids = (0..<5).map { _ in server.connect() }
        var wake: Instant?
        for number in 1...200 {
            server.now = Self.seconds(Double(number) * 0.001)
            let outcome = server.send(.heartbeat(.number(UInt64(number)), 1), over: ids[number % 5])
            wake = outcome.wake ?? wake
        }
        let log = server.run(until: Self.seconds(10), from: wake)
        for id in ids {
            let order = log.flatMap(\.outcome.sent).filter { $0.to == id }.compactMap(\.message.instanceUID.uid)
            #expect(order.count == 40)
            #expect(order == order.sorted(), "seed \(seed)")
        }
        let times = log.map(\.at)
        #expect(times == times.sorted())
    }

    @Test("In a pause nothing is answered; at its end everything is, in the order of the reports")
    func pause() {
        var plan = ServerPlan()
        plan.pauses = [Pause(from: Self.seconds(1), until: Self.seconds(3))]
        var server = Rehearsal(plan)
        let id = server.connect()
        #expect(server.send(.full(uid, 1), over: id).sent.count == 1)
        var wake: Instant?
        for number in 2...9 {
            server.now = Self.seconds(1 + 0.2 * Double(number - 2))
            let outcome = server.send(.heartbeat(.number(UInt64(number)), UInt64(number)), over: id)
            #expect(outcome.sent.isEmpty)
            wake = outcome.wake ?? wake
        }
        #expect(wake == Self.seconds(3))
        let log = server.run(until: Self.seconds(3), from: wake)
        #expect(log.map(\.at) == [Self.seconds(3)])
        #expect(log.flatMap(\.outcome.sent).map(\.message.instanceUID) == (2...9).map { .uid(.number($0)) })
        #expect(server.send(.heartbeat(uid, 2), over: id).sent.count == 1)
    }

    @Test("An answer whose delay ends in a pause is sent at the pause's end")
    func delayIntoPause() {
        var plan = ServerPlan()
        plan.answerDelay = .constant(.seconds(1))
        plan.pauses = [
            Pause(from: Self.seconds(1), until: Self.seconds(2)), Pause(from: Self.seconds(2), until: Self.seconds(4)),
        ]
        var server = Rehearsal(plan)
        let id = server.connect()
        server.now = Self.seconds(0.5)
        #expect(server.send(.full(uid, 1), over: id).wake == Self.seconds(4))
    }

    @Test("Pauses may overlap, touch, and come in any order", arguments: 0..<20 as Range<UInt64>)
    func pausesMerge(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var plan = ServerPlan()
        plan.pauses = (0..<8).map { _ in
            let from = Double(random.index(below: 60))
            return Pause(from: Self.seconds(from), until: Self.seconds(from + Double(random.index(below: 8))))
        }
        for start in 0..<70 {
            // The first whole second from `start` on that no pause covers.
            var open = Double(start)
            while plan.pauses.contains(where: { $0.from <= Self.seconds(open) && Self.seconds(open) < $0.until }) {
                open += 1
            }
            var server = Rehearsal(plan, seed: seed)
            server.now = Self.seconds(Double(start))
            let id = server.accept().id
            let outcome = server.upgrade(id)
            #expect(outcome.wake == (open == Double(start) ? nil : Self.seconds(open)), "seed \(seed), at \(start)")
        }
    }

    @Test("A pause that is requested during the run delays what was due in it")
    func pauseOnTheWay() {
        var plan = ServerPlan()
        plan.answerDelay = .constant(.seconds(1))
        var server = Rehearsal(plan)
        let id = server.connect()
        let first = server.send(.full(uid, 1), over: id)
        #expect(first.wake == Self.seconds(1))
        _ = server.perform { registry, now, effects in
            registry.pause(Pause(from: Self.seconds(0.5), until: Self.seconds(2)), at: now, &effects)
        }
        let log = server.run(until: Self.seconds(5), from: first.wake)
        #expect(log.filter { !$0.outcome.sent.isEmpty }.map(\.at) == [Self.seconds(2)])
    }

    @Test("Upgrades wait for the end of a pause too")
    func upgradeInPause() {
        var plan = ServerPlan()
        plan.pauses = [Pause(from: .zero, until: Self.seconds(1))]
        var server = Rehearsal(plan)
        let id = server.accept().id
        let asked = server.upgrade(id)
        #expect(asked.rest == [.wake(at: Self.seconds(1))])
        let log = server.run(until: Self.seconds(1), from: asked.wake)
        #expect(log.flatMap(\.outcome.rest) == [.upgrade(id)])
    }

    @Test("A full queue leaves reports unanswered, and counts them")
    func queueIsBounded() {
        var plan = ServerPlan()
        plan.answerDelay = .constant(.seconds(1))
        plan.queueLimit = 10
        var server = Rehearsal(plan)
        let id = server.connect()
        for number in 1...25 { _ = server.send(.heartbeat(uid, UInt64(number)), over: id) }
        #expect(server.counts.waiting == 10)
        #expect(server.counts.overflowed == 15)
        let log = server.run(until: Self.seconds(2), from: Self.seconds(1))
        #expect(log.flatMap(\.outcome.sent).count == 10)
    }

    @Test("Answers that wait for a connection which ends are abandoned, and never reach the next one in its slot")
    func abandoned() {
        var plan = ServerPlan()
        plan.answerDelay = .constant(.seconds(1))
        var server = Rehearsal(plan)
        let first = server.connect()
        let wake = server.send(.full(uid, 1), over: first).wake
        _ = server.close(first)
        let second = server.connect()
        #expect(second.slot == first.slot)
        #expect(second != first)
        #expect(server.run(until: Self.seconds(2), from: wake).flatMap(\.outcome.sent).isEmpty)
        #expect(server.counts.abandoned == 1)
        #expect(server.counts.waiting == 0)
    }

    @Test(
        "The throttled share is answered UNAVAILABLE and not processed (spec: Throttling)",
        arguments: [nil, Nanoseconds.seconds(30)])
    func throttling(retryAfter: Nanoseconds?) {
        var plan = ServerPlan()
        plan.throttle = Throttle(share: 1, retryAfter: retryAfter)
        var server = Rehearsal(plan)
        let id = server.connect()
        let answer = server.send(.full(uid, 1), over: id).answer
        #expect(answer?.errorResponse?.type == .unavailable)
        #expect(answer?.errorResponse?.retryInfo?.retryAfterNanoseconds == retryAfter.map { UInt64($0.count) })
        // With an error nothing else is set (spec: ServerToAgent.error_response).
        #expect(answer?.capabilities == [])
        #expect(server.counts.agentsKnown == 0)
        #expect(server.send(.agentDisconnect(uid, 2), over: id).answer?.errorResponse == nil)
        #expect(server.counts.throttled == 1)
    }

    @Test("A share is a share", arguments: [1, 2, 3] as [UInt64])
    func shares(seed: UInt64) {
        var plan = ServerPlan()
        plan.throttle = Throttle(share: 0.3)
        plan.refusals = Refusals(share: 0.2, status: 429, retryAfterSeconds: 7)
        plan.drops = ConnectionDrops(share: 0.1)
        var server = Rehearsal(plan, seed: seed)
        for number in 0..<4_000 {
            let (id, outcome) = server.accept()
            if outcome.rest == [.abort(id)] {
                _ = server.close(id, .ours)
                continue
            }
            let upgraded = server.upgrade(id)
            if upgraded.rest == [.upgrade(id)] {
                _ = server.send(.full(.number(UInt64(number)), 1), over: id)
            } else {
                #expect(upgraded.rest == [.refuse(id, Refusal(status: 429, retryAfterSeconds: 7))])
                _ = server.close(id, .ours)
            }
        }
        // Four standard deviations to either side.
        let counts = server.counts
        #expect((320...480).contains(counts.connectionsDropped), "seed \(seed)")
        #expect((619...821).contains(counts.upgradesRefused), "seed \(seed)")
        #expect((765...963).contains(counts.throttled), "seed \(seed)")
        #expect(counts.upgrades == counts.reports)
        #expect(counts.connectionsAccepted == counts.connectionsDropped + counts.upgradesRefused + counts.upgrades)
    }

    @Test("A connection to be dropped later breaks when its time has come, without a close frame")
    func lateDrop() {
        var plan = ServerPlan()
        plan.drops = ConnectionDrops(share: 1, after: .constant(.seconds(3)))
        var server = Rehearsal(plan)
        let (id, outcome) = server.accept()
        #expect(outcome.rest == [.wake(at: Self.seconds(3))])
        _ = server.upgrade(id)
        #expect(server.send(.full(uid, 1), over: id).sent.count == 1)
        let log = server.run(until: Self.seconds(3), from: outcome.wake)
        #expect(log.flatMap(\.outcome.rest) == [.abort(id)])
        #expect(server.send(.heartbeat(uid, 2), over: id).sent.isEmpty)
        #expect(server.counts.strays == 1)
        _ = server.close(id, .ours)
        #expect(server.counts.agentsLost == 1)
        #expect(server.counts.connectionsEnded == 1)
    }

    @Test("Agents beyond the limit are answered UNAVAILABLE")
    func agentLimit() {
        var plan = ServerPlan()
        plan.agentLimit = 3
        var server = Rehearsal(plan)
        let id = server.connect()
        for number in 0..<5 {
            let answer = server.send(.full(.number(UInt64(number)), 1), over: id).answer
            #expect(answer?.errorResponse?.type == (number < 3 ? nil : .unavailable))
        }
        #expect(server.counts.agentsKnown == 3)
        #expect(server.counts.registryFull == 2)
    }
}
