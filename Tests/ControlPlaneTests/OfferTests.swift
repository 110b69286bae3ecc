import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Testing

extension AgentRemoteConfig {
    static func named(_ name: String, size: Int = 10) -> AgentRemoteConfig {
        let body = [UInt8](name.utf8) + [UInt8](repeating: 0x20, count: size)
        return AgentRemoteConfig(
            config: AgentConfigMap(configMap: ["": AgentConfigFile(body: body, contentType: "text/yaml")]))
    }
}

@Suite("What the server offers, to whom, and when again")
struct OfferTests {
    let uid = InstanceUID.number(7)

    func status(
        _ uid: InstanceUID, _ sequence: UInt64, hash: [UInt8], _ status: RemoteConfigStatuses = .applied
    ) -> AgentToServer {
        var report = AgentToServer.heartbeat(uid, sequence)
        report.remoteConfigStatus = RemoteConfigStatus(lastRemoteConfigHash: hash, status: status)
        return report
    }

    @Test(
        "The heartbeat interval is offered in seconds, if the agent accepts it (spec: heartbeat_interval_seconds)",
        arguments: zip([Nanoseconds.seconds(10), .milliseconds(1_600), .milliseconds(3)], [10, 2, 1] as [UInt64]))
    func heartbeatInterval(interval: Nanoseconds, seconds: UInt64) throws {
        var plan = ServerPlan()
        plan.heartbeatInterval = interval
        plan.advertisedEndpoint = "ws://127.0.0.1:4320/v1/opamp"
        var server = Rehearsal(plan)
        let (willing, other) = (server.connect(), server.connect())
        let answer = server.send(.full(uid, 1, [.reportsStatus, .acceptsOpAMPConnectionSettings]), over: willing).answer
        let settings = try #require(answer?.connectionSettings)
        #expect(settings.opamp?.heartbeatIntervalSeconds == seconds)
        #expect(settings.opamp?.destinationEndpoint == "ws://127.0.0.1:4320/v1/opamp")
        #expect(settings.hash.isEmpty == false)
        #expect(server.send(.full(.number(8), 1), over: other).answer?.connectionSettings == nil)
        #expect(server.counts.settingsOffers == 1)
    }

    @Test("A new config reaches every connected agent that accepts one, at once (spec: Configuration)")
    func configIsPushed() throws {
        var server = Rehearsal()
        let ids = (0..<3).map { _ in server.connect() }
        _ = server.send(.full(.number(0), 1), over: ids[0])
        _ = server.send(.full(.number(1), 1, [.reportsStatus]), over: ids[1])
        _ = server.send(.full(.number(2), 1), over: ids[2])
        let offer = Offer(revision: 1, .remoteConfig(.named("a")))
        let outcome = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        #expect(outcome.sent.map(\.to) == [ids[0], ids[2]])
        #expect(outcome.sent.allSatisfy { $0.kind == .push && $0.message.remoteConfig == .some(offer.config) })
        #expect(outcome.sent.first?.message.instanceUID == .uid(.number(0)))
        #expect(server.counts.configOffers == 2)
        #expect(server.counts.pushes == 2)
    }

    @Test(
        "An agent with another hash is offered the config in the answer (spec: last_remote_config_hash)"
    )
    func differingHash() throws {
        var server = Rehearsal()
        let offer = Offer(revision: 1, .remoteConfig(.named("a")))
        _ = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        let id = server.connect()
        #expect(server.send(.full(uid, 1), over: id).answer?.remoteConfig?.configHash == offer.hash)
        #expect(server.send(.heartbeat(uid, 2), over: id).answer?.remoteConfig == nil)
        #expect(server.send(status(uid, 3, hash: [1, 2]), over: id).answer?.remoteConfig?.configHash == offer.hash)
        for stage in [RemoteConfigStatuses.applying, .applied, .failed] {
            let sequence = server.counts.reports + 1
            #expect(server.send(status(uid, sequence, hash: offer.hash, stage), over: id).answer?.remoteConfig == nil)
        }
        _ = server.close(id)
        let next = server.connect()
        #expect(server.send(.heartbeat(uid, 7), over: next).answer?.remoteConfig == nil)
    }

