import Engine
import Hosting
import OpAMP
import Testing
import Transport

@testable import Fleet

@Suite("Where offers of connection settings lead (spec: OpAMPConnectionSettings, Authentication)")
struct OfferedHeadersTests {
    private func usual() throws -> AgentTarget {
        var fields = HTTPFields()
        try fields.append("X-Usual", "1")
        let address = try #require(SocketAddress(host: "127.0.0.1", port: 9))
        return try #require(AgentTarget(addresses: [address], host: "h:9", path: "/v1/opamp", fields: fields))
    }

    @Test("Offered headers replace those of the same name; the others stay")
    func sent() async throws {
        let headers = Headers(headers: [
            Header(key: "Authorization", value: "Bearer x"), Header(key: "X-Usual", value: "2"),
        ])
        let target = try await OfferedTargetTests.targets.resolve(
            OpAMPConnectionSettings(destinationEndpoint: "ws://127.0.0.1:7/p", headers: headers), try usual())
        #expect(target.fields["Authorization"] == "Bearer x")
        #expect(target.fields.values(of: "X-Usual") == ["2"])
        #expect(target.path == "/p" && target.host == "127.0.0.1:7")
        let same = try await OfferedTargetTests.targets.resolve(OpAMPConnectionSettings(), try usual())
        #expect(same.fields["X-Usual"] == "1" && same.path == "/v1/opamp")
    }

    @Test(
        "An endpoint of another transport, or none at all, leads nowhere",
        arguments: ["http://127.0.0.1:7", "x", "ws://"])
    func nowhere(endpoint: String) async throws {
        let usual = try usual()
        await #expect(throws: OfferProblem.self) {
            try await OfferedTargetTests.targets.resolve(
                OpAMPConnectionSettings(destinationEndpoint: endpoint), usual)
        }
    }

    @Test("Destinations of own telemetry are HTTP addresses, with their headers; https has TLS")
    func destinations() async throws {
        let destinations = OfferedDestinations(nil, OfferedContexts(TLSProfile()))
        let headers = Headers(headers: [Header(key: "X-Tenant", value: "shop"), Header(key: "bad name", value: "x")])
        let route = try await destinations.resolve(
            TelemetryConnectionSettings(destinationEndpoint: "http://127.0.0.1:4318/v1/logs", headers: headers))
        #expect(route.fields["X-Tenant"] == "shop" && route.path == "/v1/logs" && route.tls == nil)
        let secure = try await destinations.resolve(
            TelemetryConnectionSettings(destinationEndpoint: "https://127.0.0.1:4318/v1/logs"))
        #expect(secure.tls != nil && secure.serverName == "127.0.0.1")
        for endpoint in ["ws://127.0.0.1:1", "", "kafka:9092"] {
            await #expect(throws: OfferProblem.self) {
                try await destinations.resolve(TelemetryConnectionSettings(destinationEndpoint: endpoint))
            }
        }
    }
}
