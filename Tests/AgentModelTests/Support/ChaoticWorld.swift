import Basis
import OpAMP
import OrderedCollections

@testable import AgentModel

/// A server that does anything at any time, and a network that fails at any time: all drawn from a seed.
struct ChaoticWorld {
    var random: SeededRandom
    var script: AgentScript
    var hashes: UInt8 = 0
    var downloads = DownloadLedger()
    var configs: ConfigLedger
    var packages: PackageLedger

    init(_ plan: CohortPlan, seed: UInt64) {
        // Small reports: what is tested is when they are sent and what is in them, not how large they are.
        var plan = plan
        plan.sizes = ReportSizes(effectiveConfigBytes: 60, healthPipelines: 1, availableComponents: 5)
        random = SeededRandom(seed: seed, stream: 99)
        script = AgentScript(plan, index: seed % 50, seed: seed)
        configs = ConfigLedger(local: script.agent.cohort.localConfig)
        packages = PackageLedger(local: plan.packages.installed.map(\.name))
        script.checker = ConformanceChecker(tolerance: .milliseconds(1))
        script.start()
    }

    /// One thing happens, of those that can.
    mutating func happen() {
        follow()
        if let request = downloads.fetching.first, random.chance(0.4) { tell(of: request) }
        if random.chance(0.4) { script.pass(.milliseconds(Int64(random.index(below: 8_000)))) }
        switch script.agent.state {
        case .connecting:
            if random.chance(0.7) {
                script.opened()
            } else if random.chance(0.5) {
                script.failed(ConnectFailure.allCases[random.index(below: ConnectFailure.allCases.count)])
            } else {
                script.step { $0.upgradeRefused(status: 503, retryAfter: .seconds(3), at: $1, &$2) }
            }
        case .connected, .running, .configuring, .updating:
            if random.chance(0.04) {
                script.lost(.reset)
            } else {
                script.receive(answer())
            }
        case .closing:
            if random.chance(0.7) { script.closed() } else { script.acknowledge() }
        case .backingOff, .restarting:
            script.pass(.seconds(2))
        case .initializing, .disconnected:
            break
        }
    }

    /// Lets the ledgers take in what has happened.
    mutating func follow() {
        downloads.follow(script)
        configs.follow(script)
        packages.follow(script)
    }

    /// The host tells how a fetch goes; now and then it says twice that it is over.
    private mutating func tell(of request: PackageDownload) {
        let event: DownloadUpdate.Event
        switch random.index(below: 4) {
        case 0: event = .progressed(DownloadProgress(percent: 100 * random.unit(), bytesPerSecond: 1_000))
        case 1: event = .ended(.failed("the file is not there"))
        default: event = .ended(.verified)
        }
        let update = DownloadUpdate(agent: request.agent, number: request.number, event: event)
        if case .ended = event { downloads.ended(request) }
        for _ in 0..<(random.chance(0.2) ? 2 : 1) { script.step { $0.downloadTold(update, at: $1, &$2) } }
    }

    private mutating func answer() -> ServerToAgent {
        var answer = ServerToAgent(instanceUID: random.chance(0.8) ? .uid(script.agent.instanceUID) : .absent)
        if random.chance(0.3) { answer.capabilities = .all }
        switch random.index(below: 16) {
        case 0: answer.flags.insert(.reportFullState)
        case 1: answer.flags.insert(.reportAvailableComponents)
        case 2, 3: answer.remoteConfig = config()
        case 4: answer.packagesAvailable = packageOffer()
        case 5: answer.connectionSettings = settings()
        case 6 where random.chance(0.3): answer.command = ServerToAgentCommand(type: .restart)
        case 7 where random.chance(0.3):
            let uid = InstanceUID(unixMilliseconds: 1_790_000_000_000, random: &random)
            answer.agentIdentification = AgentIdentification(newInstanceUID: .uid(uid))
        case 8: answer = ServerToAgent(instanceUID: answer.instanceUID, errorResponse: error())
        case 9: answer.customMessage = CustomMessage(capability: "com.example.echo", type: "x", data: [1])
        case 10:
            answer.flags = [.reportFullState, .reportAvailableComponents]
            answer.remoteConfig = config()
            answer.packagesAvailable = packageOffer()
        default: break
        }
        if let offer = answer.remoteConfig { configs.received(offer) }
        if let offer = answer.packagesAvailable { packages.received(offer) }
        return answer
    }

    private mutating func config() -> AgentRemoteConfig {
        let bodies = [
            "service: {a: 1}\n", "service: {a: 2}\n", "bad: [\n", "", "x: 1\n# muster: fail\n",
            "y: 1\n# muster: crash\n",
        ]
        let choice = UInt8(random.index(below: bodies.count))
        return AgentRemoteConfig(
            config: AgentConfigMap(
                configMap: ["r": AgentConfigFile(body: Array(bodies[Int(choice)].utf8), contentType: "text/yaml")]),
            configHash: [1, choice])
    }

    private mutating func packageOffer() -> PackagesAvailable {
        var offered: OrderedDictionary<String, PackageAvailable> = [:]
        let version = UInt8(1 + random.index(below: 3))
        for name in ["agent", "plugin", "other"] where random.chance(0.7) {
            offered[name] = PackageAvailable(
                type: name == "agent" ? .topLevel : .addon, version: "\(version)",
                file: DownloadableFile(downloadURL: "http://f/\(name)", contentHash: [version]), hash: [version])
        }
        return PackagesAvailable(
            packages: offered, allPackagesHash: [version] + offered.keys.map { UInt8($0.utf8.count) })
    }

    private mutating func settings() -> ConnectionSettingsOffers {
        hashes &+= 1
        return ConnectionSettingsOffers(
            hash: [9, hashes],
            opamp: OpAMPConnectionSettings(
                destinationEndpoint: random.chance(0.5) ? "ws://h:1/v1/opamp" : "",
                heartbeatIntervalSeconds: UInt64(random.index(below: 20))),
            ownMetrics: random.chance(0.3) ? TelemetryConnectionSettings(destinationEndpoint: "http://m") : nil)
    }

    private mutating func error() -> ServerErrorResponse {
        switch random.index(below: 3) {
        case 0: return ServerErrorResponse(type: .badRequest)
        case 1:
            return ServerErrorResponse(type: .unavailable, retryInfo: RetryInfo(retryAfterNanoseconds: 2_000_000_000))
        default: return ServerErrorResponse(type: .unknown, errorMessage: "odd")
        }
    }

    static let capable = CohortPlan.with {
        $0.capabilities = AgentCapabilities(rawValue: 0xFFFF)
        $0.heartbeat = HeartbeatPlan(interval: .seconds(5), phase: .fromConnection)
        $0.remoteConfig.applyTime = .uniform(.zero, .seconds(4))
        $0.packages = PackagePlan(
            downloadTime: .uniform(.zero, .seconds(5)), progressInterval: .seconds(1),
            installTime: .uniform(.zero, .seconds(2)),
            odds: .init(download: 0.1, install: 0.2), dependencies: ["plugin": ["agent"]])
        $0.health = HealthPlan(
            checkInterval: .seconds(2),
            healthFaults: [.init(.flapping(up: .constant(.seconds(9)), down: .constant(.seconds(5))))])
        $0.custom = CustomPlan(responders: [.echo(capability: "com.example.echo")])
    }

    /// The same, and the files of packages are really fetched by a host.
    static let fetching = {
        var plan = capable
        plan.packages.fetch = FetchPlan()
        plan.packages.installed = [.init(name: "plugin", version: "0", type: .addon), .init(name: "old", version: "1")]
        return plan
    }()
}
