public import AgentModel
public import Basis
public import Engine
public import Metrics

/// One shard of a fleet, controlled from outside: arrivals, lost connections, agents that stop, and the second's
/// figures.
///
/// The calls may come from any thread; the work is done on the shard.
public final class AgentShard: @unchecked Sendable {
    // Everything but `shard` is touched on the shard alone, which is why this may be shared.
    public let shard: Shard
    let host: AgentHost
    private var pump: ArrivalPump?
    private var drainage: Drainage?

    /// - Parameters:
    ///   - unixOrigin: UNIX time in nanoseconds at the origin of the shard's clock.
    ///   - clocks: from when the times of offers count; one for all shards of a run.
    public init(
        shard: Shard, exchange: IntervalExchange, clocks: WaveClocks = WaveClocks(), target: AgentTarget, seed: UInt64,
        unixOrigin: UInt64, options: AgentShardOptions
    ) {
        self.shard = shard
        host = AgentHost(
            shard: shard, metrics: ShardMetrics(exchange: exchange, clocks: clocks), target: target, seed: seed,
            unixOrigin: unixOrigin, options: options)
    }

    /// Whether no own telemetry of the shard's agents is on its way.
    public func isTelemetryQuiet() async -> Bool {
        await shard.value { [self] in host.isTelemetryQuiet }
    }

    /// The steps of traced agents until now.
    /// - Parameter start: what their times count from.
    public func traced(since start: Instant) async -> [TracedTransition] {
        await shard.value { [self] in
            (host.trace?.steps ?? []).map {
                TracedTransition(agent: $0.agent, at: $0.at - start, spent: $0.spent, transition: $0.transition)
            }
        }
    }

    /// Hands over what the journal does not have yet.
    public func flushJournal() async {
        await shard.value { [self] in host.journal?.flush() }
    }

    /// The first violations that were found, in words; empty where conformance is not checked.
    public func violations() async -> [String] {
        await shard.value { [self] in host.watch?.examples.map(\.description) ?? [] }
    }

    /// Starts the agents of `schedule` when they are due.
    /// - Parameter schedule: ascending by time; read during the run, so it may be lazy. Used on the shard
    ///   only.
    ///   - planned: how many they are; nil: any number, but no more than `limit` at one time.
    ///   - parts: cohorts whose number follows a curve.
    public func begin(
        _ schedule: sending any IteratorProtocol<PlannedArrival>, planned: Int?, limit: Int = .max,
        parts: sending [PopulationPart] = []
    ) {
        let box = ScheduleBox(schedule, parts)
        shard.perform { [self] in
            host.planned(planned ?? 0)
            let pump = ArrivalPump(
                host: host, schedule: box.schedule, isPlanned: planned != nil, limit: planned == nil ? limit : .max)
            self.pump = pump
            pump.begin()
            host.population.controls = box.parts.map { PopulationControl(host: host, part: $0) }
            for control in host.population.controls { control.begin() }
        }
    }

    /// Starts agents now, besides those of the schedule.
    public func start(_ agents: [(index: UInt64, cohort: Cohort)]) {
        shard.perform { [self] in
            for agent in agents { host.start(agent.index, agent.cohort, isPlanned: false) }
        }
    }

    /// Cuts the connections of a share of the agents at one moment, without agent_disconnect, as a failure of the
    /// network would. They reconnect by their policies.
    /// - Parameter share: 0 ... 1; which agents it hits is drawn from `seed` and the agent's index.
    public func dropConnections(share: Double, seed: UInt64) {
        shard.perform { [self] in
            for link in host.population.links {
                var random = SeededRandom(seed: seed, stream: link.agentIndex)
                if random.chance(share) {
                    link.loseConnection()
                    shard.fireTimersBetweenSlices()
                }
            }
        }
    }

    /// Has some agents do something at one moment. Nothing of it needs the server.
    public func perform(_ action: HerdAction, by herd: Herd) {
        shard.perform { [self] in host.population.perform(action, by: herd) }
    }

    /// Has so many agents in all cohorts whose number follows a curve, on all shards together, whatever the curves say;
    /// the cohorts keep their parts of it. Nil: the curves again.
    public func fixAgents(_ agents: Int?) {
        shard.perform { [self] in
            guard drainage == nil else { return }
            let controls = host.population.controls
            let peak = controls.reduce(0) { $0 + $1.peak }
            var (level, given) = (0.0, 0)
            for control in controls {
                level += control.peak
                let upTo = agents.map { Int((Double($0) * level / max(peak, 1)).rounded()) }
                control.fix(upTo.map { $0 - given })
                given = upTo ?? 0
            }
        }
    }

    /// No agent starts any more, and those that have started send agent_disconnect and stop, evenly spread over `span`.
    /// - Parameter limit: how long agents wait for the answers that they are owed before they leave.
    public func drain(over span: Nanoseconds, waiting limit: Nanoseconds = .zero) {
        shard.perform { [self] in
            pump?.cancel()
            let drainage = Drainage(host: host, over: span, waiting: limit)
            self.drainage = drainage
            drainage.begin()
        }
    }

    /// Hands the figures since the last call to the collector, then calls back on the shard.
    public func publish(then: @escaping @Sendable () -> Void) {
        shard.perform { [self] in
            host.noteEngine()
            host.exchangeLearning()
            host.publish()
            then()
        }
    }

    /// Counts the agents that never had an answer, stops the shard, and hands over the last figures.
    /// - Parameter collect: reads what was handed over before. Called where the collector has not done so yet, because
    ///   a tick ended before the shard's figures came: without it the last figures would be lost.
    public func finish(isolation: isolated (any Actor)? = #isolation, collect: () async -> Void) async {
        await shard.value { [self] in
            pump?.cancel()
            host.settle(isDrained: drainage != nil)
            host.noteEngine()
        }
        await shard.stop()
        // The shard's queue still runs what is given to it; its sockets are gone.
        while await !shard.value({ [self] in host.publish() }) { await collect() }
        await shard.value { [self] in host.forget() }
    }

}

/// Moves a schedule to its shard; from then on only the shard uses it.
private final class ScheduleBox: @unchecked Sendable {
    let schedule: any IteratorProtocol<PlannedArrival>
    let parts: [PopulationPart]

    init(_ schedule: sending any IteratorProtocol<PlannedArrival>, _ parts: sending [PopulationPart]) {
        self.schedule = schedule
        self.parts = parts
    }
}

/// The settings of a shard, besides its agents.
public struct AgentShardOptions: Sendable {
    /// Whether every message is checked against the specification's agent side; costly.
    public var checksConformance: Bool
    /// Every how many agents one is traced; `nil`: none is.
    public var traceStride: UInt64?
    /// Where every change of state goes; `nil`: no journal is kept.
    public var journal: Journal?
    /// Finds the target that an offer of connection settings leads to.
    public var resolveOffer: OfferResolver
    /// Finds where own telemetry goes.
    public var resolveDestination: DestinationResolver
    /// The targets of cohorts that connect otherwise than the others, by the cohort's name: of the same transport and
    /// limits.
    public var cohortTargets: [String: AgentTarget] = [:]
    /// What the shards of the run learn together of their servers.
    public var learning = SharedLearning()
    /// The shard's part of what the fleet's downloads share.
    public var downloads = DownloadSetup()

    public init(
        checksConformance: Bool = false, traceStride: UInt64? = nil, resolveOffer: @escaping OfferResolver,
        resolveDestination: @escaping DestinationResolver
    ) {
        self.checksConformance = checksConformance
        self.traceStride = traceStride
        self.resolveOffer = resolveOffer
        self.resolveDestination = resolveDestination
    }
}
