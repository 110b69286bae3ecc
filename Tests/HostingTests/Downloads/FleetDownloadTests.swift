import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import OpAMP
import OpenSSL
import OrderedCollections
import Packages
import TestSupport
import Testing
import Transport

@Suite("Agents fetch files the way that they reach their server", .timeLimit(.minutes(5)))
struct FleetDownloadTests {
    private static let package = GeneratedPackage(seed: 8, size: 100_000, executable: "collector")

    private struct OwnCertificates: AgentIdentities {
        let authority: CertificateAuthority

        func identity(of agent: UInt64, cohort: String) throws(TLSError) -> PackedIdentity? {
            PackedIdentity(try authority.issue(.init(commonName: "\(cohort)-\(agent)", use: .client)))
        }

        func isShared(by cohort: String) -> Bool { false }
    }

    /// A server that wants a certificate of every client, on OpAMP and for files alike, offers a package to all.
    private static func server(_ authority: CertificateAuthority) throws -> OpAMPServer {
        var store = try PackageStore(folder: nil)
        store.add(package, named: "p.tar")
        var options = TLSServerOptions(
            identity: try authority.issue(.init(commonName: "server", hosts: ["127.0.0.1"], use: .server)))
        options.clientCertificates = .required(.authorities(authority.certificate.pem))
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000,
            security: ServerSecurity(options, authority: authority), packages: store)
        let file = DownloadableFile(
            downloadURL: "https://\(server.addresses[0])/packages/p.tar",
            contentHash: SHA256.hash(of: package.bytes(0..<package.size)))
        let available = PackagesAvailable(
            packages: ["collector": PackageAvailable(type: .topLevel, version: "2", file: file)])
        let offer = Offer(revision: 1, .packages(available))
        server.steer { registry, now, effects in try? registry.offer(offer, to: .all, at: now, &effects) }
        return server
    }

    @Test(
        "Under certificates of their own, with and without a proxy, over WebSocket and over plain HTTP",
        arguments: ProxyTests.transports, [true, false])
    func whole(_ transport: AgentTransport, isProxied: Bool) async throws {
        let authority = try CertificateAuthority()
        let server = try Self.server(authority)
        let proxy = try ScriptedProxy { _ in .connects }
        let context = try TLSClientContext(TLSClientOptions(trust: .authorities(authority.certificate.pem)))
        let target = try SmallFleet.target(
            isProxied ? proxy.address : server.addresses[0], host: "\(server.addresses[0])", transport: transport
        ) {
            $0.security = TargetSecurity(
                context: context, serverName: "127.0.0.1", identities: OwnCertificates(authority: authority))
            if isProxied { $0.proxy = ProxyRoute() }
        }
        let fleet = try SmallFleet(4, at: target, downloads: DownloadSetup(security: context)) { plan in
            plan.capabilities.insert([.acceptsPackages, .reportsPackageStatuses])
            plan.packages = PackagePlan(
                fetch: FetchPlan(retryDelay: .milliseconds(20)), progressInterval: .seconds(1),
                installTime: .constant(.milliseconds(10)))
        }
        try await fleet.wait(until: "all have installed it") { $0[.packageOffersConverged] == 4 }
        #expect(fleet.counters.errors == 0, "\(fleet.named.sorted)")
        #expect(fleet.counters[.downloadsFinished] == 4)
        await fleet.stop()
        let counts = await server.stop()
        await proxy.stop()
        #expect(counts.filesSent == 4 && counts.fileConnections == 4)
        // Polling agents with certificates of their own share no connection.
        #expect(proxy.tunnels == (isProxied ? 8 : 0))
        #expect(proxy.requests.allSatisfy { $0.target == "\(server.addresses[0])" })
    }
}
