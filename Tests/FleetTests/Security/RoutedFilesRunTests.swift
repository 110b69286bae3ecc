import AgentModel
import Basis
import ControlPlane
import Engine
import Foundation
import Hosting
import Metrics
import OpAMP
import OpenSSL
import OrderedCollections
import Packages
import Schema
import Synchronization
import TestSupport
import Testing

@testable import Fleet

/// Whole runs in which package files are not for everybody.
@Suite("Runs with package files behind certificates, proxies and credentials", .takingTurns)
struct RoutedFilesRunTests {
    private static let agents = 6

    private static func profile(_ server: ServerChoice) -> Profile {
        var profile = Profile.standard
        profile.agents = agents
        profile.duration = .seconds(8)
        profile.drain = .seconds(10)
        profile.shards = 2
        profile.server = server
        profile.cohorts[0].heartbeat.interval = .seconds(1)
        profile.cohorts[0].reconnect = .fixed(.milliseconds(200))
        profile.cohorts[0].packages = PackageProfile(
            accepted: true,
            plan: PackagePlan(
                fetch: FetchPlan(attempts: 2, retryDelay: .milliseconds(20)), progressInterval: .milliseconds(500),
                installTime: .constant(.milliseconds(50))))
        return profile
    }

    private static func offered(_ profile: Profile) -> Profile {
        var profile = profile
        let package = PackageOffer.Package(name: "collector", version: "2", content: .generated(bytes: 50_000))
        profile.events = [
            TimedEvent(at: .after(.seconds(1)), action: .offerPackages(PackageOffer(packages: [package])))
        ]
        return profile
    }

