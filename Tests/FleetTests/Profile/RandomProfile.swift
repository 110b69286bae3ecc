import AgentModel
import Basis
import OpAMP

@testable import Fleet

/// Makes valid profiles at random, every key used sooner or later.
struct RandomProfile {
    var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func profile() -> Profile {
        var profile = Profile.standard
        profile.name = name()
        profile.description = text()
        profile.agents = 1 + random.index(below: 50_000)
        profile.seed = random.next()
        profile.server = random.chance(0.3) ? .url(url()) : .embedded(embedded())
        var isSecure = random.chance(0.5)
        switch profile.server {
        case .embedded(let server): isSecure = isSecure || server.tls != nil
        case .url(var url):
            if isSecure { url.scheme = .wss }
            profile.server = .url(url)
        }
        if isSecure { profile.tls = tls() }
        profile.duration = .seconds(Int64(3_600 + random.index(below: 86_400)))
        profile.drain = span(0, 3_600)
        profile.arrival = arrival()
        profile.cohorts = (0...random.index(below: 4)).map { cohort($0) }
        if isSecure {
            for index in profile.cohorts.indices { profile.cohorts[index].clientCertificate = clientCertificate() }
        }
        profile.events = events(in: profile)
        profile.limits = ProfileLimits(
            connectTimeout: span(1, 60), answerTimeout: span(1, 60), downloads: 1 + random.index(below: 100),
            downloadBandwidth: random.chance(0.5) ? nil : 1_024 + random.index(below: 1 << 30),
            messageBytes: 1_024 + random.index(below: 1 << 29))
        profile.wire = wire()
        profile.sources = random.chance(0.5) ? [] : ["127.0.0.2", "::1", "10.1.2.3"]
        profile.shards = random.chance(0.5) ? nil : 1 + random.index(below: 256)
        return profile
    }

    /// Only what such a profile may ask for: offers of an embedded server, to agents that take them.
    private mutating func events(in profile: Profile) -> [TimedEvent] {
        var actions: [TimedEvent.Action] = [.dropConnections(share: random.unit())]
        if case .embedded = profile.server {
            actions += [.offerConfig(configOffer()), .restartAgents(target())]
            if profile.cohorts.contains(where: \.packages.accepted) {
                // Agents that really fetch need files.
                let fetches = profile.cohorts.contains { $0.packages.accepted && $0.packages.plan.fetch != nil }
                let content: PackageOffer.Content =
                    fetches || random.chance(0.5) ? .generated(bytes: 2_048 + random.index(below: 9_999)) : .modelled
                let packages: [PackageOffer.Package] = [
                    .init(
                        name: "p" + text(), version: "1.0", isSigned: random.chance(0.5), content: content,
                        flaw: content != .modelled && random.chance(0.5) ? .hash : nil),
                    .init(name: "q", version: "x" + text(), form: .addon, content: content),
                ]
                actions.append(.offerPackages(PackageOffer(packages: packages, target: target())))
            }
            if profile.cohorts.contains(where: \.connectionSettings.opamp) {
                actions.append(.offerHeartbeat(interval: .seconds(Int64(1 + random.index(below: 99))), to: target()))
                actions.append(.offerConnection(connectionOffer(in: profile)))
            }
            if profile.cohorts.contains(where: { $0.customAbilities.contains(.pause) }) {
                actions.append(.sendCustom(random.chance(0.5) ? .pause : .resume, to: target()))
            }
        }
        var events = (0..<random.index(below: 6)).map { _ in
            TimedEvent(at: time(), action: actions[random.index(below: actions.count)])
        }
        if case .embedded = profile.server, random.chance(0.3) {
            var offer = configOffer()
            offer.name = name()
            events.append(TimedEvent(at: .after(.seconds(1)), action: .offerConfig(offer)))
            events.append(TimedEvent(at: .after(.seconds(2)), action: .withdrawConfig(name: offer.name ?? "")))
        }
        return events
    }

    private mutating func configOffer() -> ConfigOffer {
        let files = (0...random.index(below: 3)).map { number in
            ConfigOffer.File(
                name: "f\(number)" + text(),
                body: random.chance(0.5) ? .text(text()) : .generated(bytes: 64 + random.index(below: 9_999)))
        }
        return ConfigOffer(files: files, contentType: random.chance(0.5) ? "" : "text/yaml", target: target())
    }

