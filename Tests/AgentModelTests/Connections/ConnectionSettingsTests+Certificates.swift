import Basis
import OpAMP
import Testing

@testable import AgentModel

/// Certificates in connection settings.
extension ConnectionSettingsTests {
    @Test(
        "Settings without a certificate keep the one in use, or remove it as the specification says, by the cohort",
        arguments: [false, true])
    func withoutCertificate(drops: Bool) throws {
        var script = AgentScript(plan { $0.connectionSettings.dropsCertificate = drops })
        script.run()
        func take(_ offer: ServerToAgent) throws -> OpAMPConnectionSettings {
            script.receive(offer)
            script.closed()
            let target = try #require(targets(script.steps).first)
            script.opened()
            script.acknowledge()
            return target.settings
        }
        // Before any was offered, the host's own stays or goes.
        #expect(try take(offer([1])).certificate == (drops ? TLSCertificate() : nil))
        let given = TLSCertificate(cert: [1], privateKey: [2])
        #expect(try take(offer([2], certificate: given)).certificate == given)
        #expect(try take(offer([3], endpoint: "ws://third/v1/opamp")).certificate == (drops ? TLSCertificate() : given))
        // A heartbeat interval alone is no reason to leave.
        script.receive(offer([4], endpoint: ""))
        #expect(script.agent.state == .running)
    }

    @Test("An agent that cannot keep a certificate rejects one")
    func ephemeral() {
        var script = AgentScript(plan { $0.connectionSettings.persistsCertificates = false })
        script.run()
        script.receive(offer([1], certificate: TLSCertificate(cert: [1], privateKey: [2])))
        #expect(script.sent.first?.report.connectionSettingsStatus?.status == .failed)
    }

    @Test(
        "A certificate is requested once the server declares that it answers requests (spec: Agent-initiated CSR Flow)")
    func certificate() throws {
        var script = AgentScript(
            plan { $0.connectionSettings.certificateRequest = { index, uid in Array("CSR \(index) \(uid)".utf8) } })
        script.run(server: .all)
        let request = try #require(script.sent.first { $0.kind == .request }?.report.connectionSettingsRequest)
        let former = script.agent.instanceUID
        #expect(request.opamp?.certificateRequest?.csr == Array("CSR 7 \(former)".utf8))
        script.acknowledge(capabilities: .all)
        #expect(script.sent.isEmpty)
        // Another uid needs another certificate.
        let given = InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0009)
        script.receive(ServerToAgent(agentIdentification: AgentIdentification(newInstanceUID: .uid(given))))
        let again = try #require(script.sent.first { $0.kind == .request }?.report.connectionSettingsRequest)
        #expect(again.opamp?.certificateRequest?.csr == Array("CSR 7 \(given)".utf8))
        script.receive(offer([3], endpoint: "", certificate: TLSCertificate(cert: [1, 2])))
        script.closed()
        #expect(targets(script.steps).first?.settings.certificate?.cert == [1, 2])
    }

    @Test("A server that does not answer such requests is not asked; a refusal is counted and not repeated")
    func certificateRefused() {
        let asking = plan { $0.connectionSettings.certificateRequest = { _, _ in [1] } }
        var unable = AgentScript(asking)
        unable.run(server: [.acceptsStatus])
        #expect(!unable.allSent.contains { $0.kind == .request })
        // A server that never announces its capabilities is asked.
        var silent = AgentScript(asking)
        silent.run(server: [])
        #expect(silent.allSent.filter { $0.kind == .request }.count == 1)
        var refused = AgentScript(asking)
        refused.run(server: .all)
        refused.receive(ServerToAgent(errorResponse: ServerErrorResponse(type: .badRequest)))
        #expect(refused.counts(.certificateRefused) == 1)
        refused.acknowledge(capabilities: .all)
        #expect(refused.allSent.filter { $0.kind == .request }.count == 1)
    }
}
