import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import TestSupport
import Testing
import Transport

/// Agents whose own certificate cannot be made or used.
@Suite("Own certificates that cannot be used")
struct UnusableCertificateTests {
    @Test("Each attempt fails as TLS, before a byte is sent, and the agent tries again", arguments: [false, true])
    func failsAndRetries(behindProxy: Bool) async throws {
        let proxy = try ScriptedProxy { _ in .connects }
        let context = try TLSClientContext()
        let target = try SmallFleet.target(proxy.address, host: "\(proxy.address)") {
            $0.security = TargetSecurity(context: context, serverName: nil).showingNothingUsable()
            if behindProxy { $0.proxy = ProxyRoute() }
        }
        let fleet = try SmallFleet(3, at: target) { $0.reconnect = .fixed(.milliseconds(20)) }
        try await fleet.wait(until: "several attempts of each agent") { $0[.tlsOther] >= 9 }
        #expect(fleet.counters[.connectionsAttempted] >= 9)
        #expect(fleet.counters[.agentsConnected] == 0)
        #expect(fleet.named["own certificate unusable"] == fleet.counters[.tlsOther])
        await fleet.stop()
        await proxy.stop()
        #expect(proxy.requests.isEmpty)
    }
}
