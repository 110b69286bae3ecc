public import Basis
public import ControlPlane
public import Engine
import OTLP
import OpAMP
import OpenSSL
import Rollout
import Transport

/// One shard of the embedded server: a registry, the connections that landed on this shard, and their shared buffers.
///
/// Confined to its shard. The host is itself an endpoint without a connection: its one timer is the registry's.
public final class ServerHost: Endpoint, @unchecked Sendable {
    private var registry: Registry
    private let path: String
    let wire: ServerWire
    /// The package files that it serves beside OpAMP; nil for none.
    let packages: PackageStore?
    let webSocketLimits: WebSocketLimits
    let httpLimits: HTTPLimits
    /// What the connections of all shards may hold of unfinished messages.
    let budget: BufferBudget
    /// Issues certificates, where this server does.
    private var desk: CertificateDesk?

    /// What the registry asks for; emptied before each of its calls.
    private var effects = ServerEffects()
    /// Connections by the registry's slot.
    private var links: [ServerLink?] = []
    /// The compression contexts of all connections. None keeps any of its own: no context takeover is agreed on with
    /// anybody.
    let coder = ContentCoder()
    lazy var deflate = SharedDeflate()
    /// Counts of the connections themselves, besides those of the registry.
    var wireCounts = ServerCounts()
    /// Draws which downloads are interrupted on purpose.
    var flawRandom: SeededRandom
    /// Bytes on their way to the kernel; empty between events.
    var output: [UInt8] = []
    var scratch: [UInt8] = []

    init(
        shard: Shard, registry: Registry, path: String, wire: ServerWire = ServerWire(),
        budget: BufferBudget, packages: PackageStore? = nil, seed: UInt64 = 1
    ) {
        flawRandom = SeededRandom(seed: seed)
        self.registry = registry
        self.path = path
        self.wire = wire
        self.budget = budget
        self.packages = packages
        var (webSocketLimits, httpLimits) = (WebSocketLimits(), HTTPLimits())
        if let largest = wire.largestMessage {
            webSocketLimits.messageBytes = UInt32(clamping: largest)
            httpLimits.bodyBytes = largest
        }
        self.webSocketLimits = webSocketLimits
        self.httpLimits = httpLimits
        super.init(shard: shard)
    }

    /// Makes the host issue certificates; before the first connection.
    func issue(by security: ServerSecurity) {
        desk = CertificateDesk(host: self, security: security)
    }

    /// Has a new certificate made for each of the agents meant.
    func rotate(_ selection: Selection, _ rotation: CertificateRotation) {
        desk?.add(registry.agents(meant: selection).map { .renewal($0, rotation) })
    }

    /// The certificates of the agents meant: those that they have shown, and those that this server gave them.
    func certificates(of selection: Selection) -> [Certificate] {
        let shown = registry.connections(of: selection).compactMap { link($0)?.peerCertificate }
        let given = registry.certificates(of: selection).compactMap { certificate in
            try? Certificate.parse(pem: String(decoding: certificate.cert, as: UTF8.self)).first
        }
        return shown + given
    }

    /// Ends the connections of the agents meant, whose certificates were withdrawn.
    func turnOut(_ selection: Selection, certificates: Int) {
        registry.revoked(certificates)
        for id in registry.connections(of: selection) {
            guard let link = link(id) else { continue }
            // RFC 6455, 7.4.1: policy violation.
            link.sayClose(1008)
            closed(id, .ours)
        }
    }

    /// The counts of this shard of the server until now. On the shard.
    public var counts: ServerCounts {
        var counts = registry.counts + wireCounts + telemetry.counts
        let tls = shard.tlsCounters
        (counts.tlsHandedOver, counts.tlsKept) = (tls.handedOver, tls.keptInAll)
        counts.tlsFirstRecordsRefused = tls.firstRecordsRefused
        return counts
    }

    /// Agents' own telemetry that was sent here.
    var telemetry = TelemetryReceipts()

    /// A connection that the listener has accepted. On the shard.
    public func accept(from peer: SocketAddress) -> Endpoint? {
        ServerLink(host: self)
    }

    /// Whether a request for `target` is for the OpAMP service.
    func serves(_ target: String) -> Bool {
        target == path || target.hasPrefix(path + "?")
    }

    /// Which telemetry a request for `target` brings, where the server is offered as a destination for it (OTLP/HTTP
    /// Request).
    func telemetrySignal(_ target: String) -> TelemetrySignal? {
        TelemetrySignal.allCases.first { target == $0.path || target.hasPrefix($0.path + "?") }
    }

    /// Where the server serves its counts, as a JSON object of numbers: not part of OpAMP, for the reconciliation at
    /// the end of a run.
    public static let countsPath = "/muster/counts"

    /// Where a tester has configurations offered; see `ServerLink+Control`.
    public static let offerPath = "/muster/offer"

    /// Steers the registries of all shards; set before the first connection.
    var steerAll: (@Sendable (@escaping @Sendable (inout Registry, Instant, inout ServerEffects) -> Void) -> Void)?