    /// Only parts that some cohort takes.
    private mutating func connectionOffer(in profile: Profile) -> ConnectionOffer {
        var offer = ConnectionOffer(
            opamp: .init(
                destination: .init(endpoint: text(), headers: pairs()),
                heartbeat: random.chance(0.5) ? nil : .seconds(Int64(1 + random.index(below: 99)))), target: target())
        if profile.cohorts.contains(where: { $0.ownTelemetry.signals.contains(.metrics) }) {
            offer.ownMetrics = .init(endpoint: text(), headers: pairs())
        }
        if profile.cohorts.contains(where: \.connectionSettings.other) {
            offer.others = (0..<random.index(below: 3)).map {
                .init(
                    name: "o\($0)" + text(), destination: .init(endpoint: text(), headers: pairs()), settings: pairs())
            }
        }
        return offer
    }

    private mutating func pairs() -> [ConnectionOffer.Header] {
        (0..<random.index(below: 3)).map { ConnectionOffer.Header(name: "h\($0)" + text(), value: text()) }
    }

    private mutating func target() -> EventTarget {
        EventTarget(
            share: random.unit(),
            attributes: (0..<random.index(below: 3)).map { EventTarget.Attribute(key: "k\($0)" + text(), text: text()) }
        )
    }

    private mutating func packages() -> PackageProfile {
        let plan = PackagePlan(
            installed: random.chance(0.5) ? [] : [.init(name: "a", version: "1", type: .addon)],
            fetch: random.chance(0.5) ? fetch() : nil, downloadTime: distribution(),
            fileBytes: random.index(below: 1 << 30), progressInterval: span(1, 60),
            installTime: distribution(),
            odds: .init(
                download: random.unit(), contentHash: random.unit(), signature: random.unit(), install: random.unit()),
            requiresSignature: random.chance(0.5),
            dependencies: random.chance(0.5) ? [:] : ["b": ["a", "c"], "a b": ["x"]])
        return PackageProfile(accepted: random.chance(0.8), plan: plan)
    }

    private mutating func fetch() -> FetchPlan {
        FetchPlan(
            bandwidth: random.chance(0.5) ? nil : 1_024 + random.index(below: 1 << 30), stallTimeout: span(1, 60),
            timeout: span(1, 60), attempts: 1 + random.index(below: 100), retryDelay: span(1, 60),
            redirects: random.index(below: 21), largestFile: random.index(below: 1 << 30),
            folder: random.chance(0.5) ? nil : "f" + text(), sharesVerdicts: random.chance(0.5),
            contents: FetchPlan.Contents.allCases[random.index(below: 3)],
            executables: random.chance(0.5) ? nil : ["bin/*", "b" + text()],
            sandbox: random.chance(0.5)
                ? nil
                : .init(
                    paths: random.chance(0.5) ? nil : ["p" + text()],
                    files: random.chance(0.5) ? nil : 1 + random.index(below: 99),
                    bytes: random.chance(0.5) ? nil : random.index(below: 1 << 30), worldWritable: random.chance(0.5)))
    }

    private mutating func name() -> String {
        ["a", "true", "Null", "1e3", "12", "a.b-c_d", "yes", "0x1F", "2m"][random.index(below: 9)]
    }

