import AgentModel
import Basis
public import Metrics
public import Rollout
public import Simulation

/// Why a plan cannot be rehearsed on real sockets, and what to do.
public struct LiveRehearsalError: Error, CustomStringConvertible {
    public let description: String
    /// Whether the user's words are what is wrong, rather than the world's state.
    public let isUsage: Bool

    /// The profile cannot be read.
    public static func profile(_ reason: String) -> LiveRehearsalError {
        LiveRehearsalError(description: reason, isUsage: true)
    }
}

/// What a rehearsal on real sockets came to.
public struct LiveRehearsalResult: Sendable {
    public var summary: RehearsalSummary
    /// What a server that a driver makes act did; nil: it was the run's own.
    public var judgement: EngineJudgement?
}

/// A rehearsal of a plan on real sockets, with the embedded server: the same plan, controller and fleet as in virtual
/// time.
public struct LiveRehearsal: Sendable {
    private let plan: RolloutPlan
    private let seed: UInt64
    private let speed: Double
    private let profile: Profile
    /// Keys of the given profile that the plan replaces.
    let replacedKeys: [String]

    /// - Parameters:
    ///   - seed: decides what is drawn, as in virtual time.
    ///   - speed: the times of the plan and its world are divided by it; above 0.
    ///   - profile: how agents connect and what else they do; nil: as the plan's world has it. The number of agents,
    ///     their attributes and failures are always the plan's.
    public init(
        _ plan: RolloutPlan, seed: UInt64, speed: Double, profile: Profile? = nil
    ) throws(LiveRehearsalError) {
        func unusable(_ text: String) -> LiveRehearsalError { LiveRehearsalError(description: text, isUsage: true) }
        if let profile {
            if !profile.events.isEmpty || !profile.population.isEmpty {
                throw unusable(
                    "the profile has events or a population of its own; a rehearsal takes both from its plan")
            }
            if profile.isPolling || profile.cohorts.contains(where: { $0.gatewayMembers > 0 }) {
                throw unusable("a rehearsal needs agents with WebSockets of their own: no polling, no gateways")
            }
            if case .url = profile.server, plan.driver == nil {
                throw unusable("the profile names a server; add a `driver` to the plan to rehearse against it")
            }
        }
        let change = plan.change
        if change.packages != nil || change.connectionSettings != nil || change.promotion != nil {
            throw unusable(
                "change: only configurations are rehearsed on real sockets; remove `packages`, `promote` and "
                    + "`connection_settings`")
        }
        let offers = change.layer == nil ? 0 : OfferTable(plan, fleet: plan.world.fleet(seed: seed)).offerCount
        if offers > OfferTable.maxOffers {
            throw unusable(
                "change.layer: the agents' combinations of layers make \(offers) offers, and at most "
                    + "\(OfferTable.maxOffers) are possible on sockets; use fewer layers, or a shorter list `retry`")
        }
        if let key = plan.world.virtualOnly {
            throw unusable("world.\(key) is rehearsed in virtual time only; remove it to rehearse on real sockets")
        }
        replacedKeys = profile.map(Self.replacedKeys) ?? []
        self.plan = plan
        self.seed = seed
        self.speed = speed
        var made = Self.profile(plan, seed, speed, profile)
        if let server = plan.driver?.server {
            do { made.server = .url(try ServerURL(server)) } catch { throw unusable("driver.server: \(error)") }
        }
        if plan.driver != nil, case .embedded = made.server {
            throw unusable("driver: name the server (`server`), or give a profile that does (--profile)")
        }
        self.profile = made
    }

    /// Runs it.
    /// - Parameters:
    ///   - tell: called with messages for the user.
    ///   - observe: called about once a second with the state of the run.
    public func run(
        tell: @escaping @Sendable (String) -> Void = { _ in },
        observe: @escaping @Sendable (Snapshot) -> Void = { _ in }
    ) async throws(LiveRehearsalError) -> LiveRehearsalResult {
        if !replacedKeys.isEmpty {
            tell("not used of the profile, since the plan decides it: \(replacedKeys.joined(separator: ", "))")
        }
        let fleet = plan.world.fleet(seed: seed)
        let rollout = LiveRollout(
            plan, fleet: fleet, world: World(plan, fleet: fleet, seed: seed), seed: seed, speed: speed)
        let run: FleetRun
        do throws(RunError) {
            run = try await FleetRun(profile, options: FleetRunOptions(), conductor: rollout)
        } catch {
            throw LiveRehearsalError(description: error.description, isUsage: error.isUsage)
        }
        let identity = RunIdentity(
            run: plan.name, profile: profile.name, server: run.endpoint, seed: seed, agents: profile.agents,
            shards: run.shards, startedAt: 0, tool: "", machine: "", isEmbedded: run.isEmbedded)
        let record = await run.perform(as: identity, tell: tell, observe: observe)
        let outcome = await rollout.outcome
        if let problem = outcome.problem { throw LiveRehearsalError(description: problem, isUsage: false) }
        if case .failed(let reason) = record.summary.outcome, !outcome.hasBegun {
            throw LiveRehearsalError(description: reason, isUsage: false)
        }
        var summary = RehearsalSummary(plan, seed: seed, outcome.result)
        let response = record.summary[.heartbeatResponse]
        let time = summary.ended.flatMap { ended in summary.began.map { ended - $0 } }
        summary.live = LiveFigures(
            speed: speed, duration: time?.scaled(by: 1 / speed), heartbeat: profile.cohorts[0].heartbeat.interval,
            offerDelay: LiveFigures.Times(outcome.offerDelays),
            offerRoundTrip: LiveFigures.Times(outcome.roundTrips),
            heartbeatResponse: LiveFigures.Times(
                count: Int(clamping: response.count), p50: response.p50, p99: response.p99, max: response.max),
            pushes: outcome.pushes, tool: record.summary.verdict.level.name, isDriven: plan.driver != nil)
        return LiveRehearsalResult(summary: summary, judgement: outcome.judgement)
    }