    /// Answers what a tester asks about layers and channels; nil: the server has none.
    var versions: (@Sendable (ControlRequest) async -> ControlAnswer)?

    /// Counts whom other layers and channels touch, and serves them unless it is a trial.
    func serve(_ standing: StandingOffers, changing name: VersionBook.Name, isTrial: Bool) -> TouchedAgents {
        let touched = registry.touched(by: standing, name)
        if !isTrial { tell { registry, now, effects in try? registry.stand(standing, at: now, &effects) } }
        return touched
    }

    func served(_ uid: InstanceUID) -> ServedAgent? { registry.served(uid) }

    /// Gets what the registry has observed of its agents, in order, on the shard.
    var observer: (@Sendable ([AgentObservation]) -> Void)?

    /// Gives the counts of the whole server, all shards added up; set before the first connection.
    var wholeCounts: (@Sendable () async -> ServerCounts)?

    func tellCounts(to link: ServerLink) {
        guard let wholeCounts else { return link.send(counts: ServerHost.json(counts)) }
        Task {
            let counts = await wholeCounts()
            shard.perform { link.send(counts: ServerHost.json(counts)) }
        }
    }

    private static func json(_ counts: ServerCounts) -> [UInt8] {
        let members = ServerCounts.fields.map { "\"\($0.name)\":\(counts[keyPath: $0.path])" }
        return Array("{\(members.joined(separator: ","))}\n".utf8)
    }

    /// Closes every connection in order, as a server that goes away does. Returns how many there were.
    func sendAgentDisconnect() -> Int {
        let open = links.compactMap { $0 }
        for link in open {
            link.goAway()
        }
        return open.count
    }

    /// Breaks every connection, as a server does whose process ends.
    func breakConnections() {
        for link in links.compactMap({ $0 }) {
            guard let id = link.id else { continue }
            link.drop()
            closed(id, .ours)
        }
    }

    // MARK: - Events for the registry

    func accepted(_ link: ServerLink) -> ConnectionID {
        effects.removeAll()
        let id = registry.accepted(at: shard.now, &effects)
        let slot = Int(id.slot)
        while links.count <= slot {
            links.append(nil)
        }
        links[slot] = link
        link.id = id
        perform()
        return id
    }

    func upgradeRequested(_ id: ConnectionID) {
        tell { registry, now, effects in registry.upgradeRequested(id, at: now, &effects) }
    }

    func received(_ report: RawSpan, from id: ConnectionID) {
        effects.removeAll()
        registry.received(bytes: report, from: id, at: shard.now, &effects)
        perform()
    }

    func receivedMalformed(_ reason: String, byteCount: Int, from id: ConnectionID) {
        tell { registry, now, effects in
            registry.receivedMalformed(reason, byteCount: byteCount, from: id, at: now, &effects)
        }
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        let slot = Int(id.slot)
        if links.indices.contains(slot), links[slot]?.id == id || links[slot]?.id == nil {
            links[slot] = nil
        }
        tell { registry, now, effects in registry.closed(id, end, at: now, &effects) }
    }

    public override func timerFired(due: Instant) {
        tell { registry, now, effects in registry.wake(at: now, &effects) }
    }

    /// Steers the registry (offers, restarts) on its shard, and does what it asks for.
    public func steer(_ event: (inout Registry, Instant, inout ServerEffects) -> Void) {
        tell(event)
    }

    // MARK: - What the registry asks for

    private func tell(_ event: (inout Registry, Instant, inout ServerEffects) -> Void) {
        effects.removeAll()
        event(&registry, shard.now, &effects)
        perform()
    }

    private func perform() {
        // A closing connection tells the registry, which appends to a fresh buffer: the current one is set aside
        // meanwhile.
        guard !effects.list.isEmpty else { return }
        var ended: [ConnectionID] = []
        var asked: [CertificateDesk.Demand] = []
        var observed: [AgentObservation] = []
        for index in effects.list.indices {
            switch effects.list[index] {
            case .send(let id, let answer):
                link(id)?.send(effects.bytes.span.bytes.extracting(answer.range))
            case .upgrade(let id):
                link(id)?.upgrade()
            case .refuse(let id, let refusal):
                if link(id)?.refuse(refusal) == true {
                    ended.append(id)
                }
            case .close(let id, let code):
                if let link = link(id) {
                    link.sayClose(code)
                    ended.append(id)
                }
            case .abort(let id):
                if let link = link(id) {
                    link.drop()
                    ended.append(id)
                }
            case .wake(let instant):
                setTimer(at: instant)
            case .certificateRequested(let ticket):
                asked.append(.request(ticket))
            case .observed(let observation):
                observed.append(observation)
            case .received, .reported:
                // For the code that controls the registry; a bare server only counts them.
                break
            }
        }
        if !asked.isEmpty { desk?.add(asked) }
        if !observed.isEmpty { observer?(observed) }
        for id in ended {
            closed(id, .ours)
        }
    }

    private func link(_ id: ConnectionID) -> ServerLink? {
        let slot = Int(id.slot)
        guard links.indices.contains(slot), let link = links[slot], link.id == id else { return nil }
        return link
    }
}
