import Basis
import Matching
import OpAMP
import Testing

@testable import AgentModel

@Suite("WebSocket Pings that tell which report was answered")
struct PingTests {
    private func script(_ pings: PingPolicy) -> AgentScript {
        AgentScript(
            .with {
                $0.heartbeat = HeartbeatPlan(interval: .seconds(10), phase: .fromConnection)
                $0.pings = pings
            })
    }

    @Test("A server that answers at once receives none, unless the plan wants one with every report")
    func policy() {
        for (policy, expected) in [(PingPolicy.never, 0), (.inDoubt, 0), (.always, 4)] {
            var script = script(policy)
            script.run()
            script.pass(.seconds(30), acknowledging: true)
            #expect(script.allSteps.pings.count == expected)
        }
    }

    @Test("A Ping follows its report in the same step and names the agent")
    func order() {
        var script = script(.always)
        script.run()
        script.pass(.seconds(10))
        var kinds: [String] = []
        for effect in script.steps {
            if case .send = effect { kinds.append("report") }
            if case .ping(let payload) = effect {
                kinds.append("ping")
                #expect(PingPayload(value: payload).isFrom(script.agent.index))
            }
        }
        #expect(kinds == ["report", "ping"])
    }

    @Test("Where Pongs are in order, one proves an overtaken report unanswered")
    func proves() throws {
        var script = script(.inDoubt)
        var counts = LearnedCounts()
        counts.addPongsInOrder(5_000)
        script.step { _, _, effects in effects.matcher = Matcher(longest: .seconds(60), counts) }
        script.run()
        script.pass(.seconds(20))
        let ping = try #require(script.steps.pings.last)
        script.step { $0.receivedPong(ping ^ (1 << 40), at: $1, &$2) }
        #expect(script.allSteps.unanswered.isEmpty)
        script.step { $0.receivedPong(ping, at: $1, &$2) }
        #expect(script.steps.unanswered.map(\.cause) == [.timedOut])
        #expect(script.agent.outstandingReports == 1)
        script.acknowledge()
        #expect(script.steps.answered.map(\.responseTime) == [.zero])
    }
}

extension [Effect] {
    fileprivate var pings: [UInt64] {
        compactMap { if case .ping(let payload) = $0 { payload } else { nil } }
    }
}
