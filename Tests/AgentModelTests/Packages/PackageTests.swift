import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Packages (spec: Downloading Packages, Package Status Reporting, PackageStatus Message)")
struct PackageTests {
    private func plan(_ change: (inout CohortPlan) -> Void = { _ in }) -> CohortPlan {
        .with {
            $0.capabilities.formUnion([.acceptsPackages, .reportsPackageStatuses])
            $0.heartbeat = HeartbeatPlan(interval: .zero)
            $0.packages = PackagePlan(
                downloadTime: .constant(.seconds(4)), fileBytes: 4_000_000, progressInterval: .seconds(1),
                installTime: .constant(.seconds(2)))
            $0.restartTime = .constant(.seconds(1))
            change(&$0)
        }
    }

    private func package(
        _ version: String, _ hash: UInt8, type: PackageType = .topLevel, content: UInt8? = nil, signature: [UInt8] = [],
        url: String = "http://files/p"
    ) -> PackageAvailable {
        PackageAvailable(
            type: type, version: version,
            file: DownloadableFile(downloadURL: url, contentHash: [content ?? hash], signature: signature), hash: [hash]
        )
    }

    private func offer(_ hash: [UInt8], _ packages: OrderedDictionary<String, PackageAvailable>) -> ServerToAgent {
        ServerToAgent(packagesAvailable: PackagesAvailable(packages: packages, allPackagesHash: hash))
    }

    private func statuses(_ sent: [AgentScript.Sent], _ name: String) -> [PackageStatusEnum] {
        sent.compactMap { $0.report.packageStatuses?.packages[name]?.status }
    }

