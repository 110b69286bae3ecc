import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("Reconnecting (spec: Establishing Connection, Restoring WebSocket Connection)")
struct ReconnectTests {
    /// The waits before each of `count` attempts that all fail, the first after an open connection was lost.
    private func waits(_ policy: ReconnectPolicy, _ count: Int, index: UInt64 = 0) -> [Nanoseconds] {
        var script = AgentScript(.with { $0.reconnect = policy }, index: index)
        script.run()
        script.lost()
        var waits: [Nanoseconds] = []
        for _ in 0..<count {
            let since = script.now
            // The timer may still be set to something earlier that has gone; it is then set again.
            while script.agent.state == .backingOff { script.pass(script.timer - script.now) }
            #expect(script.agent.state == .connecting)
            waits.append(script.now - since)
            script.failed()
        }
        return waits
    }

    @Test(
        "As opamp-go: at once after a loss, then from 0.5 s by 1.5 up to 60 s, each spread by half", arguments: 0..<20)
    func opampGo(index: UInt64) {
        let waits = waits(.opampGo, 25, index: index)
        #expect(waits[0] == .zero)
        var grown = 0.5
        for wait in waits.dropFirst() {
            #expect(wait.seconds >= grown * 0.5 - 1e-6 && wait.seconds <= grown * 1.5 + 1e-6)
            grown = min(grown * 1.5, 60)
        }
        #expect(grown == 60)
    }

    @Test("By number: start, factor, cap and jitter are those that are given", arguments: [0.0, 0.25], [1.0, 3.0])
    func exponential(jitter: Double, factor: Double) {
        let waits = waits(
            .exponential(initial: .seconds(2), multiplier: factor, maximum: .seconds(20), jitter: jitter), 8, index: 3)
        #expect(waits[0] == .zero)
        var grown = 2.0
        for wait in waits.dropFirst() {
            #expect(wait.seconds >= grown * (1 - jitter) - 1e-6 && wait.seconds <= grown * (1 + jitter) + 1e-6)
            grown = min(grown * factor, 20)
        }
        #expect(grown == (factor == 1 ? 2 : 20))
    }

    @Test("A server that breaks the protocol is not connected to again at once", arguments: 0..<20)
    func protocolError(index: UInt64) {
        var script = AgentScript(.with { $0.reconnect = .opampGo }, index: index)
        script.run()
        for _ in 0..<3 {
            let connects = script.connects
            script.lost(.protocolError)
            #expect(script.connects == connects && script.agent.state == .backingOff)
            script.pass(.milliseconds(240))
            #expect(script.connects == connects)
            script.pass(.seconds(1))
            #expect(script.connects == connects + 1)
            script.opened()
        }
    }

    @Test("A long random delay comes first and spreads the fleet evenly")
    func longRandomDelay() {
        let policy = ReconnectPolicy.longRandomDelay(minimum: .seconds(10), maximum: .seconds(110))
        let firsts = (0..<1000).map { waits(policy, 1, index: $0)[0].seconds }
        #expect(firsts.allSatisfy { $0 >= 10 && $0 <= 110 })
        let mean = firsts.reduce(0, +) / 1000
        #expect(abs(mean - 60) < 5)
        #expect(waits(policy, 6).dropFirst().allSatisfy { $0 >= .seconds(10) })
    }

    @Test("The specification's minimum: at once after a loss, then never sooner than 30 s")
    func specificationMinimum() {
        let waits = waits(.specificationMinimum, 10)
        #expect(waits[0] == .zero)
        #expect(waits.dropFirst().allSatisfy { $0 >= .seconds(30) && $0 <= .seconds(900) })
        #expect(waits[4] > waits[1])
    }

    @Test("Fixed: always the same wait; the server's times are ignored")
    func fixed() {
        #expect(waits(.fixed(.milliseconds(100)), 5) == Array(repeating: .milliseconds(100), count: 5))
        var script = AgentScript(.with { $0.reconnect = .fixed(.seconds(1)) })
        script.start()
        script.step { $0.upgradeRefused(status: 503, retryAfter: .seconds(60), at: $1, &$2) }
        script.pass(.seconds(1))
        #expect(script.connects == 2)
    }

    @Test("A server that accepts and closes at once is not hammered by a client that waits for an answer to be content")
    func acceptAndClose() {
        var script = AgentScript(.with { $0.reconnect = .specificationMinimum })
        script.run()
        for _ in 0..<3 {
            script.lost(.closedByServer(code: 1000))
            if script.agent.state == .connecting { script.opened() }
        }
        #expect(script.agent.state == .backingOff)
        #expect(script.counts(.closedByServer) == 2)
    }

    @Test("A storm drops the transport at once and leaves the return to the policy")
    func storm() {
        var script = AgentScript(.with { $0.reconnect = .longRandomDelay(minimum: .seconds(5), maximum: .seconds(6)) })
        script.run()
        script.step { $0.loseConnection(at: $1, &$2) }
        #expect(script.steps.aborts == 1)
        #expect(script.sent.isEmpty)
        #expect(script.agent.state == .backingOff)
        script.pass(.seconds(6))
        #expect(script.agent.state == .connecting)
        script.step { $0.loseConnection(at: $1, &$2) }
        #expect(script.steps.isEmpty)
    }

    @Test("An attempt without a result ends at the connect timeout")
    func connectTimeout() {
        var script = AgentScript(.with { $0.connectTimeout = .seconds(3) })
        script.start()
        script.pass(.seconds(3))
        #expect(script.allSteps.aborts == 1)
        #expect(script.counts(.connectTimedOut) == 1)
        #expect(script.agent.state == .backingOff)
    }

    @Test("Every cause of failure backs off and is counted", arguments: ConnectFailure.allCases)
    func causes(_ cause: ConnectFailure) {
        var script = AgentScript()
        script.start()
        script.failed(cause)
        #expect(script.agent.state == .backingOff)
        #expect(script.steps.changes.map(\.cause) == [.connectFailed(cause)])
        let counted = Anomaly.allCases.reduce(0) { $0 + script.counts($1) }
        #expect(counted == 1)
    }
}
