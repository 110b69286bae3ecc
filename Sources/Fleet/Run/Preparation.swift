import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import OpAMP
import Transport

/// Everything a run needs before its first connection: capacity, server, addresses, shards.
struct Preparation: Sendable {
    let endpoint: String
    /// Where the server's own counts come from, and what they were before the run.
    let tallies: TallySource
    let firstTally: ServerTally?
    /// The package files that the embedded server has for download.
    let catalogue: PackageCatalogue?
    let configs: ConfigFiles
    private let server: OpAMPServer?
    /// Makes an agent's request for a certificate; nil where no agent asks for one.
    let certificateRequest: CertificateRequests.Make?
    let exchanges: [IntervalExchange]
    let clocks = WaveClocks()
    let shards: [AgentShard]
    /// Makes a server elsewhere do what events ask of it; nil: nothing does.
    let driver: ServerDriver?
    /// The server's address as `host:port`, for offers that lead back to it.
    let authority: String
    /// What agents have to show where such an offer is a destination for telemetry; nil: nothing.
    let telemetryHeaders: Headers?
    /// Whether the server is reached over TLS.
    let isSecure: Bool
    /// What watches the server; nil where nothing can.
    let watch: ServerWatch?

    /// - Parameter observed: what of its agents' reports the embedded server tells beside what else it learns of single
    ///   agents; nil: it tells nothing.
    init(
        _ profile: Profile, options: FleetRunOptions, observed: ObservedParts? = nil
    ) async throws(RunError) {
        let sources = try Preparation.sources(profile)
        let url = Preparation.url(profile)
        let routes = try await Preparation.routes(profile, url)
        let addresses = routes.usual.addresses
        try Preparation.checkCapacity(profile, destinations: addresses.count, options.part)

        let (embedded, fleet) = try Preparation.security(profile, url)
        certificateRequest = fleet.requests?.make
        var catalogue = try Preparation.catalogue(profile)
        configs = try ConfigFiles(profile)
        let (wire, access) = try Preparation.serverWire(profile)
        telemetryHeaders = access.telemetryHeaders
        let versions = try Preparation.versions(profile)
        let server = try Preparation.startServer(
            profile, embedded?.security, wire, catalogue?.store, versions, observed: observed)
        self.server = server
        if let server, let address = server.addresses.first {
            let base = "\(embedded == nil ? "http" : "https")://\(address)"
            catalogue?.serve(from: base, to: access)
            try versions?.serve(on: server, catalogue?.store, base: base, access)
        }
        self.catalogue = catalogue
        let downloads = DownloadSetup(
            concurrency: profile.limits.downloads, bandwidth: profile.limits.downloadBandwidth,
            madeKeys: catalogue?.madeKeys ?? [:], security: fleet.elsewhere, identities: fleet.identities)
        let path = url?.path ?? ServerURL.defaultPath
        let host = url.map { "\($0.bracketedHost):\($0.port)" } ?? server.map { "\($0.addresses[0])" } ?? ""
        let count = profile.shards ?? Processors.count
        let transport = profile.transport(shards: count)
        let messages = Preparation.messageLimits(profile)
        func target(_ route: Route) throws(RunError) -> AgentTarget {
            let addresses = route.setup.proxy == nil ? server?.addresses ?? route.addresses : route.addresses
            guard
                var target = AgentTarget(
                    addresses: addresses, sources: sources, host: host, path: path, limits: messages,
                    transport: transport, security: fleet.target)
            else { throw .unknownHost(host, reason: "it has no address") }
            target.fields = route.setup.fields
            target.agentFields = route.setup.agentFields
            target.proxy = route.setup.proxy
            target.compression = route.setup.compression
            target.frameBytes = profile.wire.webSocket.frameBytes ?? .max
            target.silenceTimeout = profile.wire.webSocket.silenceTimeout
            target.link = route.link
            return target
        }
        let usual = try target(routes.usual)
        let scheme = (profile.isPolling ? "http" : "ws") + (embedded == nil ? "" : "s")
        watch = try await ServerWatch(options, isEmbedded: server != nil, address: usual.addresses.first)
        endpoint = url?.description ?? "\(scheme)://\(host)\(path)"
        authority = host
        isSecure = fleet.target != nil
        var shardOptions = Preparation.shardOptions(profile, options, fleet)
        for (cohort, route) in routes.ofCohorts { shardOptions.cohortTargets[cohort] = try target(route) }
        exchanges = (0..<count).map { _ in IntervalExchange(cohorts: profile.cohorts.count) }
        shards = try Preparation.shards(
            exchanges, clocks, target: usual, profile, downloads: downloads, options: shardOptions)
        driver = profile.driver(on: shards[0].shard)
        (tallies, firstTally) = await Preparation.tallies(
            profile, options, server, at: shardOptions.cohortTargets[profile.cohorts[0].name] ?? usual,
            on: shards[0].shard)
    }

