import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import OpAMP
import OrderedCollections
import TestSupport
import Testing

@Suite("Agents that join status changes, on real sockets", .timeLimit(.minutes(5)))
struct BatchedAgentTests {
    private static let agents = 5

    struct Outcome: Sendable {
        var statusReports: UInt64
        var joined: UInt64
        /// Agents of which the server knows that the package is installed.
        var known: Int
    }

    /// A package with a download that tells its progress often: one status change after the other.
    private static func installs(_ batch: BatchPlan, _ transport: AgentTransport) async throws -> Outcome {
        let server = try OpAMPServer(
            plan: ServerPlan(), address: .loopback(port: 0), shards: 1, seed: 1, wallClockAtZero: 1_800_000_000_000)
        let file = DownloadableFile(downloadURL: "http://files.invalid/p")
        let available = PackagesAvailable(
            packages: ["collector": PackageAvailable(type: .topLevel, version: "2", file: file)])
        let offer = Offer(revision: 1, .packages(available))
        server.steer { registry, now, effects in try? registry.offer(offer, to: .all, at: now, &effects) }
        let target = try SmallFleet.target(server.addresses[0], transport: transport)
        let fleet = try SmallFleet(agents, at: target) { plan in
            plan.batch = batch
            plan.heartbeat = HeartbeatPlan(interval: .seconds(5), phase: .fromConnection)
            plan.pollingInterval = .milliseconds(500)
            plan.capabilities.insert([.acceptsPackages, .reportsPackageStatuses])
            plan.packages = PackagePlan(
                downloadTime: .constant(.seconds(1)), progressInterval: .milliseconds(100),
                installTime: .constant(.milliseconds(100)))
        }
        var known = 0
        let deadline = Shard.clock + .seconds(60)
        while known < agents, Shard.clock < deadline {
            try await Task.sleep(for: .milliseconds(50))
            known = await withCheckedContinuation { continuation in
                server.steer { registry, _, _ in
                    continuation.resume(returning: registry.counts(of: .packages, revision: 1)[.applied])
                }
            }
        }
        try await fleet.wait(until: "installed") { $0[.packageOffersConverged] == UInt64(agents) }
        #expect(fleet.counters.errors == 0, "\(Counter.errors.filter { fleet.counters[$0] > 0 }.map(\.name))")
        await fleet.stop()
        _ = await server.stop()
        return Outcome(
            statusReports: fleet.counters[.statusReports], joined: fleet.counters[.changesJoined], known: known)
    }

    @Test(
        "With a window fewer reports are sent, and the server still gets the last state",
        arguments: ProxyTests.transports)
    func window(_ transport: AgentTransport) async throws {
        let each = try await Self.installs(BatchPlan(), transport)
        #expect(each.known == Self.agents && each.joined == 0)
        // Downloading, installing and installed at least, besides the progress.
        #expect(each.statusReports >= UInt64(3 * Self.agents))
        let joined = try await Self.installs(BatchPlan(window: .milliseconds(500), size: 1_000), transport)
        #expect(joined.known == Self.agents)
        #expect(joined.joined > 0)
        #expect(joined.statusReports < each.statusReports, "\(joined) against \(each)")
    }
}
