import Engine
import Hosting
import OpAMP
import Testing
import Transport

@testable import Fleet

/// Where offered connection settings lead (specification: OpAMPConnectionSettings).
@Suite("Targets of offered connection settings")
struct OfferedTargetTests {
    static let targets = OfferedTargets(contexts: OfferedContexts(TLSProfile()), requests: nil)

    private static func usual(_ transport: AgentTransport = .webSocket, proxied: Bool = false) throws -> AgentTarget {
        var target = try #require(
            AgentTarget(
                addresses: [.loopback(port: 4320)], host: "usual:4320", path: "/v1/opamp", transport: transport))
        try target.fields.append("Authorization", "Bearer old")
        try target.fields.append("X-Tenant", "acme")
        target.compression.offersDeflate = true
        if proxied { target.proxy = ProxyRoute() }
        return target
    }

    private static func settings(_ endpoint: String, _ headers: [(String, String)]?) -> OpAMPConnectionSettings {
        OpAMPConnectionSettings(
            destinationEndpoint: endpoint,
            headers: headers.map { Headers(headers: $0.map { Header(key: $0.0, value: $0.1) }) })
    }

    @Test("Offered headers take the place of those of the same name; the others, and everything else, stay")
    func headers() async throws {
        let offer = Self.settings("", [("authorization", "Bearer new"), ("X-Route", "b"), ("Bad Name", "c")])
        let target = try #require(await Self.targets.resolve(offer, try Self.usual()))
        #expect(target.fields.values(of: "Authorization") == ["Bearer new"])
        #expect(target.fields["X-Tenant"] == "acme")
        #expect(target.fields["X-Route"] == "b")
        #expect(target.fields.count == 3)
        #expect(target.host == "usual:4320")
        #expect(target.compression.offersDeflate)
    }

    @Test("Without headers in the offer the usual ones stay")
    func withoutHeaders() async throws {
        let target = try #require(await Self.targets.resolve(Self.settings("", nil), try Self.usual()))
        #expect(target.fields["Authorization"] == "Bearer old")
    }

    @Test("An endpoint leads to its own address, or through the proxy that there was")
    func endpoint() async throws {
        let offer = Self.settings("ws://127.0.0.9:9/other", nil)
        let direct = try #require(await Self.targets.resolve(offer, try Self.usual()))
        #expect(direct.host == "127.0.0.9:9" && direct.path == "/other")
        #expect(direct.addresses == [try #require(SocketAddress(host: "127.0.0.9", port: 9))])
        let proxied = try #require(await Self.targets.resolve(offer, try Self.usual(proxied: true)))
        #expect(proxied.host == "127.0.0.9:9")
        #expect(proxied.addresses == [.loopback(port: 4320)])
    }

    @Test("An endpoint over TLS is secured, under its own name and the trust that is offered; bad trust leads nowhere")
    func secured() async throws {
        var offer = Self.settings("wss://localhost:9/other", nil)
        offer.tls = TLSConnectionSettings(insecureSkipVerify: true, minVersion: "1.3")
        let target = try #require(await Self.targets.resolve(offer, try Self.usual()))
        #expect(target.security?.serverName == "localhost")
        #expect(target.security?.identities == nil)
        let again = try #require(await Self.targets.resolve(offer, try Self.usual()))
        #expect(again.security?.context === target.security?.context)
        offer.tls = TLSConnectionSettings(caPEMContents: "no certificate")
        #expect(await Self.targets.resolve(offer, try Self.usual()) == nil)
    }

    @Test(
        "An endpoint that the fleet cannot go to is none",
        arguments: ["http://127.0.0.1:1", "not an address", "ws://"])
    func nowhere(endpoint: String) async throws {
        #expect(await Self.targets.resolve(Self.settings(endpoint, nil), try Self.usual()) == nil)
    }
}
