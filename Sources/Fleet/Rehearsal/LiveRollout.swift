import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import OpAMP
import OrderedCollections
import Rollout
import Simulation

/// A rollout on real sockets: the plan's controller, the server's offers and what its agents report, in the plan's time
/// on the machine's clock.
actor LiveRollout: RunConductor {
    /// What came out of it.
    struct Outcome: Sendable {
        var result: RehearsalResult
        /// From the moment when an offer was due to its order to the server; from the order, or from sending it, to the
        /// agent's first word about it.
        var offerDelays: [Nanoseconds]
        var roundTrips: [Nanoseconds]
        var pushes: Int
        /// What a server that a driver makes act did; nil: it was the run's own.
        var judgement: EngineJudgement?
        /// Whether the rollout began.
        var hasBegun: Bool
        /// Why it could not be carried out; nil: it was.
        var problem: String?
    }

    nonisolated let script: any AgentScript
    nonisolated let components: [HealthGroup]
    nonisolated let clockSkew: (@Sendable (UInt64) -> Nanoseconds)?
    nonisolated let observedParts: ObservedParts
    private nonisolated let fates: AgentFates
    /// The agents that exist.
    private nonisolated let members: Set<UInt32>
    let plan: RolloutPlan
    private let rehearsedFleet: RehearsedFleet
    let table: OfferTable
    var clock: RehearsalClock
    var controller: RolloutController
    var output = RolloutOutput()
    private var decisions: [RehearsalDecision] = []
    private var schedule: OfferSchedule
    private var agenda: MishapAgenda
    private var faults: WorldFaults
    var observed = ObservedFleet([], OfferTable(RolloutPlan()))
    private var watch: EngineWatch?
    private var driverEvents: [DriverEvent] = []
    private var uids: [InstanceUID] = []
    private var hasBegun = false
    private var minutes = MinuteSampling()
    /// Agents without a connection at first, with the times at which they start; the latest first.
    private var offline: [(at: Instant, agent: UInt32)] = []
    private var server: RehearsedServer?
    private var judgement: EngineJudgement?
    private var problem: String?

    init(_ plan: RolloutPlan, fleet: RolloutFleet, world: World, seed: UInt64, speed: Double) {
        let table = OfferTable(plan, fleet: fleet)
        let fates = AgentFates(world, revisions: table.revisions)
        let script = RehearsedFleet(fleet, fates, speed: speed, entry: Self.recognition(plan, table))
        self.plan = plan
        members = Set(fleet.members ?? Array(0..<UInt32(clamping: fleet.count)))
        self.fates = fates
        self.table = table
        self.script = script
        components = world.components
        observedParts = ObservedParts(components: world.watchedComponents, hasClocks: !world.clocks.isEmpty)
        let clocks = WorldClocks(world)
        let skew: @Sendable (UInt64) -> Nanoseconds = { agent in
            clocks.skew(of: UInt32(truncatingIfNeeded: agent)).scaled(by: 1 / speed)
        }
        clockSkew = world.clocks.isEmpty ? nil : skew
        rehearsedFleet = script
        clock = RehearsalClock(speed: speed, origin: .zero)
        controller = RolloutController(plan: plan, fleet: fleet, seed: seed)
        schedule = OfferSchedule(table)
        agenda = MishapAgenda(fates)
        faults = WorldFaults(plan, fleet)
        if let driver = plan.driver {
            watch = EngineWatch(controller.order, table)
            driverEvents = driver.events.enumerated().sorted { ($0.element.at, $0.offset) > ($1.element.at, $1.offset) }
                .map(\.element)
        }
    }

    /// How agents know which entry of the table a configuration is: by its hash, or by the text that the driver names.
    private static func recognition(
        _ plan: RolloutPlan, _ table: OfferTable
    ) -> @Sendable (AgentConfigMap, [UInt8]) -> Int {
        guard let mark = plan.driver.map({ Array($0.revision.utf8) }) else { return { table.entry($1) } }
        return { files, _ in
            files.configMap.values.contains { $0.body.contains(mark) } ? OfferTable.first : OfferTable.former
        }
    }

    nonisolated func isAbsent(_ agent: Int) -> Bool {
        !members.contains(UInt32(clamping: agent)) || fates.offlineTime(of: UInt32(clamping: agent)) != nil
    }

    var outcome: Outcome {
        Outcome(
            result: RehearsalResult(
                decisions: decisions, controller: controller, minutes: minutes.list,
                stragglers: observed.stragglers(controller), clocks: observed.clocks(clock)),
            offerDelays: schedule.delays, roundTrips: observed.roundTrips, pushes: observed.pushes,
            judgement: judgement, hasBegun: hasBegun, problem: problem)
    }

    func conduct(_ run: ConductedRun) async {
        let inbox = ObservationInbox()
        let server: RehearsedServer
        if let own = run.server {
            server = .embedded(own, inbox)
        } else if let driver = plan.driver {
            let shard = run.shards[0].shard
            server = .driven(
                ServerDriver(concurrency: driver.concurrency, timeout: driver.timeout, on: shard), driver)
        } else {
            return
        }
        self.server = server
        uids = (0..<UInt32(controller.fleet.count)).map { run.agent($0).instanceUID }
        observed = ObservedFleet(uids, table)
        server.begin(table, uids)
        guard await isReady(run, server) else { return }
        clock.origin = Shard.clock
        planWorld()
        var end: Instant?
        while !Task.isCancelled {
            let now = clock.planTime(at: Shard.clock)
            await turn(at: now, run, server)
            if now >= .zero + plan.world.duration { break }
            if isOver(at: now) {
                let over = end ?? now + Self.settling.scaled(by: clock.speed)
                end = over
                if now >= over { break }
            }
            await sleep(after: now)
        }
        if let counts = await server.counts() { minutes.add(counts, at: clock.planTime(at: Shard.clock)) }
        if observed.isServerDown { problem = await server.comeBack() ?? problem }
        if let driver = server.driver {
            judgement = watch?.result((await driver.performed, await driver.failed, await driver.failures))
        }
    }

    // MARK: - Before

    /// Waits until every agent that arrives is connected and runs the former revision, where the server has one.
    private func isReady(_ run: ConductedRun, _ server: RehearsedServer) async -> Bool {
        let expected = (0..<controller.fleet.count).count { !isAbsent($0) }
        let applying = plan.world.applying.mean.scaled(by: 1 / clock.speed)
        var progress = (count: 0, at: run.start + Self.arrivalTime(expected))
        var connectedSince: Instant?
        while true {
            let observations = server.observations(rehearsedFleet.takeSteps()) { uids[Int($0)] }
            for observation in observations { _ = observed.outcome(observation, nil) }
            let count = observed.ready + observed.connected
            if count > progress.count { progress = (count, max(progress.at, Shard.clock)) }
            if server.driver == nil {
                if observed.ready >= expected { return true }
            } else if observed.connected >= expected {
                // Another server may have nothing to offer before the rollout.
                let since = connectedSince ?? Shard.clock
                connectedSince = since
                if Shard.clock >= since + Self.firstOffers + applying.scaled(by: 4) { return true }
            }
            guard !Task.isCancelled else { return false }
            guard Shard.clock < progress.at + Self.readyTimeout + applying.scaled(by: 20) else {
                let (count, what) =
                    server.driver == nil
                    ? (observed.ready, "run the former revision") : (observed.connected, "are connected")
                problem =
                    "\(count) of \(expected) agents \(what) after \(Shard.clock - run.start), so the rollout did not "
                    + "begin; look at the server, or rehearse fewer agents (--agents)"
                return false
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// How long the agents of a rehearsal take to arrive.
    static func arrivalTime(_ agents: Int) -> Nanoseconds { .milliseconds(Int64(agents)) }

    private func planWorld() {
        agenda.planChance(members.sorted())
        let begin = Instant.zero + plan.world.begin
        for agent in members {
            if let time = fates.offlineTime(of: agent) { offline.append((begin + time, agent)) }
        }
        offline.sort { ($0.at, $0.agent) > ($1.at, $1.agent) }
    }

    // MARK: - A turn

    private func turn(at now: Instant, _ run: ConductedRun, _ server: RehearsedServer) async {
        var commands = AgentCommands()
        await faultsOccur(upTo: now, server, &commands)
        let steps = rehearsedFleet.takeSteps()
        for step in steps {
            guard case .configuration(let kind, let entry) = step.kind, kind == .applied || kind == .mismatched else {
                continue
            }
            agenda.applied(step.agent, entry: entry, at: clock.planTime(at: step.at), &commands)
        }
        agenda.perform(upTo: now, clock, &commands)
        run.perform(commands.list)
        startOffline(upTo: now, run)
        let begin = Instant.zero + plan.world.begin
        if now >= begin { beginRollout(at: begin, server) }
        driverActs(upTo: now, begin, server)
        receive(server.observations(steps) { uids[Int($0)] }, begin)
        if controller.began != nil { controller.advance(to: now, &output) }
        for command in output.commands { schedule.add(command, controller.agents(of: command)) }
        decisions += output.decisions.map { RehearsalDecision(rollout: 0, decision: $0) }
        output.removeAll()
        for batch in schedule.take(upTo: now, clock) {
            let agents = batch.agents.map { uids[Int($0)] }
            if server.driver != nil { observed.ordered(batch.agents, at: Shard.clock) }
            server.offer(batch, of: table, to: agents, pushes: plan.world.server.delivery == .push)
        }
        if minutes.isDue(at: now), let counts = await server.counts() { minutes.add(counts, at: now) }
    }

    private func beginRollout(at begin: Instant, _ server: RehearsedServer) {
        guard !hasBegun else { return }
        hasBegun = true
        guard let driver = server.driver, let planned = plan.driver, let start = planned.start else {
            return controller.begin(at: begin, &output)
        }
        let agents = controller.order.map { uids[Int($0)] }
        let values = ["configuration": planned.revision, "revision": "1"]
        Task { await driver.perform(start, values, for: agents) }
    }

    private func driverActs(upTo now: Instant, _ begin: Instant, _ server: RehearsedServer) {
        guard let driver = server.driver, let planned = plan.driver else { return }
        while let event = driverEvents.last, begin + event.at <= now {
            driverEvents.removeLast()
            guard let action = planned.action(event.action) else { continue }
            Task { await driver.perform(action, ["configuration": planned.former, "revision": "0"]) }
        }
    }

    private func receive(_ observations: [AgentObservation], _ begin: Instant) {
        var outcomes: [AgentOutcome] = []
        for observation in observations {
            if let number = observed.number(of: observation.uid) {
                watch?.saw(observation.kind, of: number, at: clock.planTime(at: observation.at), begin: begin)
            }
            if let outcome = observed.outcome(observation, clock) { outcomes.append(outcome) }
            outcomes += observed.componentOutcomes(observation, clock)
        }
        for outcome in outcomes.sorted() { controller.received(outcome, &output) }
    }

    private func startOffline(upTo now: Instant, _ run: ConductedRun) {
        var starting: [UInt32] = []
        while let next = offline.last, next.at <= now {
            starting.append(next.agent)
            offline.removeLast()
        }
        if !starting.isEmpty { run.start(starting) }
    }

    private func faultsOccur(upTo now: Instant, _ server: RehearsedServer, _ commands: inout AgentCommands) async {
        while let action = faults.take(upTo: now) {
            switch action {
            case .outage(let agents, begins: true): for agent in agents { agenda.cut(agent, &commands) }
            case .outage(let agents, begins: false): for agent in agents { agenda.restore(agent, &commands) }
            case .lost(let agents): for agent in agents { commands.add(.loseConnection, agent) }
            case .serverDown(begins: true):
                // What a server loses while it is down it does not see; agents of another server do.
                observed.isServerDown = server.driver == nil
                server.goDown()
            case .serverDown(begins: false):
                receive(server.observations([]) { uids[Int($0)] }, .zero + plan.world.begin)
                observed.isServerDown = false
                problem = await server.comeBack() ?? problem
            }
        }
    }

    /// Whether nothing is left to come of the rollout but what agents report late.
    private func isOver(at now: Instant) -> Bool {
        if let driver = plan.driver, driver.start != nil {
            let last = max(watch?.lastStep ?? .zero, .zero + plan.world.begin)
            return hasBegun && driverEvents.isEmpty && now >= last + driver.quiet
        }
        guard controller.isDone, schedule.isEmpty else { return false }
        return controller.tally.inFlight == 0 || controller.nextDeadline == nil
    }

    private func sleep(after now: Instant) async {
        let next = [controller.nextDeadline, schedule.next, agenda.next, faults.next].compactMap(\.self).min()
        let wait = next.map { clock.machineTime(at: $0) - Shard.clock } ?? Self.nap
        let span = min(max(wait, Self.minNap), Self.nap)
        try? await Task.sleep(for: .nanoseconds(span.count))
    }

    /// Reports are looked at so often.
    private static let nap = Nanoseconds.milliseconds(5)
    private static let minNap = Nanoseconds.milliseconds(1)
    /// How long reports are waited for once the rollout has ended, on the machine's clock.
    private static let settling = Nanoseconds.milliseconds(500)
    /// How long no further agent may connect before the rollout begins.
    private static let readyTimeout = Nanoseconds.seconds(60)
    /// How long a server that is not the run's own may take to offer what agents are to have from the start.
    private static let firstOffers = Nanoseconds.seconds(1)
}
