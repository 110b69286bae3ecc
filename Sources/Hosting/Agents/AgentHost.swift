import AgentModel
import Basis
import Engine
import Matching
import Metrics
import OpAMP
import Transport

/// What all agents of one shard share: the metrics, the target, and the buffers through which every message passes.
///
/// Confined to its shard. The buffers keep their capacity, so that a message in steady state allocates nothing.
/// Accesses to them call nobody, so that none is checked for an overlap; those to the effects do, and each is.
final class AgentHost {
    let shard: Shard
    let metrics: ShardMetrics
    /// The target of the cohorts that have none of their own.
    let target: AgentTarget
    private let home: AgentPlace
    private let homes: [String: AgentPlace]

    /// Where an offer of connection settings leads: the target to use, or `nil` where its host has no address.
    let resolveOffer: OfferResolver
    /// Sends the agents' own telemetry, once a server has offered a destination; made with the first request.
    private var exporter: TelemetryExporter?
    private let resolveDestination: DestinationResolver
    /// Steps of agents' lives since the figures were last handed over.
    @exclusivity(unchecked) private var transitions = TransitionTally()
    /// Records the changes of state of some agents, where the run asks for it.
    let trace: TransitionTrace?
    /// Where every change of state goes; nil where no journal is kept.
    let journal: JournalPart?

    /// The files that agents fetch; made when the first does.
    private(set) lazy var downloads = ShardDownloads(
        shard: shard, metrics: metrics, setup: downloadSetup, sources: target.sources, seed: downloadSeed)
    private let downloadSetup: DownloadSetup
    private let downloadSeed: UInt64

    /// What the shards of the run learn together of their servers, and the shard's number in it.
    private let learning: (shared: SharedLearning, shard: Int)

    /// Checks the agents against the specification, where the run asks for it.
    let watch: ConformanceWatch?

    // What is marked as unchecked is lent to state machines, frames and random numbers, none of which know of a host: a
    // check for overlapping access at each message could find nothing.

    /// The effects of the step under way; emptied before the next step of any state machine.
    @exclusivity(unchecked) var effects = Effects()
    /// Frames to be written; empty between events.
    @exclusivity(unchecked) var output: [UInt8] = []
    /// Where a frame that came in pieces or masked is put together.
    @exclusivity(unchecked) var scratch: [UInt8] = []
    /// The compressors of all WebSockets of the shard.
    var deflate = SharedDeflate()
    /// Which servers have sent messages that decompress to too much.
    var decompression = DecompressionGuard()
    /// Masking keys and handshake nonces (RFC 6455 asks for unpredictable ones against attacks on proxies by scripts in
    /// browsers; a load generator's payloads are its own).
    @exclusivity(unchecked) private var random: SeededRandom
    private let unixOrigin: UInt64
    private var notedWriteCalls: UInt64 = 0
    private var notedTLS = TLSCounters()
    private var notedCPU = Nanoseconds.zero
    private var notedAt: Instant

    /// The agents of the shard that have started and are not gone.
    private(set) lazy var population = ShardPopulation(host: self, seed: downloadSeed)
    /// Of each cohort behind gateways the gateway that arrived last: the next agents of the cohort are its members.
    private var filling: [ObjectIdentifier: GatewayLink] = [:]
    /// What agents that poll over plain HTTP share; `nil` where the target is a WebSocket.
    private let polling: PollingHost?

    init(
        shard: Shard, metrics: ShardMetrics, target: AgentTarget, seed: UInt64, unixOrigin: UInt64,
        options: AgentShardOptions
    ) {
        downloadSetup = options.downloads
        downloadSeed = seed
        learning = (options.learning, options.learning.join())
        resolveOffer = options.resolveOffer
        resolveDestination = options.resolveDestination
        trace = options.traceStride.map { TransitionTrace(stride: $0) }
        journal = options.journal.map { JournalPart($0) }
        let checksConformance = options.checksConformance
        watch = checksConformance ? ConformanceWatch(metrics: metrics) : nil
        self.shard = shard
        self.metrics = metrics
        self.target = target
        notedAt = Shard.clock
        home = AgentPlace(target)
        homes = options.cohortTargets.mapValues(AgentPlace.init)
        random = SeededRandom(seed: seed)
        self.unixOrigin = unixOrigin
        polling =
            switch target.transport {
            case .webSocket: nil
            case .polling(let plan): PollingHost(plan: plan, shard: shard, metrics: metrics, seed: seed)
            }
        output.reserveCapacity(1 << 16)
    }

    /// Records how many agents the shard is going to have.
    func planned(_ agents: Int) {
        population.reserve(agents)
        metrics.agentsMoved(agents, from: nil, to: .initializing)
    }

    /// An agent has changed its state.
    func moved(_ change: StateChange, of index: UInt64) {
        metrics.agentMoved(from: change.from, to: change.to)
        transitions.count(change)
        if transitions.isFull { transitions.handOver(to: metrics) }
        trace?.note(change, of: index)
        journal?.note(change, of: index)
    }

    /// Hands the figures since the last time to the collector.
    /// - Returns: false where the collector has not read those before yet: they go with the next.
    @discardableResult
    func publish() -> Bool {
        transitions.handOver(to: metrics)
        return metrics.publish()
    }

