import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("Heartbeats (spec: OpAMPConnectionSettings.heartbeat_interval_seconds)")
struct HeartbeatTests {
    private func plan(
        _ seconds: Int64 = 10, jitter: Double = 0, phase: HeartbeatPhase = .fromConnection
    ) -> CohortPlan {
        .with { $0.heartbeat = HeartbeatPlan(interval: .seconds(seconds), jitter: jitter, phase: phase) }
    }

    private func offer(_ seconds: UInt64) -> ServerToAgent {
        ServerToAgent(
            connectionSettings: ConnectionSettingsOffers(
                opamp: OpAMPConnectionSettings(heartbeatIntervalSeconds: seconds)))
    }

    @Test("A heartbeat carries the instance uid, the sequence number and the capabilities, and nothing else")
    func content() throws {
        var script = AgentScript(plan())
        script.run()
        let beats = script.pass(.seconds(10))
        #expect(beats.count == 1)
        let report = try #require(beats.first).report
        #expect(
            report
                == AgentToServer(
                    instanceUID: .uid(script.agent.instanceUID), sequenceNumber: 1, capabilities: .collector))
    }

    @Test("Heartbeats come at the interval, each due one interval after the last")
    func interval() {
        var script = AgentScript(plan())
        script.run()
        let beats = script.pass(.seconds(100), acknowledging: true)
        #expect(beats.map(\.dueAt) == (1...10).map { Instant.zero + .seconds(10 * $0) })
        #expect(beats.allSatisfy { $0.kind == .heartbeat && $0.at == $0.dueAt })
    }

    @Test("Where nothing else is set, the interval is 30 s (spec: WebSocket Message Exchange)")
    func defaultInterval() {
        var script = AgentScript()
        script.run()
        let beats = script.pass(.seconds(120), acknowledging: true)
        #expect(zip(beats.dropFirst(), beats).allSatisfy { $0.dueAt - $1.dueAt == .seconds(30) })
        #expect(beats.count == 4)
    }

    @Test("Without ReportsHeartbeat, or with an interval of zero, there are none")
    func none() {
        var undeclared = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .seconds(10))
                $0.capabilities.remove(.reportsHeartbeat)
            })
        undeclared.run()
        #expect(undeclared.pass(.seconds(1000)).isEmpty)
        var off = AgentScript(plan(0))
        off.run()
        #expect(off.pass(.seconds(1000)).isEmpty)
    }

    @Test("The interval that the server offers replaces the agent's own", arguments: [1, 5, 30, 3600])
    func offeredInterval(seconds: Int64) {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer(UInt64(seconds)))
        let beats = script.pass(.seconds(seconds * 3), acknowledging: true)
        #expect(beats.map(\.dueAt) == (1...3).map { Instant.zero + .seconds(seconds * $0) })
        script.lost()
        script.opened()
        script.acknowledge()
        let next = script.pass(.seconds(seconds))
        #expect(next.count == 1)
    }

    @Test("An offered interval of zero turns heartbeats off, another one turns them on again")
    func offAndOn() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer(0))
        #expect(script.pass(.seconds(500)).isEmpty)
        script.receive(offer(10))
        #expect(script.pass(.seconds(30), acknowledging: true).count == 3)
    }

    @Test("An offered interval beyond reason is a long wait, not a crash")
    func absurdInterval() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer(.max))
        #expect(script.pass(.seconds(1_000_000)).isEmpty)
    }

    @Test("An undeclared capability is not turned on by an offered interval")
    func offerToOneThatDoesNot() {
        var script = AgentScript(.with { $0.capabilities.remove(.reportsHeartbeat) })
        script.run()
        script.receive(offer(1))
        #expect(script.pass(.seconds(100)).isEmpty)
    }

    @Test(
        "Over plain HTTP an offered interval replaces the polling interval, longer or shorter; zero changes nothing",
        arguments: [(60, 60), (5, 5), (0, 30)] as [(UInt64, Int64)], [true, false])
    func pollsAsOffered(_ offered: (UInt64, Int64), beats: Bool) {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .seconds(10), phase: .fromConnection)
                $0.pollingInterval = .seconds(30)
                if !beats { $0.capabilities.remove(.reportsHeartbeat) }
            })
        script.run()
        script.receive(offer(offered.0))
        let polls = script.pass(.seconds(offered.1 * 4), acknowledging: true)
        #expect(polls.map(\.dueAt) == (1...4).map { Instant.zero + .seconds(offered.1 * $0) })
    }

    @Test(
        "Over plain HTTP an agent without heartbeats polls every 30 s by default, one with them at its interval"
    )
    func pollsByItself() {
        func script(_ change: (inout CohortPlan) -> Void) -> AgentScript {
            var script = AgentScript(
                .with {
                    $0.heartbeat = HeartbeatPlan(interval: .seconds(10), phase: .fromConnection)
                    $0.pollingInterval = .seconds(30)
                    change(&$0)
                })
            script.run()
            return script
        }
        var silent = script { $0.capabilities.remove(.reportsHeartbeat) }
        #expect(silent.pass(.seconds(120), acknowledging: true).count == 4)
        var beating = script { _ in }
        #expect(beating.pass(.seconds(120), acknowledging: true).count == 12)
    }

    @Test("The interval counts from the last report of any kind")
    func countsFromLastReport() {
        var script = AgentScript(plan())
        script.run()
        script.pass(.seconds(10), acknowledging: true)
        script.pass(.seconds(7))
        script.receive(ServerToAgent(flags: .reportFullState))
        script.acknowledge()
        let beats = script.pass(.seconds(13), acknowledging: true)
        #expect(beats.map(\.dueAt) == [Instant.zero + .seconds(27)])
    }

    @Test("Spread over the interval: the first heartbeats of a fleet that connects together are even")
    func spread() {
        let cohort = Cohort(plan(10, phase: .spread), seed: 3, unixOrigin: 0)
        var perSecond = [Int](repeating: 0, count: 10)
        for index in 0..<4000 {
            var script = AgentScript(agent: Agent(index: UInt64(index), cohort: cohort), now: .zero)
            script.run()
            let beats = script.pass(.seconds(20), acknowledging: true)
            #expect(beats.count == 2)
            #expect(beats[1].dueAt - beats[0].dueAt == .seconds(10))
            perSecond[min(Int(beats[0].dueAt.nanoseconds / 1_000_000_000), 9)] += 1
        }
        // 400 each are expected; five standard deviations are 95.
        #expect(perSecond.allSatisfy { abs($0 - 400) < 95 })
    }

    @Test("A full-state report before the first heartbeat does not put a spread fleet in step")
    func spreadSurvivesFullState() {
        let cohort = Cohort(plan(10, phase: .spread), seed: 3, unixOrigin: 0)
        func firstBeat(_ index: UInt64, askedForFullState: Bool) -> Instant? {
            var script = AgentScript(agent: Agent(index: index, cohort: cohort), now: .zero)
            script.run()
            if askedForFullState {
                script.receive(ServerToAgent(flags: .reportFullState))
                script.acknowledge()
            }
            return script.pass(.seconds(20)).first?.dueAt
        }
        for index in 0..<20 {
            #expect(
                firstBeat(UInt64(index), askedForFullState: true) == firstBeat(UInt64(index), askedForFullState: false))
        }
    }

    @Test(
        "In lockstep every agent beats at the multiples of the interval, whenever it connected",
        arguments: [0, 3, 7, 9])
    func lockstep(second: Int64) {
        var script = AgentScript(plan(10, phase: .lockstep), now: .zero + .seconds(second))
        script.run()
        script.receive(ServerToAgent(flags: .reportFullState))
        let beats = script.pass(.seconds(30), acknowledging: true)
        #expect(beats.map(\.dueAt) == (1...beats.count).map { Instant.zero + .seconds(10 * Int64($0)) })
        #expect(beats.count >= 3)
    }

    @Test("Jitter stays within its share of the interval and keeps the mean", arguments: [0.1, 0.5, 1])
    func jitter(share: Double) {
        var script = AgentScript(plan(10, jitter: share))
        script.run()
        let beats = script.pass(.seconds(20_000), acknowledging: true)
        let spans = zip(beats.dropFirst(), beats).map { ($0.dueAt - $1.dueAt).seconds }
        #expect(spans.allSatisfy { $0 >= 10 * (1 - share) - 1e-6 && $0 <= 10 * (1 + share) + 1e-6 })
        #expect(Set(spans).count > 100)
        let mean = spans.reduce(0, +) / Double(spans.count)
        #expect(abs(mean - 10) < 0.5)
    }

    @Test("A late wake-up sends every overdue heartbeat with its own due time (open loop)")
    func lateWake() {
        var script = AgentScript(plan())
        script.run()
        script.wakeLate(.seconds(45))
        #expect(script.sent.map(\.dueAt) == (1...4).map { Instant.zero + .seconds(10 * $0) })
        #expect(script.counts(.heartbeatsSkipped) == 0)
        for _ in 1...4 { script.acknowledge() }
        #expect(script.pass(.seconds(5)).map(\.dueAt) == [Instant.zero + .seconds(50)])
        // Before anything is learned, what overlaps is read at the latest when the connection ends.
        script.lost()
        let beats = script.allSteps.answered.filter { $0.kind == .heartbeat }
        #expect(beats.map(\.responseTime.seconds) == [35, 25, 15, 5])
        #expect(beats.allSatisfy { $0.serviceTime == .zero })
    }

    @Test("At most sixteen are sent at once; the rest is counted, and the rhythm is kept")
    func veryLateWake() {
        var script = AgentScript(plan())
        script.run()
        script.wakeLate(.seconds(1003))
        #expect(script.sent.count == 16)
        #expect(script.counts(.heartbeatsSkipped) == 84)
        #expect(script.pass(.seconds(7)).map(\.dueAt) == [Instant.zero + .seconds(1010)])
    }

    @Test("There are none while the agent reconnects (spec: Throttling, note on Retry-After)")
    func noneWhileReconnecting() {
        var script = AgentScript(plan(1))
        script.run()
        script.lost()
        script.failed()
        let meanwhile = script.pass(.seconds(60))
        #expect(meanwhile.isEmpty)
    }

    @Test("A timer that fires early is set again and sends nothing")
    func earlyWake() {
        var script = AgentScript(plan())
        script.run()
        script.wakeLate(.seconds(4))
        #expect(script.sent.isEmpty)
        #expect(script.timer == Instant.zero + .seconds(10))
    }

    @Test("A heartbeat is one effect and a few bytes")
    func oneEffect() {
        var script = AgentScript(plan())
        script.run()
        script.pass(.seconds(10))
        #expect(script.steps.count == 1)
        #expect(script.effects.bytes.count < 40)
    }
}