    private static func checkCapacity(
        _ profile: Profile, destinations: Int, _ part: RunPart?
    ) throws(RunError) {
        let capacity = profile.capacity(destinations: max(destinations, 1), part: part)
        guard let remedy = capacity.remedy else { return }
        let agents = Population(profile, part: part).agentsHere
        throw .tooManyAgents(asked: agents, fit: capacity.fits, remedy: remedy)
    }

    private static func shardOptions(
        _ profile: Profile, _ options: FleetRunOptions, _ fleet: FleetSecurity
    ) -> AgentShardOptions {
        let traced = options.tracedAgents
        var made = AgentShardOptions(
            checksConformance: options.checksConformance,
            traceStride: traced > 0 ? UInt64(max((profile.agents + traced - 1) / traced, 1)) : nil,
            resolveOffer: fleet.offers.resolve,
            resolveDestination: OfferedDestinations(fleet.elsewhere, fleet.offers.contexts).resolve)
        made.journal = options.journal
        return made
    }

    /// The layers and channels of the embedded server; nil: it has none.
    private static func versions(_ profile: Profile) throws(RunError) -> VersionDesk? {
        guard case .embedded(let embedded) = profile.server, !embedded.served.isEmpty else { return nil }
        return try embedded.served.desk()
    }

    private static func messageLimits(_ profile: Profile) -> WebSocketLimits {
        let bytes = UInt32(clamping: profile.limits.messageBytes)
        return WebSocketLimits(messageBytes: bytes, frameBytes: bytes)
    }

    /// Where the server's own counts come from, and what they are before the run: those of a server elsewhere are asked
    /// for as an agent of the first cohort.
    private static func tallies(
        _ profile: Profile, _ options: FleetRunOptions, _ server: OpAMPServer?, at target: AgentTarget, on shard: Shard
    ) async -> (TallySource, ServerTally?) {
        if let server {
            let source = TallySource.embedded(server)
            return (source, await source.tally())
        }
        guard options.asksServerForCounts else { return (.unasked, nil) }
        let cohort = Cohort(
            CohortPlan(cohort: profile.cohorts[0], limits: profile.limits), seed: profile.seed,
            unixOrigin: WallClock.unixNanoseconds(at: .zero))
        return await TallySource.find(target, as: Agent(index: 0, cohort: cohort), on: shard)
    }

    /// A shard of agents for each exchange, each with its part of the download limits.
    private static func shards(
        _ exchanges: [IntervalExchange], _ clocks: WaveClocks, target: AgentTarget, _ profile: Profile,
        downloads: DownloadSetup, options: AgentShardOptions
    ) throws(RunError) -> [AgentShard] {
        var shards: [AgentShard] = []
        var engine = ShardOptions()
        let handshakes = (profile.tls ?? TLSProfile()).handshakes
        engine.handshakeLimit = max(handshakes / max(exchanges.count, 1), 1)
        do {
            for (index, exchange) in exchanges.enumerated() {
                var own = options
                own.downloads = downloads.share(of: index, of: exchanges.count)
                shards.append(
                    AgentShard(
                        shard: try Shard(label: "muster.agents.\(index)", options: engine), exchange: exchange,
                        clocks: clocks, target: target, seed: profile.seed &+ UInt64(index) &* 0x9E37_79B9,
                        unixOrigin: WallClock.unixNanoseconds(at: .zero), options: own))
            }
        } catch {
            throw .noShard("\(error)")
        }
        return shards
    }

    /// Whether the run has its server in this process.
    var isEmbedded: Bool { server != nil }
    var embeddedServer: OpAMPServer? { server }

    /// Stops what the preparation has started, the shards apart.
    func stop() async {
        _ = await server?.stop()
    }

    /// Tells the embedded server when to pause, now that the run has a start.
    func layPauses(of profile: Profile, from start: Instant) {
        guard let server, case .embedded(let embedded) = profile.server else { return }
        let pauses = ServerPlan(embedded: embedded, duration: profile.duration, runStart: start).pauses
        server.steer { registry, now, effects in
            for pause in pauses { registry.pause(pause, at: now, &effects) }
        }
    }

    /// The orders that the embedded server has refused.
    let refusals = RefusedOrders()

    /// Has the embedded server do what an event asks of it.
    func give(_ order: ServerOrder) {
        if let server { order.carryOut(by: server, refusals: refusals) }
    }