    /// Sends a request with an agent's own telemetry; its body is in the effects.
    func send(_ export: TelemetryExport) {
        let exporter =
            exporter ?? TelemetryExporter(shard: shard, metrics: metrics, target: target, resolve: resolveDestination)
        self.exporter = exporter
        exporter.send(export, body: Array(effects.bytes[export.range]))
    }

    /// Gives the other shards what this one has learned of its servers, and learns what they have.
    func exchangeLearning() {
        let others = learning.shared.exchange(effects.matcher.takeGrowth(), from: learning.shard)
        if let others { effects.matcher.add(others) }
    }

    /// Whether no own telemetry is on its way.
    var isTelemetryQuiet: Bool { exporter?.isQuiet ?? true }

    /// Where the agents of a cohort connect by the profile.
    func home(of cohort: Cohort) -> AgentPlace {
        homes[cohort.plan.name] ?? home
    }

    /// Makes the link of an agent before it starts, where it has one of its own.
    func makeLink(_ index: UInt64, _ cohort: Cohort) -> (any FleetMember)? {
        if let polling { return PollLink(agent: Agent(index: index, cohort: cohort), host: self, polling: polling) }
        guard cohort.plan.gatewayMembers == 0 else { return nil }
        return AgentLink(agent: Agent(index: index, cohort: cohort), host: self)
    }

    /// Starts agent `index` now.
    /// - Parameters:
    ///   - made: its link, where `makeLink` has made it already.
    ///   - isPlanned: whether it is one of those of `planned`.
    func start(_ index: UInt64, _ cohort: Cohort, link made: (any FleetMember)? = nil, isPlanned: Bool = true) {
        let former = metrics.enter(cohort: cohort.number)
        defer { metrics.leave(for: former) }
        metrics.count(.agentsStarted)
        if !isPlanned {
            metrics.agentMoved(from: nil, to: .initializing)
            population.hasUnplanned = true
        }
        let link: any FleetMember
        if let own = made ?? makeLink(index, cohort) {
            link = own
        } else if let gateway = filling[ObjectIdentifier(cohort)], gateway.agents <= cohort.plan.gatewayMembers {
            return gateway.join(Agent(index: index, cohort: cohort))
        } else {
            let gateway = GatewayLink(leader: Agent(index: index, cohort: cohort), host: self)
            filling[ObjectIdentifier(cohort)] = gateway
            link = gateway
        }
        population.begin(link)
        link.start()
    }

    /// What `event` counts is counted for the cohort.
    func asCohort(_ cohort: Cohort, _ event: () -> Void) {
        let former = metrics.enter(cohort: cohort.number)
        event()
        metrics.leave(for: former)
    }

    func asCohort(of link: any FleetMember, _ event: () -> Void) { asCohort(link.agent.cohort, event) }

    /// Records what the engine has counted since the last time.
    func noteEngine() {
        let calls = shard.counters.sends
        metrics.count(.writeCalls, Int(calls &- notedWriteCalls))
        notedWriteCalls = calls
        metrics.record(shard.tlsCounters, since: &notedTLS)
        let cpu = shard.threadCPU
        metrics.used(cpu - notedCPU, in: shard.now - notedAt)
        (notedCPU, notedAt) = (cpu, shard.now)
    }

    /// Counts the agents that never received a response, those whose agent_disconnect could not be sent, and what has
    /// no end yet.
    /// - Parameter isDrained: whether the server had the whole drain to answer in.
    func settle(isDrained: Bool) {
        for link in population.links {
            let former = metrics.enter(cohort: link.agent.cohort.number)
            metrics.count(.agentDisconnectsUnsent, link.unsentAgentDisconnects)
            metrics.count(population.isLate(link) ? .agentsLeftUnanswered : .agentsUnanswered, link.unanswered)
            link.settle(isDrained: isDrained)
            metrics.leave(for: former)
        }
    }

    /// Releases the agents, which hold their host: after the shard has stopped.
    func forget() {
        population.forget()
        exporter = nil
    }

    /// A masking key for one frame.
    func maskingKey() -> UInt32 {
        UInt32(truncatingIfNeeded: random.next())
    }

    /// The time of day, for dates in HTTP fields.
    var unixSeconds: Int64 {
        Int64(clamping: (unixOrigin &+ shard.now.nanoseconds) / 1_000_000_000)
    }

    func handshakeNonce() -> (UInt64, UInt64) {
        (random.next(), random.next())
    }

    /// The fields of an upgrade or request of `agent`: the target's, and the agent's own as far as the target does not
    /// name them.
    func fields(of agent: Agent, to target: AgentTarget) -> HTTPFields {
        var fields = target.fields
        appendFields(of: agent, to: target, &fields)
        return fields
    }

    /// Appends the agent's own fields as far as the target does not name them.
    func appendFields(of agent: Agent, to target: AgentTarget, _ fields: inout HTTPFields) {
        let failed = target.agentFields.append(of: agent, except: target.fields, to: &fields)
        if failed > 0 { metrics.count(named: "header_not_sendable", UInt64(failed)) }
    }

    /// Where the certificates come from that agents show to the servers of files: as to the server at `target`, or as
    /// the profile has it where that one is reached in plaintext.
    func identities(for target: AgentTarget) -> (any AgentIdentities)? {
        target.security?.identities ?? downloads.setup.identities
    }
}
