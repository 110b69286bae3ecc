import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("Batching of status changes")
struct BatchTests {
    /// An agent that has something to say every second.
    private static func chatty(_ batch: BatchPlan) -> AgentScript {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .zero)
                $0.faults.rates[.chats] = 1
                $0.batch = batch
            })
        script.run()
        return script
    }

    private static func joined(_ script: AgentScript) -> Int {
        script.allSteps.reduce(0) { sum, step in
            if case .count(.changesJoined, let times) = step { return sum + Int(times) }
            return sum
        }
    }

    @Test("Without a window every change is sent at once")
    func withoutWindow() {
        var script = Self.chatty(BatchPlan())
        #expect(script.pass(.seconds(10), acknowledging: true).count == 10)
        #expect(Self.joined(script) == 0)
    }

    @Test("Changes within the window are sent in one report of the present state, due at the end of the window")
    func window() throws {
        var script = Self.chatty(BatchPlan(window: .milliseconds(3_500)))
        let sent = script.pass(.seconds(5), acknowledging: true)
        // The changes of the seconds 1, 2, 3 and 4 leave at 4.5.
        let report = try #require(sent.first)
        #expect(sent.count == 1)
        #expect(report.at == .zero + .milliseconds(4_500))
        #expect(report.dueAt == report.at)
        #expect(report.kind == .status)
        #expect(report.report.health?.statusTimeUnixNano == script.agent.unixTime(at: .zero + .seconds(4)))
        #expect(Self.joined(script) == 3)
    }

    @Test("A full batch of changes is sent before the window is over")
    func size() {
        var script = Self.chatty(BatchPlan(window: .seconds(60), size: 3))
        let sent = script.pass(.seconds(10), acknowledging: true)
        #expect(sent.map(\.at) == [3, 6, 9].map { Instant.zero + .seconds($0) })
        #expect(Self.joined(script) == 6)
    }

    @Test("A requested report does not wait for the window, and includes the waiting changes")
    func fullState() {
        var script = Self.chatty(BatchPlan(window: .seconds(60)))
        script.pass(.milliseconds(1_500), acknowledging: true)
        script.receive(ServerToAgent(instanceUID: .uid(script.agent.instanceUID), flags: .reportFullState))
        #expect(script.sent.map(\.kind) == [.fullState])
        #expect(!script.agent.isHoldingChanges)
    }

    @Test("What waits when the connection is lost is reported on the next one")
    func lost() throws {
        var script = Self.chatty(BatchPlan(window: .seconds(60)))
        script.pass(.milliseconds(1_500), acknowledging: true)
        #expect(script.agent.isHoldingChanges)
        script.lost()
        #expect(!script.agent.isHoldingChanges)
        script.opened()
        #expect(script.sent.first?.report.health != nil)
    }

    @Test(
        "However the changes fall, each is in a report, was joined to one, or still waits",
        arguments: 0..<20 as Range<UInt64>)
    func nothingForgotten(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let window = Nanoseconds.milliseconds(Int64(1 + random.index(below: 5_000)))
        var script = Self.chatty(BatchPlan(window: window, size: 1 + random.index(below: 5)))
        script.pass(.seconds(30), acknowledging: true)
        let changes = script.allSteps.count { step in
            if case .fault(.chats) = step { return true }
            return false
        }
        let reports = script.allSent.count { $0.kind == .status }
        let waiting = script.agent.extended?.value.batch?.changes ?? 0
        #expect(changes == 30)
        #expect(changes == reports + Self.joined(script) + waiting, "seed \(seed)")
    }
}

@Suite("Polling over plain HTTP without heartbeats (spec: Plain HTTP Transport)")
struct PollingIntervalTests {
    private static func script(beats: Bool, heartbeat: Nanoseconds, polling: Nanoseconds?) -> AgentScript {
        var script = AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: heartbeat, phase: .fromConnection)
                if !beats { $0.capabilities.remove(.reportsHeartbeat) }
                $0.pollingInterval = polling
            })
        script.run()
        return script
    }

    @Test("An agent without heartbeats says nothing over a WebSocket, and polls over plain HTTP")
    func withoutHeartbeats() {
        var silent = Self.script(beats: false, heartbeat: .seconds(10), polling: nil)
        #expect(silent.pass(.seconds(100), acknowledging: true).isEmpty)
        var polling = Self.script(beats: false, heartbeat: .seconds(10), polling: .seconds(30))
        let polls = polling.pass(.seconds(100), acknowledging: true)
        #expect(polls.map(\.at) == [30, 60, 90].map { Instant.zero + .seconds($0) })
        #expect(polls.allSatisfy { !$0.report.capabilities.contains(.reportsHeartbeat) })
    }

    @Test("An agent whose heartbeats the server has turned off continues to poll")
    func turnedOff() {
        var script = Self.script(beats: true, heartbeat: .seconds(10), polling: .seconds(30))
        script.receive(
            ServerToAgent(
                instanceUID: .uid(script.agent.instanceUID),
                connectionSettings: ConnectionSettingsOffers(
                    opamp: OpAMPConnectionSettings(heartbeatIntervalSeconds: 0))))
        #expect(script.pass(.seconds(95), acknowledging: true).count == 3)
    }

    @Test("With both, the more frequent one is kept to", arguments: [(10, 30, 9), (30, 10, 9), (30, 30, 3)])
    func both(heartbeat: Int64, polling: Int64, count: Int) {
        var script = Self.script(beats: true, heartbeat: .seconds(heartbeat), polling: .seconds(polling))
        #expect(script.pass(.seconds(95), acknowledging: true).count == count)
    }
}