    private static func url(_ profile: Profile) -> ServerURL? {
        guard case .url(let url) = profile.server else { return nil }
        return url
    }

    /// How agents reach the server.
    private struct Route {
        var setup: WireSetup
        /// The server's, or those of the proxy in front of it; empty: those of the embedded server.
        var addresses: [SocketAddress]
        /// The slow network on the way; nil: there is none.
        var link: LinkPlan?
    }

    /// The way of the fleet, and those of cohorts that go another.
    private static func routes(
        _ profile: Profile, _ url: ServerURL?
    ) async throws(RunError) -> (usual: Route, ofCohorts: [String: Route]) {
        let usual = try await route(profile.wire, profile, url)
        var ofCohorts: [String: Route] = [:]
        for cohort in profile.cohorts {
            let link = cohort.link.plan(seed: profile.seed)
            guard link != nil || cohort.wire != CohortWire() else { continue }
            var route = try await route(profile.wire(of: cohort), profile, url)
            route.link = link
            ofCohorts[cohort.name] = route
        }
        return (usual, ofCohorts)
    }

    private static func route(
        _ wire: WireProfile, _ profile: Profile, _ url: ServerURL?
    ) async throws(RunError) -> Route {
        Route(
            setup: try WireSetup(wire, agents: profile.agents),
            addresses: try await addresses(wire.proxy?.url ?? url))
    }

    private static func addresses(_ url: ServerURL?) async throws(RunError) -> [SocketAddress] {
        guard let url else { return [] }
        do {
            return try await HostResolver.shared.resolve(url.host, port: UInt16(clamping: url.port))
        } catch {
            throw .unknownHost(url.host, reason: "\(error)")
        }
    }

    private static func sources(_ profile: Profile) throws(RunError) -> [SocketAddress] {
        var sources: [SocketAddress] = []
        for text in profile.sources {
            guard let address = SocketAddress(host: text, port: 0) else { throw .badSource(text) }
            sources.append(address)
        }
        return sources
    }

    /// The certificates of both sides, as far as they are ours to choose.
    private static func security(
        _ profile: Profile, _ url: ServerURL?
    ) throws(RunError) -> (EmbeddedSecurity?, FleetSecurity) {
        do throws(SecurityError) {
            let embedded: EmbeddedSecurity? = if let tls = profile.serverTLS { try EmbeddedSecurity(tls) } else { nil }
            return (embedded, try FleetSecurity(profile, url: url, server: embedded))
        } catch {
            throw .security(error)
        }
    }

    private static func catalogue(_ profile: Profile) throws(RunError) -> PackageCatalogue? {
        do {
            return try PackageCatalogue(profile)
        } catch {
            throw .packages(error.description)
        }
    }

    /// How the embedded server treats its connections, and who may fetch its files.
    private static func serverWire(_ profile: Profile) throws(RunError) -> (ServerWire, PackageAccess) {
        guard case .embedded(let embedded) = profile.server else {
            return (ServerWire(), try PackageAccess(.anybody, opamp: nil))
        }
        var wire = try ServerWire(embedded)
        let access = try PackageAccess(embedded.packages.access, opamp: wire.credentials)
        wire.fileCredentials = access.credentials
        wire.telemetryCredentials = access.telemetryCredentials
        return (wire, access)
    }

    private static func startServer(
        _ profile: Profile, _ security: ServerSecurity?, _ wire: ServerWire, _ packages: PackageStore?,
        _ versions: VersionDesk?, observed: ObservedParts?
    ) throws(RunError) -> OpAMPServer? {
        guard case .embedded(let embedded) = profile.server else { return nil }
        var plan = ServerPlan(
            embedded: embedded, duration: profile.duration, runStart: .zero, events: profile.events)
        // They count from the run's start, which is not known yet.
        plan.pauses = []
        plan.observesAgents = observed != nil
        plan.watchedComponents = observed?.components ?? []
        plan.observesClocks = observed?.hasClocks ?? false
        for label in versions?.labels ?? [] where !plan.labels.contains(label) { plan.labels.append(label) }
        if let interval = profile.cohorts.map(\.heartbeat.interval).min() { plan.usualHeartbeatInterval = interval }
        do throws(OpAMPServerError) {
            return try OpAMPServer(
                plan: plan, address: .loopback(port: UInt16(clamping: embedded.port)), wire: wire,
                shards: 1, seed: profile.seed, wallClockAtZero: WallClock.unixNanoseconds(at: .zero) / 1_000_000,
                security: security, packages: packages)
        } catch {
            throw .embeddedServer(error.description)
        }
    }
}