    private static func perform(_ profile: Profile) async throws -> RunSummary {
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }.summary
    }

    @Test("Files of a server that asks every client for a certificate, through a proxy, under each agent's own")
    func certificates() async throws {
        let server = EmbeddedServer(tls: ServerTLS(clientCertificates: .require))
        var profile = Self.offered(Self.profile(.embedded(server)))
        profile.cohorts[0].clientCertificate = .issued(IssuedClientCertificate(keys: 2))
        let proxy = try ScriptedProxy()
        profile.wire.proxy = ProxyProfile(url: try ProxyProfile.url("http://127.0.0.1:\(proxy.port)"))
        let summary = try await Self.perform(profile)
        await proxy.stop()
        #expect(summary.counters[.packagesInstalled] == UInt64(Self.agents), "\(summary.named.sorted)")
        #expect(summary.counters.errors == 0, "\(summary.named.sorted)")
        #expect(proxy.requests.count == 2 * Self.agents)
        // Connections for files are none of the agents' own.
        #expect(summary.reconciliation.agrees, "\(summary.reconciliation)")
    }

    @Test(
        "If the server requires credentials, its offers contain those for files, and other clients are refused",
        arguments: [
            EmbeddedServer.Packages.Access.asForOpAMP, .anybody, .secret(.environment("MUSTER_TEST_FILES")),
        ])
    func credentials(_ access: EmbeddedServer.Packages.Access) async throws {
        let folder = try CertificateFolder()
        let tokens = try folder.file("tokens", (0..<Self.agents).map { "token-\($0)\n" }.joined())
        var access = access
        if case .secret = access { access = .secret(.file(try folder.file("files", "files-only\nsecond\n"))) }
        var profile = Self.offered(
            Self.profile(.embedded(EmbeddedServer(credentials: .file(tokens), packages: .init(access: access)))))
        profile.wire.auth = .bearer(.secret(.file(tokens)))
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.packagesInstalled] == UInt64(Self.agents), "\(summary.named.sorted)")
        #expect(summary.counters.errors == 0, "\(summary.named.sorted)")
        #expect(!profile.resolvedYAML.contains("files-only") && !profile.resolvedYAML.contains("token-"))
    }

    @Test("Where the server wants credentials, its offers give agents what they need to export their telemetry to it")
    func telemetry() async throws {
        let folder = try CertificateFolder()
        let tokens = try folder.file("tokens", (0..<Self.agents).map { "token-\($0)\n" }.joined())
        var profile = Self.profile(.embedded(EmbeddedServer(credentials: .file(tokens))))
        profile.duration = .seconds(4)
        profile.wire.auth = .bearer(.secret(.file(tokens)))
        profile.cohorts[0].ownTelemetry = OwnTelemetryProfile(signals: [.metrics], interval: .milliseconds(500))
        let destination = ConnectionOffer.Destination(endpoint: "http://{{server}}/v1/metrics")
        profile.events = [
            TimedEvent(
                at: .after(.milliseconds(500)),
                action: .offerConnection(ConnectionOffer(ownMetrics: destination, target: .everybody)))
        ]
        let summary = try await Self.perform(profile)
        #expect(summary.counters.errors == 0, "\(summary.named.sorted)")
        #expect(summary.reconciliation.agrees, "\(summary.reconciliation)")
        let items = summary.reconciliation.lines.first { $0.what.contains("telemetry") }
        #expect(items.map { $0.tool > 0 && $0.server == $0.tool } == true, "\(summary.reconciliation)")
    }

    @Test("The counts of a server that wants credentials are asked for with those of an agent, or not at all")
    func counts() async throws {
        var wire = ServerWire()
        wire.credentials = ServerWire.Credentials(["key-0-x", "key-1-x", "key-2-x", "key-3-x", "key-4-x", "key-5-x"])
        let server = try OpAMPServer(
            plan: ControlPlane.ServerPlan(), address: .loopback(port: 0), wire: wire, shards: 1, seed: 1,
            wallClockAtZero: WallClock.unixNanoseconds(at: .zero) / 1_000_000)
        var profile = Self.profile(.url(try ServerURL("ws://127.0.0.1:\(server.addresses[0].port)")))
        profile.duration = .seconds(2)
        profile.wire.auth = .bearer(.text("key-{{index}}-x"))
        for asks in [true, false] {
            let run = try await FleetRun(profile, options: FleetRunOptions(asksServerForCounts: asks))
            let note = try #require(run.countsNote)
            #expect(note.contains(asks ? "GET /muster/counts" : "not asked for"))
            let summary = await run.perform(as: .test) { _ in }.summary
            #expect(summary.reconciliation.isServerKnown == asks)
            #expect(summary.counters.errors == 0, "\(summary.named.sorted)")
        }
        #expect(await server.stop().unauthorized == 0)
    }

    @Test("An offer contains its own token for agents, or the first of the given ones")
    func headers() throws {
        let folder = try CertificateFolder()
        let tokens = ServerWire.Credentials(["agent-token"])
        let minted = try PackageAccess(.asForOpAMP, opamp: tokens)
        let value = try #require(minted.headers?.headers.first?.value)
        #expect(value.hasPrefix("Bearer ") && !value.contains("agent-token"))
        #expect(try PackageAccess(.asForOpAMP, opamp: tokens).headers?.headers.first?.value != value)
        #expect(try PackageAccess(.asForOpAMP, opamp: nil).credentials == nil)
        #expect(try PackageAccess(.anybody, opamp: tokens).headers == nil)
        let named = try PackageAccess(
            .secret(.file(try folder.file("f", "a:b\nc\n"))), opamp: tokens)
        #expect(named.headers?.headers == [Header(key: "Authorization", value: "Basic YTpi")])
        #expect("\(named)\(minted)".contains("agent-token") == false)
        #expect(throws: RunError.self) { try PackageAccess(.secret(.environment("NO_SUCH_VARIABLE")), opamp: nil) }
    }

    @Test("A certificate that was rotated is what file servers are shown from then on")
    func rotated() async throws {
        // The file server trusts only the authority that the rotated certificates come from.
        let (old, new) = (try CertificateAuthority(commonName: "old"), try CertificateAuthority(commonName: "new"))
        let folder = try CertificateFolder()
        let made = GeneratedPackage(seed: 3, size: 30_000, executable: "x")
        var store = try PackageStore(folder: nil)
        store.add(made, named: "p.tar")
        var forFiles = TLSServerOptions(identity: try new.issue(.testServer()))
        forFiles.clientCertificates = .required(.authorities(new.certificate.pem))
        let files = try OpAMPServer(
            plan: ControlPlane.ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 0,
            security: ServerSecurity(forFiles), packages: store)
        var options = TLSServerOptions(identity: try new.issue(.testServer()))
        options.clientCertificates = .required(.authorities(old.certificate.pem + new.certificate.pem))
        var plan = ControlPlane.ServerPlan()
        plan.usualHeartbeatInterval = .seconds(1)
        let server = try OpAMPServer(
            plan: plan, address: .loopback(port: 0), shards: 1, seed: 1,
            wallClockAtZero: WallClock.unixNanoseconds(at: .zero) / 1_000_000,
            security: ServerSecurity(options, authority: new))

        var profile = Self.profile(.url(try ServerURL("wss://127.0.0.1:\(server.addresses[0].port)")))
        profile.duration = .seconds(60)
        profile.tls = TLSProfile(authorities: try folder.file("ca.pem", new.certificate.pem))
        let shown = try old.issue(.init(commonName: "fleet", use: .client))
        profile.cohorts[0].clientCertificate = .files(try folder.pair("fleet", shown))

        @Sendable func offer(_ version: String, _ revision: UInt32) {
            var available = PackagesAvailable()
            available.packages["collector"] = PackageAvailable(
                type: .topLevel, version: version,
                file: DownloadableFile(
                    downloadURL: "https://\(files.addresses[0])/packages/p.tar?\(version)",
                    contentHash: SHA256.hash(of: made.bytes(0..<made.size))))
            let offer = Offer(revision: revision, .packages(available))
            server.steer { registry, now, effects in try? registry.offer(offer, to: .all, at: now, &effects) }
        }
        let run = try await FleetRun(profile)
        let step = Mutex(0)
        let all = UInt64(Self.agents)
        let summary = await run.perform(as: .test) { snapshot in
            let counters = snapshot.counters
            let next = step.withLock { step in
                let isDone =
                    switch step {
                    case 0: counters[.agentsAnswered] == all
                    case 1: counters[.packageOffersFailed] == all
                    case 2: counters[.settingsCommitted] == all
                    case 3: counters[.packageOffersConverged] == all
                    default: false
                    }
                if isDone { step += 1 }
                return isDone ? step : 0
            }
            switch next {
            case 1: offer("1", 1)
            case 2: server.rotateCertificates(of: .all)
            case 3: offer("2", 2)
            case 4: Task { await run.interrupt() }
            default: break
            }
        }.summary
        _ = await server.stop()
        let counts = await files.stop()
        #expect(summary.counters[.packageOffersFailed] == all && summary.counters[.packageOffersConverged] == all)
        #expect(summary.counters[.downloadNotConnected] == 2 * all, "\(summary.named.sorted)")
        #expect(summary.named["peer alert: unknown authority"] == 2 * all, "\(summary.named.sorted)")
        #expect(counts.filesSent == all)
    }

    @Test("A plaintext server's fleet may still have certificates and trust for files over TLS")
    func rules() throws {
        let fine = "server: ws://h\ntls: {insecure_skip_verify: true}\nclient_certificate: {certificate: /a, key: /b}\n"
        #expect(throws: Problems.self) { try ProfileReader().read(text: fine, source: "test") }
        let profile = try ProfileReader().read(text: fine + "packages: {download: real}", source: "test")
        #expect(profile.cohorts[0].clientCertificate != .none)
        for (value, words) in [
            ("secret", "would show"), ("[a]", "wanted {env: NAME} or {file: path}"),
            ("{env: A, file: b}", "found 'env, file'"),
        ] {
            let errors = #expect(throws: Problems.self) {
                try ProfileReader().read(
                    text: "server: {embedded: {packages: {credentials: \(value)}}}", source: "test")
            }
            #expect(errors?.description.contains(words) == true && errors?.description.contains("secret'") == false)
        }
    }
}
