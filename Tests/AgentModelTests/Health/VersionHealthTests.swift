import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Health that depends on the version of the agent")
struct VersionHealthTests {
    private static func plan(
        _ healthFaults: [HealthPlan.HealthFault], zones: [String] = ["z"],
        _ change: (inout CohortPlan) -> Void = { _ in }
    ) -> CohortPlan {
        .with {
            $0.heartbeat = HeartbeatPlan(interval: .zero)
            $0.zones = zones
            $0.capabilities.formUnion([.acceptsPackages, .reportsPackageStatuses])
            $0.packages = PackagePlan(
                downloadTime: .constant(.seconds(4)), progressInterval: .seconds(1_000),
                installTime: .constant(.seconds(2)))
            $0.health = HealthPlan(checkInterval: .seconds(10), failureThreshold: 1, healthFaults: healthFaults)
            change(&$0)
        }
    }

    private static func running(_ plan: CohortPlan, index: UInt64 = 7) -> AgentScript {
        var script = AgentScript(plan, index: index)
        script.run()
        return script
    }

    /// The offer of a version of the agent itself.
    private static func offer(_ version: String) -> ServerToAgent {
        let hash = Array(version.utf8)
        let package = PackageAvailable(
            type: .topLevel, version: version, file: DownloadableFile(downloadURL: "http://f/p", contentHash: hash),
            hash: hash)
        return ServerToAgent(
            packagesAvailable: PackagesAvailable(packages: ["agent": package], allPackagesHash: hash))
    }

    /// The health that the agent reports while it gets `version` and runs it for this time.
    private static func healths(
        after version: String, for span: Nanoseconds, _ script: inout AgentScript
    ) -> [ComponentHealth] {
        script.receive(offer(version))
        let first = script.sent
        for _ in first { script.acknowledge() }
        let sent = first + script.pass(.seconds(6) + span, acknowledging: true)
        return sent.compactMap(\.report.health)
    }

    private static let models: [HealthModel] = [
        .outage(from: .zero, lasting: nil), .suddenDeath(after: .constant(.seconds(15))),
        .decay(each: .constant(.seconds(15))),
        .flapping(up: .constant(.seconds(15)), down: .constant(.seconds(10_000))),
    ]

    @Test(
        "A version's health fault begins with the version, ends with a roll-back, and begins again with the version",
        arguments: models)
    func comesAndGoes(model: HealthModel) throws {
        var script = Self.running(Self.plan([.init(model, version: "2.0")]))
        // Well, and nothing to look after: no check is made.
        #expect(script.pass(.seconds(1_000)).isEmpty && script.timer == .distantFuture)
        var first: [Bool] = []
        for round in 1...2 {
            let ill = Self.healths(after: "2.0", for: .seconds(300), &script)
            // The new version starts anew, then the checks find what it brings.
            #expect(ill.first?.status == "StatusOK")
            let found = ill.dropFirst().map { $0.status != "StatusOK" }
            #expect(!found.isEmpty && found.allSatisfy { $0 })
            if round == 1 { first = found } else { #expect(found == first) }
            let healed = Self.healths(after: "1.\(round)", for: .seconds(20), &script)
            #expect(healed.last?.status == "StatusOK" && healed.last?.healthy == true)
            #expect(healed.last?.componentHealthMap.values.allSatisfy { $0.healthy } == true)
            #expect(script.pass(.seconds(1_000), acknowledging: true).isEmpty && script.timer == .distantFuture)
        }
        #expect(script.allSteps.conditions.filter { $0 == .healthy }.count == 2)
    }

    @Test("Agents that start with the faulty version are unhealthy from the start, and recover with another version")
    func startsIll() {
        var script = Self.running(
            Self.plan([.init(.outage(from: .zero, lasting: nil), version: DescriptionTemplate.collectorVersion)]))
        #expect(script.pass(.seconds(20), acknowledging: true).map { $0.report.health?.healthy } == [false])
        #expect(Self.healths(after: "2.0", for: .seconds(20), &script).last?.healthy == true)
    }

    @Test("Zone and version together: only agents for which both are so")
    func zoneAndVersion() {
        var ill = 0
        for index in 0..<60 {
            let plan = Self.plan(
                [.init(.outage(from: .zero, lasting: nil), zone: "b", version: "2.0")], zones: ["a", "b"])
            var script = Self.running(plan, index: UInt64(index))
            let isHere = script.agent.cohort.zone(of: UInt64(index)) == "b"
            #expect(script.pass(.seconds(100), acknowledging: true).isEmpty)
            let healths = Self.healths(after: "2.0", for: .seconds(20), &script)
            #expect(healths.contains { !$0.healthy } == isHere)
            if isHere { ill += 1 }
            #expect(Self.healths(after: "3.0", for: .seconds(20), &script).last?.healthy == true)
        }
        #expect(ill > 10 && ill < 50)
    }

    @Test("An outage of a version has its time of the run too")
    func timed() {
        var script = Self.running(
            Self.plan([.init(.outage(from: .seconds(100), lasting: .seconds(60)), version: "2.0")]))
        let healths = Self.healths(after: "2.0", for: .seconds(300), &script)
        #expect(healths.map(\.healthy) == [true, false, true])
    }

    @Test("A version that is only offered, or could not be installed, makes no agent unhealthy")
    func notInstalled() {
        var script = Self.running(
            Self.plan([.init(.outage(from: .zero, lasting: nil), version: "2.0")]) { $0.packages.odds.install = 1 })
        let healths = Self.healths(after: "2.0", for: .seconds(1_000), &script)
        #expect(healths.isEmpty)
        #expect(script.allSteps.conditions.isEmpty)
    }

    @Test("After a failed roll-back the agents stay unhealthy")
    func failedRollback() {
        var script = Self.running(
            Self.plan([.init(.outage(from: .zero, lasting: nil), version: "2.0")]) {
                $0.packages.requiresSignature = true
            })
        var bad = Self.offer("2.0")
        bad.packagesAvailable?.packages["agent"]?.file?.signature = [1]
        script.receive(bad)
        script.acknowledge()
        script.pass(.seconds(30), acknowledging: true)
        #expect(script.allSteps.conditions == [.unhealthy])
        let healths = Self.healths(after: "1.0", for: .seconds(1_000), &script)
        #expect(healths.isEmpty && script.allSteps.conditions == [.unhealthy])
    }

    @Test("Other health faults continue when the version changes")
    func independent() {
        var script = Self.running(
            Self.plan([
                .init(.decay(each: .constant(.seconds(200)))), .init(.outage(from: .zero, lasting: nil), version: "9"),
            ]))
        script.pass(.seconds(410), acknowledging: true)
        let healths = Self.healths(after: "2.0", for: .seconds(100), &script)
        let down = healths.map { health in
            health.componentHealthMap.values.flatMap(\.componentHealthMap.values).count { !$0.healthy }
        }
        #expect(down == [2])
    }

    @Test("A rollout does not put the checks of a fleet in step")
    func spread() {
        var moments: Set<Instant> = []
        for index in 0..<40 {
            var script = Self.running(
                Self.plan([.init(.outage(from: .zero, lasting: nil), version: "2.0")]), index: UInt64(index))
            script.pass(.seconds(1_000), acknowledging: true)
            script.receive(Self.offer("2.0"))
            script.acknowledge()
            let found = script.pass(.seconds(16), acknowledging: true).first { $0.report.health?.healthy == false }
            if let found { moments.insert(found.at) }
        }
        #expect(moments.count == 40)
    }
}
