import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("What an agent misses without its server")
struct OutageTests {
    private static let plan = CohortPlan.with {
        $0.heartbeat = HeartbeatPlan(interval: .seconds(10), phase: .fromConnection)
        $0.reconnect = .fixed(.seconds(1))
    }

    private static func missed(_ steps: [Effect]) -> [MissedHeartbeats] {
        steps.compactMap { if case .heartbeatsNotPossible(let missed) = $0 { missed } else { nil } }
    }

    private static func times(_ steps: [Effect]) -> [TimeWithoutServer] {
        steps.compactMap { if case .withoutServer(let time) = $0 { time } else { nil } }
    }

    /// Loses the connection at 5 s after its first answer, and reconnects after `span`.
    private static func outage(of span: Nanoseconds) -> AgentScript {
        var script = AgentScript(plan)
        script.run()
        script.pass(.seconds(5))
        script.lost()
        let end = script.now + span
        while script.now < end {
            script.pass(min(.seconds(1), end - script.now))
            if script.now < end, script.agent.state == .connecting { script.failed() }
        }
        if script.agent.state != .connecting { script.pass(.seconds(1)) }
        script.opened()
        return script
    }

    @Test("Heartbeats due without a connection count from when they were due to the first answer on a later one")
    func counted() {
        var script = Self.outage(of: .seconds(30))
        #expect(Self.missed(script.allSteps).isEmpty)
        let opened = script.now
        script.now += .milliseconds(20)
        script.acknowledge()
        // Due at 10, 20, 30 … seconds.
        let due = (1...100).map { Instant.zero + .seconds(10) * Int64($0) }.prefix { $0 < opened }
        #expect(
            Self.missed(script.steps) == [
                MissedHeartbeats(
                    count: due.count, longest: script.now - due[0], interval: .seconds(10), isAnswered: true)
            ])
        #expect(Self.times(script.steps) == [TimeWithoutServer(span: script.now - .zero, isOver: true)])
        #expect(script.agent.extended == nil)
    }

    @Test("An outage that ends before a heartbeat is due misses none, and is an outage all the same")
    func short() {
        var script = Self.outage(of: .seconds(2))
        script.acknowledge()
        #expect(Self.missed(script.steps).isEmpty)
        #expect(Self.times(script.steps).count == 1)
    }

    @Test("A connection without an answer does not end an outage")
    func connectionWithoutAnswer() {
        var script = Self.outage(of: .seconds(12))
        script.lost()
        script.pass(.seconds(1))
        script.pass(.seconds(14))
        script.failed()
        script.pass(.seconds(1))
        script.opened()
        script.acknowledge()
        let missed = Self.missed(script.steps)
        #expect(missed.map(\.count) == [3])
        #expect(missed.first?.longest == script.now - (.zero + .seconds(10)))
    }

    @Test("What was missed until the agent ends is known only as a lower bound")
    func unanswered() {
        var script = AgentScript(Self.plan)
        script.run()
        script.lost()
        script.pass(.seconds(1))
        script.failed()
        script.now += .seconds(30)
        script.drain()
        #expect(Self.missed(script.allSteps).map(\.isAnswered) == [false])
        #expect(Self.missed(script.allSteps).map(\.count) == [3])
        #expect(Self.times(script.allSteps).map(\.isOver) == [false])
    }

    @Test("An agent that never gets a connection misses the heartbeats that it would have sent")
    func neverConnected() {
        var script = AgentScript(Self.plan)
        script.start()
        script.failed()
        script.now += .seconds(35)
        script.drain()
        #expect(Self.missed(script.allSteps).map(\.count) == [3])
        #expect(Self.times(script.allSteps).isEmpty)
    }

    @Test("However often connections come up without an answer, what is kept is bounded and no heartbeat is forgotten")
    func bounded() {
        var outage = Outage(lastAnswer: .zero, next: .zero + .seconds(1), interval: .seconds(1))
        var expected = 0
        for round in 0..<100 {
            let start = Instant.zero + .seconds(100) * Int64(round)
            outage.resume(next: start, interval: .seconds(1))
            outage.end(at: start + .seconds(Int64(round % 7)))
            expected += round % 7
        }
        #expect(outage.stretches.count <= Outage.limit)
        #expect(outage.stretches.reduce(0) { $0 + $1.count } == expected)
    }

    @Test("An agent that leaves waits for the answers that it is owed, and not longer than it may")
    func leaving() {
        var script = AgentScript(Self.plan)
        script.run()
        script.pass(.seconds(10))
        script.step { $0.drain(at: $1, by: $1 + .seconds(3), &$2) }
        #expect(script.agent.state == .running)
        script.pass(.seconds(1))
        script.acknowledge()
        #expect(script.agent.state == .closing)
        #expect(script.allSteps.unanswered.isEmpty)

        var mute = AgentScript(Self.plan)
        mute.run()
        mute.pass(.seconds(10))
        mute.step { $0.drain(at: $1, by: $1 + .seconds(3), &$2) }
        mute.pass(.seconds(3))
        #expect(mute.agent.state == .closing)
        #expect(mute.allSteps.unanswered.map(\.cause) == [.timedOut])
    }

    @Test("The state of an outage costs an agent without one nothing")
    func memory() {
        #expect(MemoryLayout<Agent>.size <= 256)
        #expect(MemoryLayout<ExtendedState>.size <= 512)
    }
}
