import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import OpenSSL
import TestSupport
import Testing
import Transport

@testable import Fleet

/// TLS where it is not the agent's own straight connection to the server.
@Suite("TLS through proxies, and for package files", .takingTurns)
struct TunnelledTLSTests {
    @Test(
        "Agents reach a server over TLS through the tunnel of an HTTP proxy, and verify the server behind it",
        arguments: ["wss", "https"], [true, false])
    func proxy(scheme: String, isTrusted: Bool) async throws {
        let (authority, folder) = (try CertificateAuthority(), try CertificateFolder())
        let trusted = isTrusted ? authority : try CertificateAuthority(commonName: "another")
        let options = TLSServerOptions(identity: try authority.issue(.testServer(hosts: ["opamp.test"])))
        try await withSecureServer(options) { server, _ in
            let proxy = try ScriptedProxy(to: server.addresses[0])
            // A name that only the proxy can find.
            var profile = try Profile.brief("\(scheme)://opamp.test:4320")
            profile.duration = .seconds(2)
            profile.wire.proxy = ProxyProfile(url: try ProxyProfile.url("http://127.0.0.1:\(proxy.port)"))
            profile.tls = TLSProfile(authorities: try folder.file("ca.pem", trusted.certificate.pem))
            do {
                let run = try await FleetRun(profile)
                let summary = await run.perform(as: .test) { _ in }.summary
                let counters = summary.counters
                if isTrusted {
                    #expect(counters[.agentsAnswered] == 3)
                    #expect(counters.errors == 0, "\(summary.named.sorted)")
                    #expect(counters[.tlsHandshakesFull] >= 1)
                } else {
                    #expect(counters[.agentsAnswered] == 0)
                    #expect(counters[.tlsUnknownAuthority] >= 3, "\(summary.named.sorted)")
                }
            } catch {
                await proxy.stop()
                throw error
            }
            await proxy.stop()
            #expect(!proxy.requests.isEmpty)
            #expect(proxy.requests.allSatisfy { $0.method == .connect && $0.target == "opamp.test:4320" })
            // 22: a record of TLS that belongs to a handshake.
            #expect(!proxy.firstBytes.isEmpty && proxy.firstBytes.allSatisfy { $0 == 22 })
        }
    }

    @Test("Package files of an embedded server over TLS come over https, and its own authority is what agents trust")
    func packages() async throws {
        var profile = Profile.standard
        profile.agents = 10
        profile.duration = .seconds(8)
        profile.drain = .seconds(10)
        profile.shards = 2
        profile.server = .embedded(EmbeddedServer(tls: ServerTLS()))
        profile.cohorts[0].heartbeat.interval = .seconds(1)
        profile.cohorts[0].packages = PackageProfile(
            accepted: true,
            plan: PackagePlan(
                fetch: FetchPlan(retryDelay: .milliseconds(20)), progressInterval: .milliseconds(500),
                installTime: .constant(.milliseconds(50)), requiresSignature: true))
        let package = PackageOffer.Package(
            name: "collector", version: "2", isSigned: true, content: .generated(bytes: 300_000))
        profile.events = [
            TimedEvent(at: .after(.seconds(1)), action: .offerPackages(PackageOffer(packages: [package])))
        ]
        let run = try await FleetRun(profile)
        #expect(run.endpoint.hasPrefix("wss://"))
        let summary = await run.perform(as: .test) { _ in }.summary
        let counters = summary.counters
        #expect(counters[.downloadsStarted] == 10 && counters[.downloadsFinished] == 10, "\(summary.named.sorted)")
        #expect(counters[.packageHashesValid] == 10 && counters[.packageSignaturesValid] == 10)
        #expect(counters[.packagesInstalled] == 10)
        #expect(counters.errors == 0, "\(summary.named.sorted)")
    }
}
