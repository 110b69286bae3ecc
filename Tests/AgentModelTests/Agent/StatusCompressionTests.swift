import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Status compression (spec: Agent Status Compression)")
struct StatusCompressionTests {
    private func isBare(_ report: AgentToServer) -> Bool {
        report
            == AgentToServer(
                instanceUID: report.instanceUID, sequenceNumber: report.sequenceNumber,
                capabilities: report.capabilities)
    }

    @Test(
        "A reconnecting agent leaves out what has not changed (spec: Status Reporting)",
        arguments: [ReconnectReport.unconfirmedChanges, .changes])
    func reconnectReportIsBare(_ form: ReconnectReport) throws {
        var script = AgentScript(.with { $0.reconnectReport = form })
        script.run()
        script.lost()
        script.opened()
        let sent = try #require(script.sent.first)
        #expect(sent.kind == .reconnect)
        #expect(isBare(sent.report))
    }

    @Test("A cohort may report its whole status on every connection")
    func fullAgain() throws {
        var script = AgentScript(.with { $0.reconnectReport = .full })
        script.run()
        script.lost()
        script.opened()
        let sent = try #require(script.sent.first)
        #expect(sent.kind == .reconnect)
        #expect(sent.report.agentDescription != nil)
        #expect(sent.report.effectiveConfig != nil)
    }

    @Test(
        "Reported but unconfirmed parts are sent again after a lost connection, unless the client does not do that"
    )
    func unconfirmedIsRepeated() throws {
        var careful = AgentScript()
        careful.start()
        careful.opened()
        careful.lost()
        careful.opened()
        #expect(careful.sent.first?.report.agentDescription != nil)

        var careless = AgentScript(.with { $0.reconnectReport = .changes })
        careless.start()
        careless.opened()
        careless.lost()
        careless.opened()
        #expect(isBare(try #require(careless.sent.first).report))
    }

    @Test("ReportFullState is answered with the whole status in one report (spec: ServerToAgent.flags)")
    func fullState() throws {
        var script = AgentScript()
        script.run()
        script.receive(ServerToAgent(instanceUID: .uid(script.agent.instanceUID), flags: .reportFullState))
        #expect(script.sent.count == 1)
        let sent = try #require(script.sent.first)
        #expect(sent.kind == .fullState)
        #expect(sent.report.agentDescription == script.allSent[0].report.agentDescription)
        #expect(sent.report.health == script.allSent[0].report.health)
        #expect(sent.report.effectiveConfig == script.allSent[0].report.effectiveConfig)
        #expect(sent.report.availableComponents?.components.isEmpty == true)
        #expect(script.counts(.fullStateRequested) == 1)
    }

    @Test("ReportAvailableComponents is answered with the list, once (spec: AvailableComponents, Initial Handshake)")
    func componentList() throws {
        var script = AgentScript()
        script.run()
        script.receive(ServerToAgent(flags: .reportAvailableComponents))
        let sent = try #require(script.sent.first)
        #expect(sent.kind == .components)
        let components = try #require(sent.report.availableComponents)
        #expect(components.components.values.reduce(0) { $0 + $1.subComponentMap.count } == 40)
        #expect(components.hash == script.allSent[0].report.availableComponents?.hash)
        #expect(sent.report.agentDescription == nil)
        script.acknowledge()
        #expect(script.sent.isEmpty)
    }

    @Test("An agent without components to report has none to list")
    func componentListUndeclared() {
        var script = AgentScript(.with { $0.capabilities.remove(.reportsAvailableComponents) })
        script.run()
        script.receive(ServerToAgent(flags: .reportAvailableComponents))
        #expect(script.sent.isEmpty)
    }

    @Test("An acknowledgement is not answered, so that no loop can arise (spec: Status Reporting)")
    func noLoop() {
        var script = AgentScript()
        script.run()
        for _ in 0..<50 { script.acknowledge(capabilities: .all) }
        #expect(script.allSent.count == 1)
    }

    @Test(
        "The server's capabilities hold for the connection, also if later messages do not repeat them"
    )
    func serverCapabilitiesLast() {
        var script = AgentScript()
        script.run(server: [.acceptsStatus])
        for _ in 0..<3 {
            script.receive(ServerToAgent(flags: .reportFullState))
            #expect(script.sent.first?.report.effectiveConfig == nil)
        }
        script.lost()
        script.opened()
        script.acknowledge(capabilities: .all)
        script.receive(ServerToAgent(flags: .reportFullState))
        #expect(script.sent.first?.report.effectiveConfig != nil)
    }

    @Test("Agents send nothing that the server does not accept (spec: Interoperability of Partial Implementations)")
    func serverCapabilitiesAreHonoured() throws {
        var script = AgentScript()
        script.run(server: [.acceptsStatus])
        script.receive(ServerToAgent(flags: .reportFullState))
        let report = try #require(script.sent.first).report
        #expect(report.effectiveConfig == nil)
        #expect(report.agentDescription != nil)
    }
}
