import AgentModel
import Basis
import ControlPlane
import OpAMP
import Testing

@testable import Fleet

/// What the server says beyond the protocol, and what agents of a profile answer: both sides' words.
@Suite("Custom conversations: the server understands what the agents answer (spec: Custom Messages)")
struct CustomConversationTests {
    /// What an agent that has the ability answers.
    private func answer(_ message: CustomMessage, _ ability: CustomAbility) throws -> CustomReply? {
        let plan = CohortPlan(cohort: CohortProfile(customAbilities: [ability]), limits: ProfileLimits())
        var agent = Agent(index: 3, cohort: Cohort(plan, seed: 1, unixOrigin: 0))
        var effects = Effects()
        agent.start(at: .zero, &effects)
        agent.connected(at: .zero, &effects)
        let declared = try #require(reports(effects).first?.customCapabilities?.capabilities)
        #expect(declared == [message.capability])
        effects.removeAll()
        agent.received(ServerToAgent(customMessage: message), at: .zero, &effects)
        return try CustomReply(#require(reports(effects).compactMap(\.customMessage).first))
    }

    private func reports(_ effects: Effects) -> [AgentToServer] {
        effects.list.compactMap { effect in
            guard case .send(let slice) = effect else { return nil }
            return try? AgentToServer(decoding: Array(effects.bytes[slice.range]))
        }
    }

    @Test(
        "Echo returns the data in a message of the type echoed",
        arguments: [[], [0, 255], Array("text".utf8)] as [[UInt8]])
    func echo(data: [UInt8]) throws {
        #expect(try answer(.echo(data), .echo) == .echoed(data))
    }

    @Test("Pause and resume are answered with the state that follows")
    func pause() throws {
        #expect(try answer(.pause, .pause) == .paused(true))
        #expect(try answer(.resume, .pause) == .paused(false))
        let odd = CustomMessage(capability: CustomCapability.pause, type: "dance")
        #expect(try answer(odd, .pause) == .pauseFailed("unknown type"))
    }

    @Test("Discovery is answered with services")
    func discovery() throws {
        guard case .services(let list)? = try answer(.findServices, .discovery) else {
            Issue.record("no services")
            return
        }
        #expect(String(decoding: list, as: UTF8.self).contains("\"name\":\"service-0\""))
    }
}
