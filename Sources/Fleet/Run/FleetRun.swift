import AgentModel
public import Basis
import Engine
import Hosting
public import Metrics

/// One run of a profile on real sockets, from the preflight to the reconciled result.
///
/// The actor is the collector: once a second it collects what the shards have measured. No message of an agent passes
/// through it.
public actor FleetRun {
    private nonisolated let queue = CollectorQueue()
    public nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    let profile: Profile
    let preparation: Preparation
    let options: FleetRunOptions
    /// How many of the fleet's agents this process runs.
    private let agentsHere: Int
    private var isInterrupted = false
    let conductor: (any RunConductor)?
    /// The conductor has ended the run.
    private var isConducted = false
    /// Ended at once, without an orderly end.
    private var isAborted = false
    private(set) var control: RunControl?
    private var watched: WatchedRun?
    private var checkpoints: Checkpoints?
    var cohorts: [Cohort] = []
    /// The events that never happened, because what they waited for did not.
    private var notReached: [RunWarning] = []
    /// Why the run was ended early; nil if it was not.
    private var failure: String?
    /// The threshold that ended the run early.
    private var stoppedBy: Threshold?
    /// Examples of what was found against the specification, in words; complete after `perform`.
    public private(set) var violations: [String] = []

    /// Checks that the machine can hold the fleet, starts the embedded server if the profile has one, and resolves the
    /// server's name. Nothing is sent yet.
    /// - Throws: `RunError`, with the remedy.
    public init(_ profile: Profile, options: FleetRunOptions = FleetRunOptions()) async throws(RunError) {
        try await self.init(profile, options: options, conductor: nil)
    }

    /// The same under a conductor, who ends the run.
    init(
        _ profile: Profile, options: FleetRunOptions, conductor: (any RunConductor)?
    ) async throws(RunError) {
        self.profile = profile
        self.options = options
        self.conductor = conductor
        agentsHere = Population(profile, part: options.part).agentsHere
        preparation = try await Preparation(profile, options: options, observed: conductor?.observedParts)
    }

    /// The same with only the check of conformance as an option.
    public init(_ profile: Profile, checksConformance: Bool) async throws(RunError) {
        try await self.init(profile, options: FleetRunOptions(checksConformance: checksConformance))
    }

    /// Where the agents connect to.
    public nonisolated var endpoint: String { preparation.endpoint }

    /// Whether the server is the one that the run brings along.
    public nonisolated var isEmbedded: Bool { preparation.isEmbedded }

    /// What became of the question for the server's counts, in words; nil where the server is the run's own.
    public nonisolated var countsNote: String? {
        let path = ServerHost.countsPath
        switch preparation.tallies {
        case .embedded: return nil
        case .remote: return "counts of the server: GET \(path), before the run and after it"
        case .none:
            return "counts of the server: GET \(path) has no counts of Muster, so client and server counts are not "
                + "compared; --no-server-counts to not ask"
        case .unasked: return "counts of the server: not asked for (--no-server-counts)"
        }
    }

    /// The phases of the run in order, with their planned lengths, for a display.
    public nonisolated var phases: [(name: String, length: Nanoseconds)] {
        var phases: [(name: String, length: Nanoseconds)] = []
        var (name, since) = ("steady", Instant.zero + min(ArrivalSchedule(profile).end, profile.duration))
        phases.append(("arrival", since - .zero))
        for step in profile.steps(from: .zero) {
            guard let phase = step.phase else { continue }
            phases.append((name, step.at - since))
            (name, since) = (phase, step.at)
        }
        phases.append((name, Instant.zero + profile.duration - since))
        phases.append(("drain", profile.drain))
        return phases
    }

    /// On how many shards the agents run.
    public nonisolated var shards: Int { preparation.shards.count }

    /// Ends the run early: the agents disconnect in order, and the results are those up to now.
    public func interrupt() {
        isInterrupted = true
    }

    /// Ends the run at once: the agents do not disconnect in order.
    func abort() {
        isInterrupted = true
        isAborted = true
    }

    /// Drives the whole run.
    /// - Parameters:
    ///   - identity: what the result is to say about itself.
    ///   - tell: called with messages for the user during the run.
    ///   - checkpoint: called with the summary up to now, as of an interrupted run, as often as the profile says; by
    ///     one task at a time, beside the run.
    ///   - control: who watches the run and changes its load; nil: nobody.
    ///   - observe: called about once a second with the state of the run.
    /// - Returns: everything that was measured.
    public func perform(
        as identity: RunIdentity, tell: @Sendable (String) -> Void = { _ in },
        checkpoint: (@Sendable (RunSummary) -> Void)? = nil, control: RunControl? = nil,
        observe: @Sendable (Snapshot) -> Void
    ) async -> RunRecord {
        await waitForStart()
        let start = max(Shard.clock + FleetRun.runUp, plannedStart ?? .zero)
        var identity = identity
        identity.startedAt = Double(WallClock.unixNanoseconds(at: start)) / 1e9
        identity.part = options.part
        identity.agents = agentsHere
        let probe = ProcessClock()
        let recorder = makeRecorder(from: start, probe)
        let before = preparation.firstTally
        if let checkpoint, let interval = profile.limits.checkpoint {
            checkpoints = Checkpoints(interval: interval, identity, warnings: profile.skippedEvents, checkpoint)
        }

        options.journal?.begin(at: start)
        begin(at: start)
        self.control = control
        watched = control.map { WatchedRun($0, identity, profile: profile.resolvedYAML) }
        control?.begin(possible)
        recorder.enterPhase("arrival", at: start)
        let conducting = beginConducting(from: start)
        await follow(recorder, probe, from: start, tell, observe)
        conducting?.cancel()
        await conducting?.value
        control?.ending()

        await enter("drain", recorder, probe, observe)
        drain()
        await disconnect(recorder, probe, observe)
        await settleTelemetry()
        let after = await preparation.tallies.tally()
        var trace: [TracedTransition] = []
        for shard in preparation.shards {
            violations += await shard.violations()
            trace += await shard.traced(since: start)
            await shard.flushJournal()
            await shard.finish { await tick(recorder, probe) { _ in } }
        }
        await checkpoints?.stop()?.value
        recorder.count(.offersRefused, preparation.refusals.all.count)
        let last = recorder.finish(at: Shard.clock, process: probe.sample(), server: preparation.watch?.sample())
        await preparation.stop()

        let findings = ServerFindings(last.counters, rows: recorder.series.all, duration: last.elapsed)
        var record = recorder.record(
            of: identity, outcome: outcome(last, findings), profile: profile.resolvedYAML,
            server: after.flatMap { after in before.map { after.since($0) } },
            trace: trace.sorted { ($0.at, $0.agent) < ($1.at, $1.agent) })
        if options.part == nil {
            record.summary.churn = PopulationShape(profile).churn?.summary(of: record.series, until: profile.duration)
        }
        record.summary.warnings += lateStart(start) + findings.warnings + profile.skippedEvents + notReached
        record.summary.warnings += await preparation.driverWarnings()
        return record
    }

    private func makeRecorder(from start: Instant, _ probe: ProcessClock) -> RunRecorder {
        let recorder = RunRecorder(
            start: start, exchanges: preparation.exchanges, clocks: preparation.clocks, sample: probe.sample(),
            cohorts: profile.cohorts.map(\.name))
        recorder.load = LoadFacts(
            heartbeatInterval: profile.cohorts.filter(\.heartbeat.enabled).map(\.heartbeat.interval).min(),
            hasClosedLoop: profile.cohorts.contains { $0.mode != .openLoop }, serverInProcess: isEmbedded)
        recorder.judge(profile.thresholds)
        if let watch = preparation.watch {
            recorder.watch(ServerUse(source: watch.source, names: watch.names), watch.sample())
        }
        return recorder
    }

    /// Has every agent leave.
    private func drain() {
        let isOrderly = failure == nil && !isAborted
        for shard in preparation.shards {
            shard.drain(
                over: isOrderly ? profile.drain.scaled(by: FleetRun.agentDisconnectShare) : .zero,
                waiting: isOrderly ? profile.drain.scaled(by: FleetRun.answerShare) : .zero)
        }
    }

    private func outcome(_ last: Snapshot, _ findings: ServerFindings) -> RunOutcome {
        if isInterrupted { return .interrupted }
        if let failure { return .failed(failure) }
        if let stoppedBy { return .stopped(threshold: stoppedBy.text) }
        let failed = last.counters[.agentsUnanswered]
        if last.counters[.agentsAnswered] == 0 {
            return .failed("no agent received a response from \(endpoint)")
        }
        if failed > 0 { return .failed("\(failed) agents never received a response from \(endpoint)") }
        return findings.stop.map { .failed($0.text) } ?? .completed
    }

    // MARK: - Phases

    private func beginConducting(from start: Instant) -> Task<Void, Never>? {
        guard let conductor else { return nil }
        let run = ConductedRun(
            server: preparation.embeddedServer, shards: preparation.shards, population: Population(profile),
            cohorts: cohorts, start: start)
        return Task {
            await conductor.conduct(run)
            isConducted = true
        }
    }

    /// From the first arrival to the end of the profile's duration: phases and events at their times, figures each
    /// second.
    private func follow(
        _ recorder: RunRecorder, _ probe: ProcessClock, from start: Instant, _ tell: @Sendable (String) -> Void,
        _ observe: @Sendable (Snapshot) -> Void
    ) async {
        var reachability =
            isEmbedded
            ? Reachability.known
            : Reachability(
                endpoint: endpoint, isPolling: profile.isPolling, waits: options.waitsForServer, start: start)
        var steps = profile.steps(from: start, catalogue: preparation.catalogue, configs: preparation.configs)
        var turns = profile.turns(from: start)[...]
        var waiting = WaitingEvents(profile, start: start)
        defer { notReached = waiting.warnings }
        let end = start + profile.duration
        let shape = PopulationShape(profile)
        var settling = Settling.until(start + min(shape.firstLevel, profile.duration))
        var nextTick = start + FleetRun.tick
        while !isInterrupted, !isConducted {
            let next = min(nextTick, end, steps.first?.at ?? end, turns.first?.at ?? end)
            await sleep(until: next)
            if await obey(recorder, tell, enter: { await enter($0, recorder, probe, observe) }) {
                (settling, nextTick) = (.over, Shard.clock + FleetRun.tick)
            }
            let now = Shard.clock
            while let step = steps.first, step.at <= now {
                steps.removeFirst()
                if let phase = step.phase {
                    await enter(phase, recorder, probe, observe)
                    settling = step.action.settles ? .until(now + FleetRun.tick) : .over
                    // The seconds of a phase count from its start.
                    nextTick = now + FleetRun.tick
                }
                perform(step, recorder.phaseLabel)
                if step.phase != nil { waiting.happened(step.event, at: now) }
            }
            while let turn = turns.first, turn.at <= now {
                turns.removeFirst()
                if let pace = turn.pace { cohorts[pace.cohort].pace.factor = pace.factor }
                guard turns.first?.at != turn.at else { continue }
                await enter(turn.phase, recorder, probe, observe)
                settling = turn.settled.map(Settling.until) ?? .over
                nextTick = now + FleetRun.tick
            }
            // The last second belongs to `drain`, which begins with a tick: a second one would have no length.
            if now >= nextTick, now < end {
                let snapshot = await tick(recorder, probe, observe)
                nextTick += FleetRun.tick
                if nextTick <= Shard.clock { nextTick = Shard.clock + FleetRun.tick }
                switch reachability.judge(snapshot.counters, snapshot.named, at: now) {
                case .goOn: break
                case .tell(let text): tell(text)
                case .giveUp(let reason): failure = reason
                }
                let isSettled = Settling.until(start).isOver(snapshot, of: nil, at: now)
                for (event, at) in waiting.due(snapshot, isSettled: isSettled, at: now) {
                    steps += profile.steps(
                        ofEvent: event, at: at, start: start, catalogue: preparation.catalogue,
                        configs: preparation.configs)
                    steps = steps.inOrder
                }
                if settling.isOver(snapshot, of: shape.isShaped ? nil : agentsHere, at: now) {
                    settling = .over
                    recorder.enterPhase("steady", at: Shard.clock)
                    ProcessHeap.giveBackFreePages()
                }
            }
            noteFailure(recorder.abortingThreshold, tell)
            if now >= end || failure != nil || stoppedBy != nil { break }
        }
    }

    /// The run ends because a threshold has failed, as the threshold asks.
    private func noteFailure(_ outcome: ThresholdOutcome?, _ tell: @Sendable (String) -> Void) {
        guard let outcome else { return }
        stoppedBy = outcome.threshold
        tell("ended early: the threshold '\(outcome.threshold.text)' has failed (\(outcome.figure))")
    }

    /// Ends the running phase with everything that was measured in it, and begins the next.
    private func enter(
        _ phase: String, _ recorder: RunRecorder, _ probe: ProcessClock, _ observe: @Sendable (Snapshot) -> Void
    ) async {
        await tick(recorder, probe, observe)
        recorder.enterPhase(phase, at: Shard.clock)
    }

    /// Until the last agent has left, or the drain's time is up.
    private func disconnect(_ recorder: RunRecorder, _ probe: ProcessClock, _ observe: @Sendable (Snapshot) -> Void)
        async
    {
        let deadline = Shard.clock + profile.drain
        var nextTick = Shard.clock + FleetRun.tick
        var isPresent = true
        while isPresent, Shard.clock < deadline, !isAborted {
            if control?.take().contains(.abort) == true { break }
            await queue.pause(FleetRun.nap)
            // The last agents' leaving is awaited more closely than the display wants.
            let snapshot = await tick(recorder, probe) { _ in }
            if Shard.clock >= nextTick {
                observe(snapshot)
                nextTick = Shard.clock + FleetRun.tick
            }
            isPresent = snapshot.states.total > snapshot.states[.disconnected] + snapshot.states[.initializing]
        }
    }

    /// What the agents exported last is answered before both sides' counts are set against each other, within a bounded
    /// time.
    private func settleTelemetry() async {
        let deadline = Shard.clock + FleetRun.telemetryTimeout
        for shard in preparation.shards {
            while Shard.clock < deadline, await !shard.isTelemetryQuiet() {
                await queue.pause(.milliseconds(5))
            }
        }
    }

    /// Takes over the shards' figures up to now, and shows them. A shard that is too busy to hand its own over hands
    /// them over next time.
    @discardableResult
    private func tick(
        _ recorder: RunRecorder, _ probe: ProcessClock, _ observe: @Sendable (Snapshot) -> Void
    ) async -> Snapshot {
        let handover = Handover(of: preparation.shards.count)
        for shard in preparation.shards {
            shard.publish { handover.arrived() }
        }
        await handover.completion(within: FleetRun.timeout, on: queue)
        let now = Shard.clock
        let snapshot = recorder.tick(at: now, process: probe.sample(), server: preparation.watch?.sample())
        observe(snapshot)
        checkpoints?.ticked(recorder, at: now, nextTick: now + FleetRun.tick)
        watched?.ticked(recorder, at: now)
        return snapshot
    }

    /// Sleeps in naps, so that an interruption is noticed soon.
    func sleep(until instant: Instant) async {
        while !isInterrupted, !isConducted, control?.hasCommands != true {
            let span = instant - Shard.clock
            guard span > .zero else { return }
            await queue.pause(min(span, FleetRun.nap))
        }
    }

    private static let tick = Nanoseconds.seconds(1)
    /// The part of the drain's time over which the agent_disconnect messages are spread: a fleet that is switched off
    /// at one moment would measure only itself.
    private static let agentDisconnectShare = 0.2
    /// The part of the drain's time in which agents wait for the answers that they are owed; the rest is for closing.
    private static let answerShare = 0.8
    /// How long a tick waits for a shard's figures.
    private static let timeout = Nanoseconds.milliseconds(250)
    /// How long the answers to the last exports of own telemetry are waited for.
    private static let telemetryTimeout = Nanoseconds.seconds(2)
    private static let nap = Nanoseconds.milliseconds(100)
    /// Between the decision to start and the first agent's start: time for the shards to get ready.
    static let runUp = Nanoseconds.milliseconds(50)
}