    // MARK: - The run

    private static func profile(_ plan: RolloutPlan, _ seed: UInt64, _ speed: Double, _ given: Profile?) -> Profile {
        var profile = given ?? Profile()
        let (world, pace) = (plan.world, 1 / speed)
        profile.name = plan.name
        profile.agents = world.agents
        profile.seed = seed
        profile.arrival = .ramp(over: LiveRollout.arrivalTime(world.agents))
        profile.duration = min(
            LiveRollout.arrivalTime(world.agents) + .minutes(30) + world.duration.scaled(by: pace), .days(31))
        profile.drain = .seconds(5)
        if given == nil {
            profile.cohorts[0].heartbeat.interval = heartbeat(world, pace)
            profile.cohorts[0].reconnect = ReconnectPolicy.opampGo.scaled(by: pace)
            profile.cohorts[0].report.effectiveConfigBytes = min(plan.change.bytes, 64 << 10)
            profile.cohorts[0].zones = []
        }
        for index in profile.cohorts.indices {
            profile.cohorts[index].remoteConfig.applyTime = world.applying.scaled(by: pace)
            profile.cohorts[index].remoteConfig.watchers = []
            profile.cohorts[index].restart.downtime = World(agents: 0).restartTime.scaled(by: pace)
        }
        return profile
    }

    /// What a profile says that is not its default and that the plan replaces.
    private static func replacedKeys(_ profile: Profile) -> [String] {
        let usual = Profile()
        var keys: [String] = []
        func compare(_ key: String, _ isUsual: Bool) { if !isUsual, !keys.contains(key) { keys.append(key) } }
        compare("agents", profile.agents == usual.agents)
        compare("seed", profile.seed == usual.seed)
        compare("arrival", profile.arrival == usual.arrival)
        compare("duration", profile.duration == usual.duration)
        compare("drain", profile.drain == usual.drain)
        compare("thresholds", profile.thresholds.isEmpty)
        let cohort = CohortProfile()
        for own in profile.cohorts {
            compare("remote_config.apply_time", own.remoteConfig.applyTime == cohort.remoteConfig.applyTime)
            compare("remote_config.watchers", own.remoteConfig.watchers == cohort.remoteConfig.watchers)
            compare("restart.downtime", own.restart.downtime == cohort.restart.downtime)
        }
        return keys
    }

    /// As the plan has it, divided by the speed, but no more heartbeats a second than a machine has time for.
    private static func heartbeat(_ world: RehearsalWorld, _ pace: Double) -> Nanoseconds {
        max(
            world.heartbeat.scaled(by: pace), Nanoseconds(seconds: Double(world.agents) / heartbeatsPerSecond),
            .seconds(1))
    }

    private static let heartbeatsPerSecond = 1_000.0
}

extension ReconnectPolicy {
    /// The policy of opamp-go with shorter waits.
    fileprivate func scaled(by factor: Double) -> ReconnectPolicy {
        .exponential(
            initial: Nanoseconds.milliseconds(500).scaled(by: factor), multiplier: 1.5,
            maximum: Nanoseconds.seconds(60).scaled(by: factor), jitter: 0.5)
    }
}

extension RehearsalWorld {
    /// A key that is set and that agents on real sockets cannot play; nil: there is none.
    fileprivate var virtualOnly: String? {
        if !heartbeats.isEmpty { return "heartbeats" }
        if !polling.isEmpty { return "polling" }
        if !gateways.isEmpty { return "gateways" }
        if messageLoss > 0 { return "message_loss" }
        if !partitions.isEmpty { return "partitions" }
        if !slowReplicas.isEmpty { return "slow_replicas" }
        if !flapping.isEmpty { return "flapping" }
        return controllerRestarts.isEmpty ? nil : "controller_restarts"
    }
}