    private mutating func text() -> String {
        let pieces = [
            "", " ", "a", ": ", " #", "\"", "'", "\\", "\n", "\t", "é", "🙂", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}",
            "&x",
            "*x", "- ", "{", "]", "%", "@", "null", "~", "1.5", "\r\n", "\u{1B}[0m", "!t", "|", ">", "\u{10FFFF}", "ل",
            "\u{301}",
        ]
        return (0..<random.index(below: 8)).map { _ in pieces[random.index(below: pieces.count)] }.joined()
    }

    private mutating func span(_ low: Int, _ high: Int) -> Nanoseconds {
        var span = Nanoseconds.seconds(Int64(low + random.index(below: high - low)))
        if random.chance(0.5) { span = span + Nanoseconds(Int64(random.index(below: 1_000_000_000))) }
        return span
    }

    private mutating func time() -> RunTime {
        random.chance(0.5) ? .share(Double(random.index(below: 1_000)) / 1_000) : .after(span(0, 3_599))
    }

    private mutating func rate() -> Double {
        [0.5, 1.0 / 3, 90.0 / 60, 1_000, 12.75, 0.001][random.index(below: 6)]
    }

    private mutating func distribution() -> Distribution {
        switch random.index(below: 4) {
        case 0: return .constant(span(0, 10))
        case 1: return .uniform(span(0, 5), span(5, 10))
        case 2: return .exponential(mean: span(0, 10))
        default: return .logNormal(median: span(0, 10), sigma: random.unit() * 5)
        }
    }

    private mutating func url() -> ServerURL {
        let hosts = ["127.0.0.1", "::1", "opamp.example.com", "a_b"]
        let paths = ["/", "/v1/opamp", "/a?b=c&d=%20"]
        return ServerURL(
            host: hosts[random.index(below: hosts.count)], port: 1 + random.index(below: 65_535),
            path: paths[random.index(below: paths.count)])
    }

    private mutating func embedded() -> EmbeddedServer {
        var server = EmbeddedServer()
        server.port = random.index(below: 65_536)
        server.answerDelay = distribution()
        server.pauses = (0..<random.index(below: 3)).map { _ in .init(at: time(), length: span(0, 60)) }
        let retryAfter: Nanoseconds? = random.chance(0.5) ? nil : .seconds(Int64(1 + random.index(below: 100)))
        if random.chance(0.5) { server.throttle = .init(share: random.unit(), retryAfter: retryAfter) }
        if random.chance(0.5) { server.refuse = .init(share: random.unit(), status: 429, retryAfter: retryAfter) }
        if random.chance(0.5) { server.drop = .init(share: random.unit(), after: distribution()) }
        if random.chance(0.5) { server.heartbeatInterval = .seconds(Int64(1 + random.index(below: 100))) }
        server.compression = random.chance(0.5)
        server.closesConnections = random.chance(0.5)
        if random.chance(0.5) { server.idleTimeout = span(1, 100) }
        if random.chance(0.5) { server.largestMessage = 64 + random.index(below: 1 << 20) }
        if random.chance(0.5) { server.credentials = secret() }
        if random.chance(0.5) { server.tls = serverTLS() }
        if random.chance(0.5) {
            server.packages = .init(
                folder: random.chance(0.5) ? nil : "f" + text(),
                bandwidth: random.chance(0.5) ? nil : 1_024 + random.index(below: 1 << 30), breakShare: random.unit(),
                breakAfter: random.index(below: 1 << 20),
                access: random.chance(0.5) ? .secret(secret()) : random.chance(0.5) ? .anybody : .asForOpAMP)
        }
        return server
    }

    private mutating func wire() -> WireProfile {
        var wire = WireProfile()
        wire.compression = CompressionProfile(
            websocket: random.chance(0.5), requests: CompressionProfile.Requests.allCases[random.index(below: 3)],
            threshold: random.index(below: 1 << 20), level: random.chance(0.5) ? nil : 1 + random.index(below: 9))
        wire.polling = PollingProfile(
            interval: random.chance(0.5) ? nil : span(1, 100), connections: 1 + random.index(below: 10_000),
            idleTimeout: span(1, 100), acquireTimeout: span(1, 100),
            maximumAge: random.chance(0.5) ? nil : span(1, 100),
            queue: 1 + random.index(below: 1_000))
        if random.chance(0.5) {
            wire.headers = [
                HeaderProfile("X-A", .text("a {{index}}: \"b\"")), HeaderProfile("Cookie", .secret(secret())),
            ]
        }
        if random.chance(0.5) { wire.auth = auth() }
        if random.chance(0.5) {
            wire.proxy = ProxyProfile(
                url: ServerURL(scheme: .http, host: "::1", port: 1 + random.index(below: 65_535)),
                headers: random.chance(0.5) ? [] : [HeaderProfile("X-B", .text("#b"))],
                auth: random.chance(0.5) ? nil : .basic(user: "u v", password: secret()))
        }
        return wire
    }

    private mutating func auth() -> AuthProfile {
        switch random.index(below: 3) {
        case 0: return .bearer(.secret(secret()))
        case 1: return .bearer(.text("agent-{{index}}"))
        default: return .basic(user: "{{cohort}}", password: secret())
        }
    }

    private mutating func secret() -> SecretSource {
        random.chance(0.5) ? .environment("A_TOKEN") : .file("/run/secrets/a b: token")
    }

    private mutating func path() -> String { "/pki/a" + text().filter { $0 != "\u{0}" } }

    private mutating func pair() -> KeyPairFiles? {
        random.chance(0.5) ? nil : KeyPairFiles(certificate: path(), key: path())
    }

    private mutating func seconds() -> Nanoseconds { .seconds(Int64(1 + random.index(below: 10_000))) }

    private mutating func serverTLS() -> ServerTLS {
        ServerTLS(
            identity: pair(), authority: pair(),
            clientCertificates: ServerTLS.ClientCertificates.allCases[random.index(below: 3)],
            clientAuthorities: random.chance(0.5) ? nil : path(), revocationList: random.chance(0.5) ? nil : path(),
            folder: random.chance(0.5) ? nil : path(),
            hosts: random.chance(0.5) ? [] : ["a.example", "10.0.0.7", "::2"],
            lowestVersion: random.chance(0.5) ? .tls12 : .tls13, resumes: random.chance(0.5),
            staplesStatus: random.chance(0.5), lifetime: seconds())
    }

    private mutating func tls() -> TLSProfile {
        TLSProfile(
            authorities: random.chance(0.5) ? nil : path(), trustsSystem: random.chance(0.5) ? nil : random.chance(0.5),
            pinnedKeys: random.chance(0.5) ? [] : [String(repeating: "0f", count: 32)],
            serverName: random.chance(0.5) ? nil : "a.example", verifiesHost: random.chance(0.5),
            highestVersion: random.chance(0.5) ? .tls12 : .tls13, revocationList: random.chance(0.5) ? nil : path(),
            requiresStapledStatus: random.chance(0.5), resumes: random.chance(0.5))
    }

    private mutating func clientCertificate() -> ClientCertificate {
        if random.chance(0.3) { return .none }
        if random.chance(0.3), let files = pair() { return .files(files) }
        return .issued(
            IssuedClientCertificate(
                sharing: random.chance(0.5) ? .agent : .cohort,
                authority: KeyPairFiles(certificate: path(), key: path()), keys: 1 + random.index(below: 100),
                lifetime: seconds()))
    }

    private mutating func arrival() -> Arrival {
        switch random.index(below: 4) {
        case 0: return .allAtOnce
        case 1: return .ramp(over: span(0, 60))
        case 2: return .poisson(perSecond: [1_000, 333.25, 12_345.678][random.index(below: 3)])
        default:
            var stages: [ArrivalStage] = (0..<random.index(below: 3)).map { _ in
                .rate(from: rate(), to: random.chance(0.5) ? 0 : rate(), length: span(0, 60))
            }
            stages.append(.hold(length: span(0, 60)))
            stages.append(.population(.share(Double(random.index(below: 1_001)) / 1_000), length: span(0, 60)))
            if random.chance(0.5) {
                stages.append(.population(.share(1), length: span(0, 60)))
            } else {
                stages.append(.rate(from: 1_000, to: 2_000, length: span(1, 2)))
            }
            return .stages(stages)
        }
    }

    private mutating func cohort(_ number: Int) -> CohortProfile {
        var cohort = CohortProfile()
        cohort.name = "c\(number)"
        cohort.weight = CohortWeight(["1", "0.25", "7", "3.5", "12.125"][random.index(below: 5)]) ?? .one
        cohort.zones = (0...random.index(below: 3)).map { "z\($0)" + text() }
        cohort.identifying = attributes()
        cohort.nonIdentifying = attributes()
        cohort.heartbeat = HeartbeatProfile(
            enabled: random.chance(0.8), interval: span(1, 600), jitter: random.unit(),
            phase: HeartbeatProfile.Phase.allCases[random.index(below: 3)])
        cohort.batch = BatchPlan(window: span(0, 60), size: 1 + random.index(below: 99))
        cohort.report = ReportProfile(
            effectiveConfigBytes: random.index(below: 100_000), availableComponents: random.index(below: 100),
            healthPipelines: random.index(below: 100))
        let policies: [ReconnectProfile] = [
            .opampGo, .specMinimum, .fixed(delay: span(1, 10)), .longDelay(minimum: span(1, 10), maximum: span(10, 20)),
        ]
        cohort.reconnect = policies[random.index(below: 4)]
        cohort.mode = random.chance(0.5) ? .open : .closed(think: distribution())
        if random.chance(0.5) { cohort.gatewayMembers = random.index(below: 1_001) }
        cohort.reconnectReport = ReconnectReportProfile.allCases[random.index(below: 3)]
        cohort.remoteConfig = RemoteConfigPlan(
            applyTime: distribution(), failureOdds: random.unit(),
            allowedSettings: random.chance(0.5) ? nil : ["a", "b c"],
            historyLimit: 1 + random.index(below: 32),
            watchers: (0..<random.index(below: 3)).map {
                ConfigWatcher(
                    setting: "s\($0)" + text(), reaction: random.chance(0.5) ? .restartAgent : .restartPipelines)
            })
        if random.chance(0.5) { cohort.packages = packages() }
        if random.chance(0.3) {
            let wire = wire()
            // One of the fleet's names, or another.
            let name = random.chance(0.5) ? "x-a" : "X-C"
            cohort.wire = CohortWire(
                compression: random.chance(0.5) ? wire.compression : nil,
                headers: random.chance(0.5) ? [HeaderProfile(name, .text("c"))] : [],
                auth: random.chance(0.3) ? CohortWire.Own.none : wire.auth.map { .value($0) },
                proxy: random.chance(0.3) ? CohortWire.Own.none : wire.proxy.map { .value($0) })
        }
        let opamp = random.chance(0.5)
        cohort.connectionSettings = .init(
            opamp: opamp, other: random.chance(0.5), certificateRequest: opamp && random.chance(0.5),
            dropsCertificate: random.chance(0.5))
        cohort.customAbilities = CustomAbility.allCases.filter { _ in random.chance(0.5) }
        if random.chance(0.5) {
            cohort.ownTelemetry = OwnTelemetryProfile(
                signals: OwnTelemetryProfile.Signal.allCases.filter { _ in random.chance(0.5) }, interval: span(1, 60))
        }
        cohort.capabilityChanges = (0..<random.index(below: 3)).map { _ in
            CapabilityChangeProfile(
                after: span(1, 60), adds: CapabilityWord.allCases.filter { _ in random.chance(0.2) },
                removes: CapabilityWord.allCases.filter { _ in random.chance(0.2) })
        }
        if random.chance(0.5) { cohort.health = health(cohort.zones, cohort.startingVersion) }
        if random.chance(0.5) { cohort.faults = faults() }
        cohort.restart = RestartProfile(form: random.chance(0.5) ? .whole : .supervised, downtime: distribution())
        return cohort
    }

    private mutating func health(_ zones: [String], _ version: String?) -> HealthProfile {
        let interval = span(1, 60)
        return HealthProfile(
            checkInterval: interval, checkTimeout: interval.scaled(by: random.unit()),
            failureThreshold: 1 + random.index(below: 5),
            healthFaults: (0..<random.index(below: 4)).map { _ in
                let courses: [HealthProfile.Course] = [
                    .flapping(up: distribution(), down: distribution()), .decay(each: distribution()),
                    .suddenDeath(after: distribution()),
                    .outage(from: time(), length: span(0, 60)),
                ]
                let course = courses[random.index(below: 4)]
                return .init(
                    course, share: random.unit(), zone: random.chance(0.5) ? nil : zones[0],
                    version: random.chance(0.5) ? nil : version, hangs: random.chance(0.5))
            })
    }

    private mutating func faults() -> FaultPlan {
        var plan = FaultPlan(
            recurrence: random.unit(), timeToDeath: distribution(), timeToRecovery: distribution(),
            timeBetweenCrashes: distribution(), clockSkew: span(0, 60), slowReadingRate: 1 + random.index(below: 1_000),
            oversizedBytes: random.index(below: 1 << 20))
        for fault in Fault.allCases where random.chance(0.3) { plan.rates[fault] = random.unit() }
        return plan
    }

    private mutating func attributes() -> [AttributeTemplate] {
        (0..<random.index(below: 4)).map { number in
            let words = [
                "{{index}}", "{{ cohort }}", "{{zone}}", "{{region}}", "{{instance_uid}}", "}}", "123", "true",
            ]
            // A `{` of the random text next to another one would open a word.
            let text = text().filter { $0 != "{" }
            return AttributeTemplate(
                key: "k\(number)" + (random.chance(0.3) ? ": #\"x" : ""),
                text: text + words[random.index(below: words.count)])
        }
    }
}