    @Test("An agent that never reports the config is offered it again on its next connection")
    func offeredAgainAfterReconnect() throws {
        var server = Rehearsal()
        let offer = Offer(revision: 1, .remoteConfig(.named("a")))
        _ = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        for sequence in [1, 2, 3] as [UInt64] {
            let id = server.connect()
            let report: AgentToServer = sequence == 1 ? .full(uid, 1) : .heartbeat(uid, sequence)
            #expect(server.send(report, over: id).answer?.remoteConfig?.configHash == offer.hash)
            _ = server.close(id)
        }
    }

    @Test("An agent that keeps reporting another hash is not offered the same config for ever")
    func offersEnd() throws {
        var server = Rehearsal()
        let offer = Offer(revision: 1, .remoteConfig(.named("a")))
        _ = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        let id = server.connect()
        _ = server.send(.full(uid, 1), over: id)
        var offered = 1
        for sequence in 2...100 as ClosedRange<UInt64> {
            if server.send(status(uid, sequence, hash: [9]), over: id).answer?.remoteConfig != nil { offered += 1 }
        }
        #expect(offered == 16)
        #expect(server.counts.offersExhausted == 84)
    }

    @Test("A selection is by uid, by share, by attribute, and by their combinations")
    func selections() throws {
        var plan = ServerPlan()
        plan.labels = ["service.version"]
        var server = Rehearsal(plan)
        let ids = (0..<200).map { _ in server.connect() }
        for (number, id) in ids.enumerated() {
            _ = server.send(.full(.number(UInt64(number)), 1, version: number % 2 == 0 ? "1" : "2"), over: id)
        }
        func offered(_ revision: UInt32, _ selection: Selection) throws -> Set<UInt32> {
            let offer = Offer(revision: revision, .remoteConfig(.named("\(revision)")))
            let outcome = try server.perform { registry, now, effects in
                try registry.offer(offer, to: selection, at: now, &effects)
            }
            return Set(outcome.sent.map(\.to.slot))
        }
        #expect(try offered(1, .agents([.number(3), .number(999)])) == [3])
        #expect(try offered(2, .attribute("service.version", equals: "2")).count == 100)
        #expect(
            try offered(3, .both(.attribute("service.version", equals: "1"), .agents([.number(3), .number(4)]))) == [4])
        #expect(try offered(4, .attribute("unheard.of", equals: "1")).isEmpty)
        let tenth = try offered(5, .share(0.1, salt: 5))
        let half = try offered(6, .share(0.5, salt: 5))
        #expect((5...40).contains(tenth.count))
        #expect((70...130).contains(half.count))
        #expect(tenth.isSubset(of: half))
        #expect(try offered(7, .not(.share(0.5, salt: 5))).isDisjoint(with: half))
    }

    @Test("Withdrawing an offer brings the agents back to the one before it")
    func rollback() throws {
        var server = Rehearsal()
        let id = server.connect()
        _ = server.send(.full(uid, 1), over: id)
        let (good, bad) = (
            Offer(revision: 1, .remoteConfig(.named("good"))), Offer(revision: 2, .remoteConfig(.named("bad")))
        )
        _ = try server.perform { registry, now, effects in try registry.offer(good, at: now, &effects) }
        _ = server.send(status(uid, 2, hash: good.hash), over: id)
        _ = try server.perform { registry, now, effects in
            try registry.offer(bad, to: .agents([uid]), at: now, &effects)
        }
        _ = server.send(status(uid, 3, hash: bad.hash, .failed), over: id)
        let outcome = try server.perform { registry, now, effects in
            try registry.withdraw(.remoteConfig, revision: 2, at: now, &effects)
        }
        #expect(outcome.answer?.remoteConfig?.configHash == good.hash)
        #expect(server.registry.history(of: .remoteConfig).map(\.isWithdrawn) == [false, true])
        #expect(throws: OfferError.unknownRevision(.remoteConfig, 2)) {
            _ = try server.perform { registry, now, effects in
                try registry.withdraw(.remoteConfig, revision: 2, at: now, &effects)
            }
        }
    }

    @Test("The history is limited; unreachable entries are removed first")
    func boundedHistory() throws {
        var server = Rehearsal()
        for revision in 1...200 as ClosedRange<UInt32> {
            _ = try server.perform { registry, now, effects in
                try registry.offer(Offer(revision: revision, .remoteConfig(.named("\(revision)"))), at: now, &effects)
            }
        }
        let history = server.registry.history(of: .remoteConfig)
        #expect(history.count == 64)
        #expect(history.last?.offer.revision == 200)
        var narrow = Rehearsal()
        for revision in 1...64 as ClosedRange<UInt32> {
            _ = try narrow.perform { registry, now, effects in
                try registry.offer(
                    Offer(revision: revision, .remoteConfig(.named("\(revision)"))), to: .agents([uid]), at: now,
                    &effects)
            }
        }
        #expect(throws: OfferError.tooMany(limit: 64)) {
            _ = try narrow.perform { registry, now, effects in
                try registry.offer(Offer(revision: 65, .remoteConfig(.named("65"))), to: .all, at: now, &effects)
            }
        }
    }

    @Test("A push to many agents is sent in bounded steps, and reaches every agent once")
    func pushInSteps() throws {
        var server = Rehearsal()
        let count = 300
        for number in 0..<count {
            let id = server.connect()
            _ = server.send(.full(.number(UInt64(number)), 1), over: id)
        }
        let offer = Offer(revision: 1, .remoteConfig(.named("big", size: 20_000)))
        var outcome = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        var reached: [UInt32] = []
        var steps = 0
        while true {
            steps += 1
            #expect(server.effects.bytes.count < (1 << 20) + 20_100)
            reached += outcome.sent.map(\.to.slot)
            guard outcome.wake == server.now else { break }
            outcome = server.wake()
        }
        #expect(steps > 5)
        #expect(reached.count == count)
        #expect(Set(reached).count == count)
    }

    @Test(
        "Agents get the settings that they accept, with the hash of all (spec: ConnectionSettingsOffers.hash)"
    )
    func partsOfSettings() throws {
        var server = Rehearsal()
        let settings = ConnectionSettingsOffers(
            opamp: OpAMPConnectionSettings(destinationEndpoint: "ws://a/", heartbeatIntervalSeconds: 30),
            ownMetrics: TelemetryConnectionSettings(destinationEndpoint: "http://m/"),
            ownLogs: TelemetryConnectionSettings(destinationEndpoint: "http://l/"),
            otherConnections: ["x": OtherConnectionSettings(destinationEndpoint: "http://x/")])
        let offer = Offer(revision: 1, .connectionSettings(settings))
        _ = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        func offered(_ number: UInt64, _ capabilities: AgentCapabilities) -> ConnectionSettingsOffers? {
            let id = server.connect()
            return server.send(.full(.number(number), 1, capabilities), over: id).answer?.connectionSettings
        }
        #expect(offered(1, [.reportsStatus]) == nil)
        let metrics = offered(2, [.reportsStatus, .reportsOwnMetrics])
        #expect(metrics?.ownMetrics == settings.ownMetrics)
        #expect(metrics?.opamp == nil)
        #expect(metrics?.hash == offer.hash)
        #expect(
            offered(3, [.acceptsOtherConnectionSettings, .reportsOwnLogs])?.otherConnections
                == settings.otherConnections)
        let all: AgentCapabilities = [
            .acceptsOpAMPConnectionSettings, .reportsOwnMetrics, .reportsOwnLogs, .acceptsOtherConnectionSettings,
        ]
        #expect(offered(4, all)?.opamp == settings.opamp)
    }

    @Test(
        "Packages are offered, with a computed hash, until the agent reports that hash (spec: Calculating Hashes)"
    )
    func packages() throws {
        var server = Rehearsal()
        let file = DownloadableFile(downloadURL: "http://d/agent", contentHash: [1, 2, 3])
        let offer = Offer(
            revision: 1,
            .packages(PackagesAvailable(packages: ["agent": PackageAvailable(version: "2", file: file)])))
        _ = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        let id = server.connect()
        let capabilities: AgentCapabilities = [.reportsStatus, .acceptsPackages, .reportsPackageStatuses]
        let offered = server.send(.full(uid, 1, capabilities), over: id).answer?.packagesAvailable
        #expect(offered?.allPackagesHash == offer.hash)
        #expect(offered?.packages["agent"]?.hash.count == 32)
        var report = AgentToServer.heartbeat(uid, 2, capabilities)
        report.packageStatuses = PackageStatuses(serverProvidedAllPackagesHash: [4])
        #expect(server.send(report, over: id).answer?.packagesAvailable != nil)
        report.sequenceNumber = 3
        report.packageStatuses = PackageStatuses(serverProvidedAllPackagesHash: offer.hash)
        #expect(server.send(report, over: id).answer?.packagesAvailable == nil)
    }

    @Test(
        "Answers are encoded as ServerToAgent is, whatever their size",
        arguments: [0, 64, 80, 96, 16_300])
    func encoding(size: Int) throws {
        for extra in 0..<20 {
            var server = Rehearsal()
            let id = server.connect()
            _ = server.send(.full(uid, 1), over: id)
            let offer = Offer(revision: 1, .remoteConfig(.named("a", size: size + extra)))
            let outcome = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
            let message = ServerToAgent(instanceUID: .uid(uid), remoteConfig: offer.config)
            #expect(outcome.answer == message)
            #expect(server.effects.bytes == message.encoded())
        }
    }

    @Test(
        "An answer larger than the limit is reduced to an acknowledgement (spec: WebSocket Message Size Limits)"
    )
    func sizeLimit() throws {
        var plan = ServerPlan()
        plan.messageLimit = 1_000
        var server = Rehearsal(plan)
        let (config, packages) = (
            Offer(revision: 1, .remoteConfig(.named("a", size: 600))),
            Offer(
                revision: 1,
                .packages(
                    PackagesAvailable(packages: ["p": PackageAvailable(version: String(repeating: "1", count: 500))])))
        )
        _ = try server.perform { registry, now, effects in
            try registry.offer(config, at: now, &effects)
            try registry.offer(packages, at: now, &effects)
        }
        let id = server.connect()
        let capabilities: AgentCapabilities = [.reportsStatus, .acceptsRemoteConfig, .acceptsPackages]
        let answer = server.send(.full(uid, 1, capabilities), over: id).answer
        #expect(answer?.remoteConfig == nil && answer?.packagesAvailable == nil)
        #expect(server.counts.oversized == 1)
        let large = Offer(revision: 2, .remoteConfig(.named("b", size: 2_000)))
        #expect(throws: OfferError.self) {
            _ = try server.perform { registry, now, effects in try registry.offer(large, at: now, &effects) }
        }
    }

    @Test("The server offers nothing that it does not declare (spec: ServerToAgent.capabilities)")
    func undeclared() {
        var plan = ServerPlan()
        plan.capabilities = [.acceptsStatus]
        plan.heartbeatInterval = .seconds(10)
        var server = Rehearsal(plan)
        let id = server.connect()
        let accepts: AgentCapabilities = [.reportsStatus, .acceptsOpAMPConnectionSettings]
        #expect(server.send(.full(uid, 1, accepts), over: id).answer?.connectionSettings == nil)
        #expect(throws: OfferError.notDeclared(.remoteConfig)) {
            _ = try server.perform { registry, now, effects in
                try registry.offer(Offer(revision: 1, .remoteConfig(.named("a"))), at: now, &effects)
            }
        }
    }

    @Test("Convergence and reports show the stage of a config")
    func convergence() throws {
        var plan = ServerPlan()
        plan.observesOffers = true
        var server = Rehearsal(plan)
        let offer = Offer(revision: 5, .remoteConfig(.named("a")))
        let ids = (0..<4).map { _ in server.connect() }
        for (number, id) in ids.enumerated() { _ = server.send(.full(.number(UInt64(number)), 1), over: id) }
        _ = try server.perform { registry, now, effects in try registry.offer(offer, at: now, &effects) }
        let stages: [RemoteConfigStatuses] = [.applying, .applied, .failed]
        for (number, stage) in stages.enumerated() {
            server.now = Instant(nanoseconds: UInt64(number) + 1)
            let uid = InstanceUID.number(UInt64(number))
            let outcome = server.send(status(uid, 2, hash: offer.hash, stage), over: ids[number])
            guard case .reported(let report) = outcome.rest.first else {
                Issue.record("no report of stage \(stage)")
                continue
            }
            #expect(report.uid == uid)
            #expect(report.revision == 5)
            #expect(report.at == server.now)
            // Said twice, it is told once.
            #expect(server.send(status(uid, 3, hash: offer.hash, stage), over: ids[number]).rest.isEmpty)
        }
        let counts = server.registry.counts(of: .remoteConfig, revision: 5)
        #expect(counts.meant == 4)
        #expect(counts.sent == 4)
        #expect([counts[.applying], counts[.applied], counts[.failed]] == [1, 1, 1])
    }
}

extension Offer {
    var config: AgentRemoteConfig {
        if case .remoteConfig(let config) = content { config } else { AgentRemoteConfig() }
    }
}
