import AgentModel
import Basis
import Foundation
import Metrics
import OpenSSL
import Packages
import Testing

@testable import Fleet

/// Whole runs on real sockets in which agents fetch, verify and install package files.
@Suite("Runs in which package files are really fetched", .takingTurns)
struct FetchedRunTests {
    private static func profile(
        _ package: PackageOffer.Package, server: EmbeddedServer.Packages = .init(), agents: Int = 60,
        seconds: Int64 = 12,
        _ change: (inout FetchPlan) -> Void = { _ in }
    ) -> Profile {
        var profile = Profile.standard
        profile.agents = agents
        profile.duration = .seconds(seconds)
        profile.drain = .seconds(10)
        profile.shards = 2
        profile.server = .embedded(EmbeddedServer(packages: server))
        profile.cohorts[0].heartbeat.interval = .seconds(1)
        var fetch = FetchPlan(retryDelay: .milliseconds(20))
        change(&fetch)
        profile.cohorts[0].packages = PackageProfile(
            accepted: true,
            plan: PackagePlan(
                fetch: fetch, progressInterval: .milliseconds(500), installTime: .constant(.milliseconds(50)),
                requiresSignature: true))
        profile.limits.downloads = 8
        profile.events = [
            TimedEvent(at: .after(.seconds(1)), action: .offerPackages(PackageOffer(packages: [package])))
        ]
        return profile
    }

    private static func perform(_ profile: Profile) async throws -> RunSummary {
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }.summary
    }

    @Test("Sixty agents download a generated signed package with interruptions, verify it and install it")
    func generated() async throws {
        let package = PackageOffer.Package(
            name: "collector", version: "2", isSigned: true, content: .generated(bytes: 300_000))
        let summary = try await Self.perform(
            Self.profile(package, server: .init(breakShare: 0.3, breakAfter: 100_000)) { plan in
                plan.attempts = 50
                plan.contents = .archive
                plan.executables = ["collector"]
                plan.sandbox = .init(files: 1)
            })
        let counters = summary.counters
        #expect(counters[.packageOffers] == 60)
        #expect(counters[.packagesInstalled] == 60 && counters[.packageOffersConverged] == 60)
        #expect(counters[.downloadsStarted] == 60 && counters[.downloadsFinished] == 60)
        #expect(counters[.packageHashesValid] == 60 && counters[.packageSignaturesValid] == 60)
        #expect(counters[.packageContentsSound] == 60 && counters[.packageSandboxGranted] == 60)
        #expect(counters[.downloadsResumed] == counters[.downloadBroken] && counters[.downloadBroken] > 0)
        #expect(counters[.downloadBytes] == 60 * UInt64(GeneratedPackage(seed: 0, size: 300_000, executable: "x").size))
        #expect(summary[.downloadTime].count == 60 && summary[.downloadWait].count == 60)
        #expect(summary.outcome == .completed)
    }

    @Test(
        "Each wrong property of an offered package is refused by every agent and counted under its name",
        arguments: [
            (PackageOffer.Flaw.hash, Counter.packageHashMismatch, "verdict_hash_mismatch"),
            (.signature, .packageSignatureRefused, "verdict_signature_invalid"),
            (.signer, .packageSignatureRefused, "verdict_signature_unknown_signer"),
        ])
    func lies(flaw: PackageOffer.Flaw, counter: Counter, verdict: String) async throws {
        let package = PackageOffer.Package(
            name: "collector", version: "2", isSigned: true, content: .generated(bytes: 20_000), flaw: flaw)
        let summary = try await Self.perform(Self.profile(package, agents: 20, seconds: 12))
        #expect(summary.counters[counter] == 20)
        #expect(summary.named[verdict] == 20)
        #expect(summary.counters[.packagesFailed] == 20 && summary.counters[.packagesInstalled] == 0)
    }

    @Test(
        "A folder's file is served with the hash and signature beside it, and trusted by the profile's key"
    )
    func folder() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-folder-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let made = GeneratedPackage(seed: 9, size: 50_000, executable: "collector")
        let bytes = made.bytes(0..<made.size)
        // What a URL cannot hold is percent-encoded in the offer.
        let name = "collector \u{FC} #1?%-0.115.0.tar"
        try Data(bytes).write(to: folder.appendingPathComponent(name))
        let key = try SigningKey.generate(.rsaPSS)
        let signature = try key.sign(
            PackageStatement(PackageName("collector", version: "0.115.0"), digest: SHA256.hash(of: bytes)),
            as: "release")
        try Data(signature.text.utf8).write(to: folder.appendingPathComponent(name + ".sig"))
        let package = PackageOffer.Package(
            name: "collector", version: "0.115.0", isSigned: true, content: .file(name))
        var profile = Self.profile(package, server: .init(folder: folder.path), agents: 20, seconds: 12) {
            $0.trustedKeys = ["release": key.publicKey.pem]
        }
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.packagesInstalled] == 20 && summary.counters[.packageSignaturesValid] == 20)

        profile.events = [
            TimedEvent(
                at: .after(.seconds(1)),
                action: .offerPackages(
                    PackageOffer(packages: [.init(name: "x", version: "1", content: .file("../x"))])))
        ]
        await #expect(throws: RunError.self) { try await FleetRun(profile) }

        // Signed as another version.
        profile.events = [
            TimedEvent(
                at: .after(.seconds(1)),
                action: .offerPackages(
                    PackageOffer(packages: [.init(name: "collector", version: "1", content: .file(name))])))
        ]
        let error = await #expect(throws: RunError.self) { try await FleetRun(profile) }
        #expect(error?.description.contains("is for version '0.115.0' of 'collector'") == true)
    }

    @Test("Names of package files say name and version")
    func names() {
        for (file, name, version) in [
            ("collector-0.115.0.tar.gz", "collector", "0.115.0"), ("otelcol-contrib_0.9.tgz", "otelcol-contrib", "0.9"),
            ("a/b-v1.2.zip", "b", "1.2"), ("x-1", "x", "1"),
        ] {
            #expect(PackageFileName.parts(of: file)?.name == name, "\(file)")
            #expect(PackageFileName.parts(of: file)?.version == version, "\(file)")
        }
        #expect(PackageFileName.parts(of: "collector.tar.gz") == nil)
        #expect(PackageFileName.version(of: "my-agent-beta.tar", package: "my-agent") == "beta")
    }
}
