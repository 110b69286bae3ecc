import AgentModel
import Basis
import ControlPlane
import Engine
import Metrics
import OpenSSL
import Packages
import TestSupport
import Testing
import Transport

@testable import Hosting

@Suite("The way of downloads: proxies, certificates, credentials", .timeLimit(.minutes(5)))
struct RoutedDownloadTests {
    private static let package = GeneratedPackage(seed: 6, size: 200_000, executable: "collector")
    private static let file = package.bytes(0..<package.size)
    private static let hash = SHA256.hash(of: file)

    private static func proxyFields() throws -> HTTPFields {
        var fields = HTTPFields()
        try fields.append("Proxy-Authorization", "Basic dTpw")
        return fields
    }

    /// A server with one package's file, `p.tar`.
    private static func server(
        _ security: TLSServerOptions? = nil, _ change: (inout ServerWire) -> Void = { _ in }
    ) throws -> OpAMPServer {
        var store = try PackageStore(folder: nil)
        store.add(package, named: "p.tar")
        var wire = ServerWire()
        change(&wire)
        return try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 1, wallClockAtZero: 0,
            security: try security.map { options in try ServerSecurity(options) }, packages: store)
    }

    private static func secure(
        _ authority: CertificateAuthority, asking: TLSServerOptions.ClientCertificates = .notAsked
    ) throws -> TLSServerOptions {
        var options = TLSServerOptions(
            identity: try authority.issue(.init(commonName: "files", hosts: ["127.0.0.1"], use: .server)))
        options.clientCertificates = asking
        return options
    }

    private static func trusting(_ authority: CertificateAuthority) throws -> DownloadSetup {
        DownloadSetup(
            security: try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem))))
    }

    // MARK: - Slow networks

    @Test("A file comes over the agent's slow network: its latency and its bandwidth hold for it")
    func slowNetwork() async throws {
        let server = try Self.server()
        let bed = try await DownloadBed()
        var link = LinkPlan(seed: 3)
        link.latency = .constant(.milliseconds(40))
        link.bytesDown = 400_000
        let url = "http://\(server.addresses[0])/packages/p.tar"
        let told = await bed.fetch(url, hash: Self.hash, by: DownloadRoute(link: link))
        #expect(told.outcome == .verified, "\(told.failure)")
        let figures = await bed.figures()
        #expect(figures.counters[.downloadBytes] == UInt64(Self.package.size))
        // The connection's round trip, the request's, and 200,000 bytes at 400,000 a second.
        let least = Nanoseconds.milliseconds(4 * 40 + 500)
        #expect(figures.measures[Measure.downloadTime.index].max >= least)
        #expect(figures.counters[.linkSegments] >= UInt64(Self.package.size / 1_460))
        await bed.stop()
        _ = await server.stop()
    }

    // MARK: - Proxies

    @Test("A proxy gets the full address of an http file; the proxy and the server get only their own headers")
    func absoluteForm() async throws {
        let proxy = try ScriptedHTTPServer { _ in .file(Self.file) }
        let bed = try await DownloadBed()
        let route = DownloadRoute(proxy: (proxy.address, try Self.proxyFields()))
        let told = await bed.fetch(
            "http://files.invalid/p.tar", hash: Self.hash, headers: [("X-Token", "t"), ("Content-Length", "7")],
            by: route)
        #expect(told.outcome == .verified, "\(told.failure)")
        let request = try #require(proxy.requests.first?.head)
        #expect(request.target == "http://files.invalid/p.tar")
        #expect(request.fields["Host"] == "files.invalid")
        #expect(request.fields["Proxy-Authorization"] == "Basic dTpw" && request.fields["X-Token"] == "t")
        #expect(!request.fields.contains("Content-Length"))
        await bed.stop()
        await proxy.stop()
    }

    @Test(
        "A file over https comes through a tunnel: the server is verified, the proxy sees none of the file's headers"
    )
    func tunnel() async throws {
        let authority = try CertificateAuthority()
        let server = try Self.server(Self.secure(authority))
        let proxy = try ScriptedProxy { _ in .connects }
        let bed = try await DownloadBed(try Self.trusting(authority))
        let route = DownloadRoute(proxy: (proxy.address, try Self.proxyFields()))
        let url = "https://\(server.addresses[0])/packages/p.tar"
        let told = await bed.fetch(url, hash: Self.hash, headers: [("X-Token", "t")], by: route)
        #expect(told.outcome == .verified, "\(told.failure)")
        let request = try #require(proxy.requests.first)
        #expect(request.method == .connect && request.target == "\(server.addresses[0])")
        #expect(request.fields["Proxy-Authorization"] == "Basic dTpw" && !request.fields.contains("X-Token"))
        #expect(await bed.figures().counters.errors == 0)
        await bed.stop()

        // The tunnel is no reason to trust what is behind it.
        let stranger = try await DownloadBed(try Self.trusting(try CertificateAuthority(commonName: "other")))
        let refused = await stranger.fetch(url, by: route) { $0.attempts = 1 }
        #expect(refused.failure.contains("unknown certificate authority"), "\(refused.failure)")
        #expect(await stranger.figures().counters[.downloadNotConnected] == 1)
        await stranger.stop()
        await proxy.stop()
        _ = await server.stop()
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reaction: ScriptedProxy.Reaction
        let counter: Counter
        let attempts: Int

        init(_ name: String, _ reaction: ScriptedProxy.Reaction, _ counter: Counter, attempts: Int) {
            (testDescription, self.reaction, self.counter, self.attempts) = (name, reaction, counter, attempts)
        }

        static func says(_ answer: String) -> ScriptedProxy.Reaction { .says(Array(answer.utf8)) }
    }

    static let refusals: [Refusal] = [
        Refusal(
            "407", Refusal.says("HTTP/1.1 407 Show me\r\nContent-Length: 0\r\n\r\n"), .proxyUnauthorized, attempts: 1),
        Refusal("403", Refusal.says("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), .proxyRefused, attempts: 1),
        Refusal("502", Refusal.says("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n"), .proxyRefused, attempts: 3),
        Refusal("no HTTP", Refusal.says("SSH-2.0-OpenSSH_9.6\r\n\r\n"), .proxyMalformed, attempts: 3),
        Refusal("early bytes", Refusal.says("HTTP/1.1 200 OK\r\n\r\nx"), .proxyMalformed, attempts: 3),
        Refusal("a close", .closes, .proxyMalformed, attempts: 3),
        Refusal("a reset", .resets, .downloadNotConnected, attempts: 3),
        Refusal("silence", Refusal.says(""), .downloadNotConnected, attempts: 3),
    ]

    @Test(
        "A proxy that opens no tunnel is counted by its status, and tried again where that can help",
        arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        let proxy = try ScriptedProxy { _ in refusal.reaction }
        let bed = try await DownloadBed()
        let told = await bed.fetch(
            "https://files.invalid/p.tar", by: DownloadRoute(proxy: (proxy.address, HTTPFields()))
        ) { plan in
            plan.attempts = 3
            plan.stallTimeout = .milliseconds(100)
        }
        #expect(told.failure.contains("proxy"), "\(told.failure)")
        let counters = await bed.figures().counters
        #expect(counters[refusal.counter] == UInt64(refusal.attempts))
        #expect(counters.errors == UInt64(refusal.attempts))
        #expect(proxy.requests.count == refusal.attempts)
        await bed.stop()
        await proxy.stop()
    }

    @Test("A 407 for an http file is a failure of the proxy, not of the file's server")
    func wantsCredentials() async throws {
        let proxy = try ScriptedHTTPServer { _ in .status(407) }
        let bed = try await DownloadBed()
        let told = await bed.fetch("http://files.invalid/p", by: DownloadRoute(proxy: (proxy.address, HTTPFields())))
        #expect(told.failure.contains("the proxy answered 407"))
        let figures = await bed.figures()
        #expect(figures.counters[.proxyUnauthorized] == 1 && figures.named["proxy_refused_407"] == 1)
        #expect(proxy.requests.count == 1)
        await bed.stop()
        await proxy.stop()
    }

    // MARK: - Certificates

    @Test(
        "An https file server that requests a certificate gets the agent's; without one the error is counted by name"
    )
    func certificate() async throws {
        let authority = try CertificateAuthority()
        let server = try Self.server(
            Self.secure(authority, asking: .required(.authorities(authority.certificate.pem))))
        let url = "https://\(server.addresses[0])/packages/p.tar"
        let bed = try await DownloadBed(try Self.trusting(authority))
        let own = try authority.issue(.init(commonName: "agent-1", use: .client))
        let told = await bed.fetch(url, hash: Self.hash, by: DownloadRoute(identity: PackedIdentity(own)))
        #expect(told.outcome == .verified, "\(told.failure)")

        let cases: [(identity: TLSIdentity?, name: String)] = [
            (nil, "peer alert: certificate required"),
            (
                try CertificateAuthority(commonName: "other").issue(.init(commonName: "x", use: .client)),
                "peer alert: unknown authority"
            ),
        ]
        for (identity, name) in cases {
            let other = try await DownloadBed(try Self.trusting(authority))
            let route = DownloadRoute(identity: identity.map { PackedIdentity($0) })
            let refused = await other.fetch(url, by: route) { $0.attempts = 2 }
            #expect(refused.failure.contains("peer alert"), "\(refused.failure)")
            let figures = await other.figures()
            #expect(figures.counters[.downloadNotConnected] == 2)
            #expect(figures.named[name] == 2, "\(figures.named.sorted)")
            await other.stop()
        }
        await bed.stop()
        _ = await server.stop()
    }

    @Test("An agent resumes only a session that it had itself", arguments: [true, false])
    func resumption(hasOwn: Bool) async throws {
        let authority = try CertificateAuthority()
        let server = try Self.server(Self.secure(authority))
        let url = "https://\(server.addresses[0])/packages/p.tar"
        let bed = try await DownloadBed(try Self.trusting(authority))
        for agent in [0, 1, hasOwn ? 1 : 2] as [UInt64] {
            #expect(await bed.fetch(url, hash: Self.hash, agent: agent).outcome == .verified)
        }
        let named = await bed.figures().named
        #expect(named["download_handshakes_full"] == (hasOwn ? 2 : 3))
        #expect(named["download_handshakes_resumed"] == (hasOwn ? 1 : 0))
        await bed.stop()
        _ = await server.stop()
    }

    // MARK: - Credentials

    @Test(
        "A file server gets the credentials of the offer; with none or wrong ones, 401 is counted by name"
    )
    func credentials() async throws {
        let server = try Self.server { $0.fileCredentials = ServerWire.Credentials(["t0ken", "fleet:pass"]) }
        let url = "http://\(server.addresses[0])/packages/p.tar"
        for value in ["Bearer t0ken", "Basic ZmxlZXQ6cGFzcw=="] {
            let bed = try await DownloadBed()
            #expect(
                await bed.fetch(url, hash: Self.hash, headers: [("Authorization", value)]).outcome == .verified,
                "\(value)")
            await bed.stop()
        }
        for headers in [[], [("Authorization", "Bearer other")]] {
            let bed = try await DownloadBed()
            let told = await bed.fetch(url, hash: Self.hash, headers: headers)
            #expect(told.failure.contains("requires credentials"))
            let figures = await bed.figures()
            #expect(figures.counters[.downloadUnauthorized] == 1 && figures.counters.errors == 1)
            #expect(figures.named["verdict_access_unauthorized"] == 1 && figures.named["download_status_401"] == 1)
            await bed.stop()
        }
        let shard = try Shard(label: "raw")
        let client = RawClient.send(
            Array("HEAD /packages/p.tar HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
            to: server.addresses[0], on: shard)
        try await client.wait(until: "the refusal") { $0.isClosed }
        #expect(client.text.hasPrefix("HTTP/1.1 401") && client.text.contains("WWW-Authenticate: Bearer"))
        await shard.stop()
        let counts = await server.stop()
        #expect(counts.filesUnauthorized == 3 && counts.filesSent == 2 && counts.fileConnections == 5)
        #expect(counts.unauthorized == 0)
    }

    @Test("A 403 for a file is not tried again, and is counted by name")
    func forbidden() async throws {
        let server = try ScriptedHTTPServer { _ in .status(403) }
        let bed = try await DownloadBed()
        #expect(await bed.fetch("http://\(server.address)/p").failure.contains("403 Forbidden"))
        let figures = await bed.figures()
        #expect(figures.counters[.downloadForbidden] == 1 && figures.named["verdict_access_forbidden"] == 1)
        #expect(server.requests.count == 1)
        await bed.stop()
        await server.stop()
    }

    @Test("Credentials go to the offer's own server, not to where a redirect leads")
    func redirected() async throws {
        let behind = try ScriptedHTTPServer { _ in .file(Self.file) }
        let server = try ScriptedHTTPServer { _ in .status(302, "Location: http://\(behind.address)/q\r\n") }
        let bed = try await DownloadBed()
        let told = await bed.fetch(
            "http://\(server.address)/p", hash: Self.hash, headers: [("Authorization", "Bearer t")])
        #expect(told.outcome == .verified)
        #expect(server.requests.first?.head.fields["Authorization"] == "Bearer t")
        #expect(behind.requests.first?.head.fields.contains("Authorization") == false)
        await bed.stop()
        await server.stop()
        await behind.stop()
    }
}
