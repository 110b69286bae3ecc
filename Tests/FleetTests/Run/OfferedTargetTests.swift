import Engine
import Hosting
import OpAMP
import OpenSSL
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

    @Test("Offered headers replace those of the same name; the others, and all other settings, stay")
    func headers() async throws {
        let offer = Self.settings("", [("authorization", "Bearer new"), ("X-Route", "b"), ("Bad Name", "c")])
        let target = try await Self.targets.resolve(offer, try Self.usual())
        #expect(target.fields.values(of: "Authorization") == ["Bearer new"])
        #expect(target.fields["X-Tenant"] == "acme")
        #expect(target.fields["X-Route"] == "b")
        #expect(target.fields.count == 3)
        #expect(target.host == "usual:4320")
        #expect(target.compression.offersDeflate)
    }

    @Test("Without headers in the offer the usual ones stay")
    func withoutHeaders() async throws {
        let target = try await Self.targets.resolve(Self.settings("", nil), try Self.usual())
        #expect(target.fields["Authorization"] == "Bearer old")
    }

    @Test(
        "The profile's headers, its credentials among them, do not go to another scheme, host or port; the offer's do",
        arguments: [
            ("ws://127.0.0.9:4320/", false), ("ws://usual.invalid:4320/", false), ("ws://127.0.0.1:4321/", false),
            ("wss://127.0.0.1:4320/", false), ("ws://127.0.0.1:4320/other", true),
        ])
    func origins(endpoint: String, keeps: Bool) async throws {
        var usual = try Self.usual(proxied: true)
        usual.host = "127.0.0.1:4320"
        usual.agentFields = try AgentFields([.init("X-Key", .lines(["a", "b"]))])
        let offer = Self.settings(endpoint, [("X-Route", "b")])
        let target = try await Self.targets.resolve(offer, usual)
        #expect(target.fields["Authorization"] == (keeps ? "Bearer old" : nil))
        #expect(target.fields["X-Tenant"] == (keeps ? "acme" : nil))
        #expect(target.agentFields.isCommon != keeps)
        #expect(target.fields["X-Route"] == "b")
    }

    @Test("An endpoint without TLS is refused if the profile's server has TLS, unless that is allowed")
    func downgrade() async throws {
        var usual = try Self.usual()
        usual.security = TargetSecurity(
            context: try TLSClientContext(TLSClientOptions(trust: .system)), serverName: "x", identities: nil)
        let offer = Self.settings("ws://127.0.0.9:9/other", nil)
        await #expect(throws: OfferProblem.withoutTLS) { try await Self.targets.resolve(offer, usual) }
        var allowing = Self.targets
        allowing.allowsPlaintextEndpoints = true
        let target = try await allowing.resolve(offer, usual)
        #expect(target.security == nil && target.fields.count == 0)
    }

    @Test("An endpoint leads to its own address, or through the proxy that there was")
    func endpoint() async throws {
        let offer = Self.settings("ws://127.0.0.9:9/other", nil)
        let direct = try await Self.targets.resolve(offer, try Self.usual())
        #expect(direct.host == "127.0.0.9:9" && direct.path == "/other")
        #expect(direct.addresses == [try #require(SocketAddress(host: "127.0.0.9", port: 9))])
        let proxied = try await Self.targets.resolve(offer, try Self.usual(proxied: true))
        #expect(proxied.host == "127.0.0.9:9")
        #expect(proxied.addresses == [.loopback(port: 4320)])
    }

    @Test(
        "An offered proxy is used from then on, with only its own headers; with an unusable one no connection opens"
    )
    func offeredProxy() async throws {
        for url in ["127.0.0.7:8080", "http://127.0.0.7:8080"] {
            var offer = Self.settings("ws://no-such-name.invalid:9/other", [("X-Route", "b")])
            offer.proxy = ProxyConnectionSettings(
                url: url, connectHeaders: Headers(headers: [Header(key: "Proxy-Authorization", value: "Basic x")]))
            for usual in [try Self.usual(), try Self.usual(proxied: true)] {
                let target = try await Self.targets.resolve(offer, usual)
                #expect(target.addresses == [try #require(SocketAddress(host: "127.0.0.7", port: 8080))])
                #expect(target.host == "no-such-name.invalid:9")
                #expect(target.proxy?.fields["Proxy-Authorization"] == "Basic x")
                #expect(target.fields["Proxy-Authorization"] == nil && target.fields["X-Route"] == "b")
            }
        }
        for url in ["https://127.0.0.7:8080", "socks5://127.0.0.7:1080", "ws://127.0.0.7:1", "no address"] {
            var offer = Self.settings("", nil)
            offer.proxy = ProxyConnectionSettings(url: url)
            await #expect(throws: OfferProblem.proxyUnusable, "\(url)") {
                try await Self.targets.resolve(offer, Self.plain)
            }
        }
    }

    @Test("A certificate that is offered empty means none; one that cannot be used lets every attempt fail")
    func certificates() async throws {
        var offer = Self.settings("wss://localhost:9/other", nil)
        offer.tls = TLSConnectionSettings(caPEMContents: try CertificateAuthority().certificate.pem)
        var usual = try Self.usual()
        let context = try TLSClientContext(TLSClientOptions(trust: .system))
        usual.security = TargetSecurity(context: context, serverName: "x", identities: Everybody())
        #expect(try await Self.targets.resolve(offer, usual).security?.identities is Everybody)
        // An authority that is offered with a certificate is not trusted.
        let authority = try CertificateAuthority()
        let issued = try authority.issue(CertificateAuthority.Request(commonName: "agent", use: .client))
        offer.tls = nil
        offer.certificate = TLSCertificate(
            cert: Array(issued.chainPEM.utf8), privateKey: Array(issued.key.pem.utf8),
            caCert: Array(authority.certificate.pem.utf8))
        let shown = try #require(try await Self.targets.resolve(offer, usual).security)
        #expect(shown.context === context)
        #expect(try shown.identities?.identity(of: 1, cohort: "c") != nil)
        offer.certificate = TLSCertificate()
        let without = try #require(try await Self.targets.resolve(offer, usual).security)
        #expect(without.identities == nil)
        offer.certificate = TLSCertificate(cert: [1], privateKey: [2])
        await #expect(throws: OfferProblem.certificateUnusable) { try await Self.targets.resolve(offer, usual) }
        // What is offered is refused as a whole, also where no certificate could be shown.
        offer.destinationEndpoint = "ws://localhost:9/other"
        await #expect(throws: OfferProblem.certificateUnusable) { try await Self.targets.resolve(offer, Self.plain) }
    }

    @Test(
        "Every field of the offered trust is used, and unusable settings are refused",
        arguments: [
            (TLSConnectionSettings(includeSystemCACertsPool: true), nil), (.init(caPEMContents: "PEM"), nil),
            (.init(caPEMContents: "PEM", includeSystemCACertsPool: true), nil),
            (.init(minVersion: "TLSv1.2", maxVersion: "1.2"), nil),
            (.init(cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"]), nil),
            (.init(caPEMContents: "nothing"), .authoritiesUnusable),
            (.init(minVersion: "SSLv3"), .tlsVersionUnsupported),
            (.init(minVersion: "1.3", maxVersion: "1.2"), .tlsVersionUnsupported),
            (.init(minVersion: "1.0"), .tlsVersionUnsupported), (.init(minVersion: "1.1"), .tlsVersionUnsupported),
            (.init(maxVersion: "1.1"), .tlsVersionUnsupported),
            (.init(cipherSuites: ["TLS_NULL_WITH_EVERYTHING"]), .cipherSuiteUnknown),
            (.init(insecureSkipVerify: true), .withoutVerification),
        ] as [(TLSConnectionSettings, OfferProblem?)])
    func trusts(_ offered: TLSConnectionSettings, problem: OfferProblem?) async throws {
        var offer = Self.settings("wss://localhost:9/other", nil)
        offer.tls = offered
        let authority = try CertificateAuthority()
        if offered.caPEMContents == "PEM" { offer.tls?.caPEMContents = authority.certificate.pem }
        var found: OfferProblem?
        do throws(OfferProblem) { _ = try await Self.targets.resolve(offer, Self.plain) } catch { found = error }
        #expect(found == problem)
    }

    @Test(
        "What cannot be used is told by its own name",
        arguments: [
            ("http://localhost:9/", OfferProblem.transportChange), ("https://localhost:9/", .transportChange),
            ("no address", .endpointInvalid), ("ws://[::1/", .endpointInvalid),
            ("ws://no-such-name.invalid:9/", .nameNotResolved),
        ])
    func problems(endpoint: String, problem: OfferProblem) async throws {
        await #expect(throws: problem) { try await Self.targets.resolve(Self.settings(endpoint, nil), Self.plain) }
        guard problem == .transportChange else { return }
        let polling = try Self.usual(.polling(PollingPlan(connections: 1)))
        await #expect(throws: problem) {
            try await Self.targets.resolve(Self.settings("ws://localhost:9/", nil), polling)
        }
    }

    @Test("Characters that no URL may hold are percent-encoded in an offered endpoint")
    func encoded() async throws {
        let target = try await Self.targets.resolve(Self.settings("ws://127.0.0.1:9/a b/\u{E9}?q=|", nil), Self.plain)
        #expect(target.path == "/a%20b/%C3%A9?q=%7C")
    }

    private static let plain: AgentTarget = {
        do { return try usual() } catch { preconditionFailure("\(error)") }
    }()

    private struct Everybody: AgentIdentities {
        func identity(of agent: UInt64, cohort: String) throws(TLSError) -> PackedIdentity? { nil }

        func isShared(by cohort: String) -> Bool { true }
    }

    @Test("An endpoint over TLS is secured, under its own name and the trust that is offered; bad trust leads nowhere")
    func secured() async throws {
        let targets = OfferedTargets(
            contexts: OfferedContexts(TLSProfile(), allowsSkippedVerification: true), requests: nil)
        var offer = Self.settings("wss://localhost:9/other", nil)
        offer.tls = TLSConnectionSettings(insecureSkipVerify: true, minVersion: "1.3")
        let target = try await targets.resolve(offer, try Self.usual())
        #expect(target.security?.serverName == "localhost")
        #expect(target.security?.identities == nil)
        let again = try await targets.resolve(offer, try Self.usual())
        #expect(again.security?.context === target.security?.context)
        offer.tls = TLSConnectionSettings(caPEMContents: "no certificate")
        let offer1 = offer
        await #expect(throws: OfferProblem.authoritiesUnusable) { try await targets.resolve(offer1, Self.plain) }
    }

    @Test(
        "An endpoint that the fleet cannot go to is none",
        arguments: ["http://127.0.0.1:1", "not an address", "ws://"])
    func nowhere(endpoint: String) async throws {
        await #expect(throws: OfferProblem.self) {
            try await Self.targets.resolve(Self.settings(endpoint, nil), Self.plain)
        }
    }
}