    @Test("A package goes through downloading with its progress, installing and installed, each reported as it happens")
    func installs() throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([9], ["agent": package("2.0", 5)]))
        let first = try #require(script.sent.first?.report.packageStatuses)
        #expect(first.serverProvidedAllPackagesHash == [9])
        #expect(first.packages["agent"]?.status == .downloading)
        #expect(first.packages["agent"]?.serverOfferedVersion == "2.0")
        #expect(first.packages["agent"]?.agentHasVersion == "")
        #expect(script.agent.state == .updating)
        let sent = script.pass(.seconds(10))
        #expect(statuses(sent, "agent") == [.downloading, .downloading, .downloading, .installing, .installed])
        let details = sent.compactMap { $0.report.packageStatuses?.packages["agent"]?.downloadDetails }
        #expect(details.map(\.downloadPercent) == [25, 50, 75])
        #expect(details.allSatisfy { $0.downloadBytesPerSecond == 1_000_000 })
        let last = try #require(sent.last?.report.packageStatuses?.packages["agent"])
        #expect(last.agentHasVersion == "2.0" && last.agentHasHash == [5])
        #expect(last.errorMessage.isEmpty && last.downloadDetails == nil && last.name == "agent")
        #expect(script.agent.state == .running)
        #expect(
            script.allSteps.packageSteps == [
                "offer received", "offer applying", "downloading", "installing", "installed", "offer applied",
                "offer converged",
            ])
    }

    @Test("A new version of the agent itself changes its description and its start time")
    func newVersion() throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([9], ["agent": package("2.0", 5)]))
        let report = try #require(script.pass(.seconds(6)).first { $0.report.agentDescription != nil }).report
        let version = report.agentDescription?.identifyingAttributes.first { $0.key == "service.version" }?.value
        #expect(version == .string("2.0"))
        #expect(report.health?.startTimeUnixNano == 1_780_000_006_000_000_000)
        script.receive(ServerToAgent(flags: .reportFullState))
        #expect(script.sent.first?.report.agentDescription == report.agentDescription)
    }

    @Test("The agent says that it is what it runs: while another version is installed, and after that has failed")
    func versionStays() throws {
        var script = AgentScript(plan { $0.packages.requiresSignature = true })
        func version(_ script: inout AgentScript) -> AnyValue? {
            script.receive(ServerToAgent(flags: .reportFullState))
            return script.sent.first?.report.agentDescription?.identifyingAttributes.first {
                $0.key == "service.version"
            }?
            .value
        }
        script.run()
        script.receive(offer([9], ["agent": package("2.0", 5, signature: [1])]))
        script.pass(.seconds(10))
        #expect(version(&script) == .string("2.0"))
        script.receive(offer([10], ["agent": package("3.0", 6)]))
        #expect(script.agent.state == .updating && version(&script) == .string("2.0"))
        #expect(script.pass(.seconds(10)).allSatisfy { $0.report.agentDescription == nil })
        #expect(script.agent.state == .running && version(&script) == .string("2.0"))
        script.receive(offer([11], [:]))
        script.pass(.seconds(10))
        #expect(version(&script) == .string(DescriptionTemplate.collectorVersion))
    }

    @Test("Agents with the same packages share one record, until a further offer makes a difference")
    func shared() throws {
        var effects = Effects()
        let cohort = Cohort(plan(), seed: 1, unixOrigin: 0)
        var agents = (0..<3).map { Agent(index: $0, cohort: cohort) }
        func wake(_ agent: inout Agent, from start: Int64, for seconds: Int64) {
            for second in start..<(start + seconds) {
                effects.removeAll()
                agent.wake(at: .zero + .seconds(second), &effects)
            }
        }
        func settled(_ agent: Agent) -> SettledPackages? {
            if case .shared(let settled)? = agent.extended?.value.packages { return settled }
            return nil
        }
        for number in agents.indices {
            agents[number].start(at: .zero, &effects)
            agents[number].connected(at: .zero, &effects)
            agents[number].received(ServerToAgent(capabilities: .all), at: .zero, &effects)
            // The last one is offered something else.
            let version = number < 2 ? package("2.0", 5) : package("3.0", 6)
            agents[number].received(offer([9], ["agent": version]), at: .zero, &effects)
            #expect(settled(agents[number]) == nil)
            wake(&agents[number], from: 1, for: 10)
        }
        let first = try #require(settled(agents[0]))
        #expect(settled(agents[1]) === first)
        #expect(settled(agents[2]).map { $0 !== first } == true)
        agents[0].received(offer([10], ["agent": package("3.0", 6)]), at: .zero + .seconds(20), &effects)
        wake(&agents[0], from: 21, for: 10)
        #expect(agents[0].packageStatuses.packages["agent"]?.agentHasVersion == "3.0")
        #expect(agents[1].packageStatuses.packages["agent"]?.agentHasVersion == "2.0")
        #expect(settled(agents[1]) === first && settled(agents[0]) !== first)
    }

    @Test("An offer with the hash of the last one is not processed again (step 1)")
    func sameHash() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([9], ["agent": package("2.0", 5)]))
        script.receive(offer([9], ["agent": package("2.0", 5)]))
        script.pass(.seconds(10))
        script.receive(offer([9], ["agent": package("2.0", 5)]))
        #expect(script.sent.isEmpty)
        #expect(script.counts(.offerRepeated) == 2)
    }

    @Test(
        "Hashes are opaque: any bytes are compared and reported unchanged (spec: Calculating Hashes)",
        arguments: [[7], Array(0..<32), [UInt8](repeating: 0, count: 99)] as [[UInt8]])
    func opaqueHashes(_ hash: [UInt8]) throws {
        var script = AgentScript(plan())
        script.run()
        var wanted = package("2.0", 5)
        wanted.hash = hash + [1]
        script.receive(offer(hash, ["agent": wanted]))
        let last = try #require(script.pass(.seconds(20)).last?.report.packageStatuses)
        #expect(last.serverProvidedAllPackagesHash == hash)
        #expect(last.packages["agent"]?.agentHasHash == hash + [1])
        #expect(last.packages["agent"]?.serverOfferedHash == hash + [1])
        script.receive(offer(hash, ["agent": wanted]))
        #expect(script.sent.isEmpty)
    }

    @Test("An offer without a hash over all packages is refused with a message, until the next valid one")
    func withoutHash() throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([], ["agent": package("2.0", 5)]))
        let refusal = try #require(script.sent.first?.report.packageStatuses)
        #expect(!refusal.errorMessage.isEmpty && refusal.packages.isEmpty)
        for _ in 0..<5 {
            script.receive(offer([], ["agent": package("2.0", 5)]))
            #expect(script.sent.isEmpty)
        }
        script.receive(offer([9], ["agent": package("2.0", 5)]))
        #expect(script.sent.first?.report.packageStatuses?.errorMessage == "")
        script.pass(.seconds(20))
        script.receive(offer([], [:]))
        #expect(script.sent.first?.report.packageStatuses?.errorMessage == refusal.errorMessage)
        script.receive(offer([9], ["agent": package("2.0", 5)]))
        #expect(script.sent.first?.report.packageStatuses?.errorMessage == "")
        #expect(script.pass(.seconds(20)).isEmpty)
    }

    @Test("A single top-level package may have no name (spec: Packages)")
    func unnamed() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([9], ["": package("2.0", 5)]))
        let last = script.pass(.seconds(20)).last?.report.packageStatuses?.packages
        #expect(last?.keys.elements == [""])
        #expect(last?[""]?.agentHasVersion == "2.0")
    }

    @Test("What failed to install is tried again with the next offer, and not before (spec: PackageAvailable.version)")
    func failedIsTriedAgain() {
        var script = AgentScript(plan { $0.packages.odds.download = 1 })
        script.run()
        script.receive(offer([1], ["a": package("1", 1, type: .addon)]))
        script.pass(.seconds(20))
        script.receive(offer([1], ["a": package("1", 1, type: .addon)]))
        #expect(script.pass(.seconds(20)).isEmpty)
        script.receive(offer([2], ["a": package("1", 1, type: .addon)]))
        #expect(statuses(script.sent, "a") == [.downloading])
    }

    @Test(
        "Each status lists all packages that exist or are processed, local ones too (spec: Package Status Reporting)"
    )
    func everyPackage() {
        var script = AgentScript(plan { $0.packages.installed = [.init(name: "a", version: "0.1", type: .addon)] })
        script.run()
        #expect(script.allSent[0].report.packageStatuses?.packages.keys == ["a"])
        let names = ["a", "b", "c"]
        let packages = names.enumerated().map { ($1, package("2", UInt8($0 + 1), type: .addon)) }
        script.receive(offer([1], OrderedDictionary(uniqueKeysWithValues: packages)))
        let told = (script.sent + script.pass(.seconds(60))).compactMap(\.report.packageStatuses)
        #expect(told.count > 10)
        #expect(told.allSatisfy { Set($0.packages.keys) == Set(names) })
        #expect(told.allSatisfy { $0.packages.allSatisfy { $0.key == $0.value.name } })
        #expect(told.first?.packages["b"]?.status == .installPending)
    }

    @Test("Only packages with another hash are downloaded (step 2)")
    func onlyDifferent() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1], ["a": package("1", 1, type: .addon), "b": package("1", 2, type: .addon)]))
        script.pass(.seconds(20))
        script.receive(offer([2], ["a": package("1", 1, type: .addon), "b": package("2", 3, type: .addon)]))
        let sent = script.pass(.seconds(20))
        #expect(Set(statuses(sent, "a")) == [.installed])
        #expect(statuses(sent, "b").contains(.downloading))
        #expect(sent.last?.report.packageStatuses?.packages["b"]?.agentHasVersion == "2")
    }

    @Test("A file that the agent has is not downloaded again (step 3)")
    func sameFile() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1], ["a": package("1", 1, type: .addon, content: 7)]))
        script.pass(.seconds(20))
        script.receive(offer([2], ["a": package("1.1", 2, type: .addon, content: 7)]))
        let all = script.sent + script.pass(.seconds(20))
        #expect(!statuses(all, "a").contains(.downloading))
        #expect(all.last?.report.packageStatuses?.packages["a"]?.agentHasVersion == "1.1")
    }

    @Test("Packages that are no longer offered are removed (step 2)")
    func removed() {
        var script = AgentScript(plan { $0.packages.installed = [.init(name: "old", version: "0.1", type: .addon)] })
        script.run()
        #expect(script.allSent[0].report.packageStatuses?.packages["old"]?.agentHasVersion == "0.1")
        #expect(script.allSent[0].report.packageStatuses?.packages["old"]?.serverOfferedVersion == "")
        script.receive(offer([1], ["a": package("1", 1, type: .addon)]))
        #expect(script.sent.first?.report.packageStatuses?.packages.keys == ["a"])
    }

    @Test(
        "What fails says why, and the former version stays",
        arguments: [
            (PackagePlan.FailureOdds(download: 1), "download"), (.init(contentHash: 1), "hash"),
            (.init(signature: 1), "signature"), (.init(install: 1), "restored"),
        ])
    func fails(odds: PackagePlan.FailureOdds, reason: String) throws {
        var script = AgentScript(
            plan {
                $0.packages.odds = odds
                $0.packages.installed = [.init(name: "agent", version: "1.0")]
            })
        script.run()
        script.receive(offer([9], ["agent": package("2.0", 5, signature: [1])]))
        let last = script.pass(.seconds(20)).last
        let status = try #require(last?.report.packageStatuses?.packages["agent"])
        #expect(status.status == .installFailed)
        #expect(status.errorMessage.contains(reason))
        #expect(status.agentHasVersion == "1.0")
        #expect(status.serverOfferedVersion == "2.0" && status.serverOfferedHash == [5])
        #expect(script.allSteps.packageSteps.suffix(2) == ["failed", "offer failed"])
        // The failed offer is not tried again.
        script.receive(offer([9], ["agent": package("2.0", 5, signature: [1])]))
        #expect(script.sent.isEmpty)
    }

    @Test("Where signatures are required, a package without one is refused (spec: Code Signing)")
    func unsigned() {
        var script = AgentScript(plan { $0.packages.requiresSignature = true })
        script.run()
        script.receive(offer([9], ["agent": package("2.0", 5)]))
        #expect(statuses(script.pass(.seconds(20)), "agent").last == .installFailed)
    }

    @Test("A package without a file to download fails")
    func noFile() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([9], ["agent": package("2.0", 5, url: "")]))
        #expect(statuses(script.sent + script.pass(.seconds(20)), "agent").last == .installFailed)
    }

    @Test("What a package needs is installed before it, whatever the order of the offer")
    func dependencies() {
        var script = AgentScript(plan { $0.packages.dependencies = ["plugin": ["agent"], "agent": ["base"]] })
        script.run()
        script.receive(
            offer(
                [1],
                [
                    "plugin": package("1", 1, type: .addon), "agent": package("1", 2),
                    "base": package("1", 3, type: .addon),
                ]))
        let sent = script.sent + script.pass(.seconds(60))
        func installed(_ name: String) -> Instant? {
            sent.first { $0.report.packageStatuses?.packages[name]?.status == .installed }?.at
        }
        #expect(installed("base").map { $0 < installed("agent") ?? .zero } == true)
        #expect(installed("agent").map { $0 < installed("plugin") ?? .zero } == true)
    }

    @Test("A package whose needs are not met is refused with the reason, and the others are installed")
    func missingDependency() {
        var script = AgentScript(
            plan { $0.packages.dependencies = ["plugin": ["missing"], "x": ["y"], "y": ["x"], "late": ["plugin"]] })
        script.run()
        let addons = ["plugin", "x", "y", "late", "fine"].enumerated().map {
            ($1, package("1", UInt8($0 + 1), type: .addon))
        }
        script.receive(offer([1], OrderedDictionary(uniqueKeysWithValues: addons)))
        let last = script.pass(.seconds(60)).last?.report.packageStatuses?.packages
        #expect(last?["plugin"]?.errorMessage.contains("missing") == true)
        #expect(last?["late"]?.errorMessage.contains("plugin") == true)
        #expect(last?["x"]?.status == .installFailed && last?["y"]?.status == .installFailed)
        #expect(last?["fine"]?.status == .installed)
    }

    @Test(
        "At most one package is worked on at a time, and an offer that comes meanwhile waits; the newest of them wins")
    func oneAtATime() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1], ["a": package("1", 1, type: .addon), "b": package("1", 2, type: .addon)]))
        script.pass(.seconds(1))
        script.receive(offer([2], ["a": package("2", 3, type: .addon)]))
        script.receive(offer([3], ["a": package("3", 4, type: .addon)]))
        script.pass(.seconds(60))
        for report in script.allSent.map(\.report) {
            let busy = report.packageStatuses?.packages.values.filter {
                $0.status == .downloading || $0.status == .installing
            }
            #expect((busy?.count ?? 0) <= 1)
        }
        let last = script.allSent.last?.report.packageStatuses
        #expect(last?.serverProvidedAllPackagesHash == [3])
        #expect(last?.packages["a"]?.agentHasVersion == "3")
        #expect(!script.allSent.contains { $0.report.packageStatuses?.packages["a"]?.agentHasVersion == "2" })
    }

    @Test("A package of another type is another thing: the old one goes first")
    func otherType() {
        var script = AgentScript(plan { $0.packages.installed = [.init(name: "p", version: "1", type: .addon)] })
        script.run()
        script.receive(offer([1], ["p": package("1", 1, type: .topLevel)]))
        #expect(script.sent.first?.report.packageStatuses?.packages["p"]?.agentHasVersion == "")
    }

    @Test("crashesInstalling: the process dies, restarts, reports the failure and does not try again")
    func crashesInstalling() {
        var script = AgentScript(plan { $0.faults.rates = [.crashesInstalling: 1] })
        script.run()
        script.receive(offer([1], ["a": package("1", 1, type: .addon)]))
        script.pass(.seconds(6))
        #expect(script.agent.state == .restarting)
        #expect(script.allSteps.faults(.crashesInstalling) == 1)
        script.pass(.seconds(1))
        script.opened()
        #expect(script.sent.first?.report.packageStatuses?.packages["a"]?.status == .installFailed)
        script.acknowledge()
        script.pass(.seconds(100))
        #expect(script.agent.state == .running)
        #expect(script.allSteps.faults(.crashesInstalling) == 1)
    }

    @Test("Downloads continue while the agent is offline, and the outcome is reported when it is connected again")
    func offline() {
        var script = AgentScript(plan { $0.reconnect = .fixed(.seconds(60)) })
        script.run()
        script.receive(offer([1], ["a": package("1", 1, type: .addon)]))
        script.lost()
        #expect(script.pass(.seconds(60)).isEmpty)
        script.opened()
        #expect(script.sent.first?.report.packageStatuses?.packages["a"]?.status == .installed)
    }

    @Test("An agent that does not accept packages ignores them (spec: AcceptsPackages)")
    func undeclared() {
        var script = AgentScript(plan { $0.capabilities.remove(.acceptsPackages) })
        script.run()
        script.receive(offer([1], ["a": package("1", 1)]))
        #expect(script.sent.isEmpty)
        #expect(script.counts(.undeclaredCapabilityUsed) == 1)
    }

    @Test("A server that does not accept package statuses is not sent any (spec: AcceptsPackagesStatus)")
    func serverDoesNotAccept() {
        var script = AgentScript(plan())
        script.run(server: [.acceptsStatus, .offersPackages])
        script.receive(offer([1], ["a": package("1", 1, type: .addon)]))
        #expect((script.sent + script.pass(.seconds(60))).allSatisfy { $0.report.packageStatuses == nil })
    }
}
