import Basis
import OpAMP
import Testing

@testable import AgentModel

@Suite("Custom messages and changing capabilities (spec: Custom Messages, AgentToServer.capabilities)")
struct CustomTests {
    private let plan = CohortPlan.with {
        $0.heartbeat = HeartbeatPlan(interval: .zero)
        $0.custom = CustomPlan(responders: [
            .echo(capability: "com.example.echo/v1"), .pauseResume(capability: "io.opentelemetry.pause"),
            .discovery(capability: "io.opentelemetry.discovery", services: 2),
            .made(capability: "com.example.made") { index, message in
                message.type == "ask"
                    ? CustomMessage(capability: "com.example.made", type: "told", data: [UInt8(index)]) : nil
            },
        ])
    }

    private func ask(_ script: inout AgentScript, _ capability: String, _ type: String, _ data: [UInt8] = [])
        -> CustomMessage?
    {
        script.receive(ServerToAgent(customMessage: CustomMessage(capability: capability, type: type, data: data)))
        #expect(script.sent.allSatisfy { $0.kind == .custom })
        return script.sent.first?.report.customMessage
    }

    @Test("Custom capabilities are declared with the first report, and not by an agent that has none")
    func declared() {
        var script = AgentScript(plan)
        script.run()
        #expect(
            script.allSent[0].report.customCapabilities?.capabilities
                == ["com.example.echo/v1", "io.opentelemetry.pause", "io.opentelemetry.discovery", "com.example.made"])
        var plain = AgentScript()
        plain.run()
        #expect(plain.allSent[0].report.customCapabilities == nil)
    }

    @Test("Echo, pause, resume and discovery answer as their capabilities say")
    func responders() {
        var script = AgentScript(plan)
        script.run()
        #expect(
            ask(&script, "com.example.echo/v1", "x", [1, 2])
                == CustomMessage(capability: "com.example.echo/v1", type: "echoed", data: [1, 2]))
        let paused = ask(&script, "io.opentelemetry.pause", "pause")
        #expect(paused?.type == "status" && paused?.data == Array(#"{"paused":true}"#.utf8))
        #expect(script.agent.isPaused)
        #expect(ask(&script, "io.opentelemetry.pause", "resume")?.data == Array(#"{"paused":false}"#.utf8))
        #expect(!script.agent.isPaused)
        #expect(ask(&script, "io.opentelemetry.pause", "dance")?.type == "error")
        let found = ask(&script, "io.opentelemetry.discovery", "find_services")
        #expect(found?.type == "available_services")
        let list = String(decoding: found?.data ?? [], as: UTF8.self)
        #expect(list.contains("service-1"))
        #expect(ask(&script, "com.example.made", "ask")?.data == [7])
        #expect(ask(&script, "com.example.made", "other") == nil)
    }

    @Test("A message of a capability that the agent does not have is ignored")
    func unknown() {
        var script = AgentScript(plan)
        script.run()
        #expect(ask(&script, "com.example.unknown", "x") == nil)
        #expect(script.counts(.unknownCustomMessage) == 1)
    }

    @Test("A change of capabilities is reported at once, with what may be reported only now")
    func capabilities() throws {
        var script = AgentScript(
            .with {
                $0.capabilities = [.reportsStatus]
                $0.capabilityChanges = [
                    CapabilityChange(after: .seconds(10), added: [.reportsHealth, .reportsHeartbeat]),
                    CapabilityChange(after: .seconds(100), removed: [.reportsHeartbeat]),
                ]
                $0.heartbeat = HeartbeatPlan(interval: .seconds(30), phase: .fromConnection)
            })
        script.run()
        let first = try #require(script.pass(.seconds(10)).first)
        #expect(first.report.capabilities == [.reportsStatus, .reportsHealth, .reportsHeartbeat])
        #expect(first.report.health != nil)
        #expect(first.report.agentDescription == nil)
        script.acknowledge()
        let later = script.pass(.seconds(1000), acknowledging: true)
        #expect(later.map(\.dueAt) == [40, 70, 100, 100].map { Instant.zero + .seconds($0) })
        #expect(later.last?.report.capabilities == [.reportsStatus, .reportsHealth])
        #expect(script.counts(.capabilitiesChanged) == 2)
    }

    @Test("A capability change without effect is not reported")
    func unchanged() {
        var script = AgentScript()
        script.run()
        script.step { $0.changeCapabilities(to: .collector, at: $1, &$2) }
        #expect(script.sent.isEmpty)
    }
}
