import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

/// An agent that is put into a record after each step and woken for the next, beside one that lives on: the same inputs
/// and the same random numbers.
private struct TwoAgents {
    static let interval = Nanoseconds.seconds(30)
    let cohort: Cohort
    let table: RevisionTable
    var awake: Agent
    var record: CompactAgent?
    var faults: Faults = []
    private var effects = (Effects(), Effects(), Effects())

    /// - Parameter others: agents of the same fleet.
    init(_ plan: CohortPlan, faults: Faults, beside others: TwoAgents? = nil) {
        cohort = others?.cohort ?? Cohort(plan, seed: 5, unixOrigin: 0, reportForm: .decided)
        var table = RevisionTable(capabilities: [.acceptsStatus, .offersRemoteConfig, .acceptsEffectiveConfig])
        for revision in 1...4 {
            let file = AgentConfigFile(body: Array("revision: \(revision)\n".utf8), contentType: "text/yaml")
            _ = table.append(AgentConfigMap(configMap: ["a.yaml": file]), of: cohort)
        }
        self.table = others?.table ?? table
        self.faults = faults
        awake = Agent(index: 7, cohort: cohort)
        awake.prepare(faults: faults, random: SeededRandom(seed: 1))
    }

    static func plan() -> CohortPlan {
        var plan = CohortPlan(name: "test")
        plan.heartbeat = HeartbeatPlan(interval: interval)
        plan.remoteConfig = RemoteConfigPlan(
            applyTime: .uniform(.seconds(2), .seconds(20)), failureOdds: 0.2, historyLimit: CompactAgent.historyLimit,
            watchers: [])
        plan.faults.timeToDeath = .uniform(.seconds(5), .seconds(50))
        return plan
    }

    /// What can be observed of an agent, without what only a socket measures.
    private static func facts(_ agent: Agent, _ effects: Effects) -> [String] {
        [
            "\(agent.state)", "\(agent.sequenceNumber)", "\(agent.schedule)", "\(agent.changes)", "\(agent.backoff)",
            "\(agent.remoteConfigStatus)", "\(agent.configuration?.running?.number ?? 0)",
            "\(agent.configuration?.history.map(\.number) ?? [])", "\(agent.configuration?.reported ?? .received)",
            "\(agent.reportedHealth.map { "\($0)" } ?? "")", "\(agent.nextStep(effects))", "\(agent.flags.rawValue)",
        ]
    }

    private static func asked(_ effects: Effects) -> [String] {
        effects.list.compactMap { effect in
            switch effect {
            case .send(let report): "send \(report.kind) \(report.content.rawValue) \(report.sequenceNumber)"
            case .connect: "connect"
            case .abort: "abort"
            case .offer(let step): "\(step.stage) \(step.number ?? 0)"
            case .count(let anomaly, let times): "\(anomaly) \(times)"
            case .healthReported(let change): "\(change.to)"
            default: nil
            }
        }
    }

    mutating func step(at now: Instant, seed: UInt64, _ body: (inout Agent, Instant, inout Effects) -> Void) {
        awake.prepare(faults: faults, random: SeededRandom(seed: seed))
        effects.0.removeAll()
        body(&awake, now, &effects.0)
        answer(&awake, now, &effects.0)
        if let record {
            var woken = Agent(
                waking: record, index: 7, cohort: cohort, faults: faults, random: SeededRandom(seed: seed), table)
            effects.1.removeAll()
            body(&woken, now, &effects.1)
            answer(&woken, now, &effects.1)
            #expect(Self.facts(woken, effects.1) == Self.facts(awake, effects.0))
            #expect(Self.asked(effects.1) == Self.asked(effects.0))
            let kept = woken.compact(table)
            #expect(kept != nil && kept == awake.compact(table))
        }
        record = awake.compact(table)
    }

    /// The same in memory in which other agents are awake before and after, with what the server says read before.
    mutating func step(
        at now: Instant, seed: UInt64, in memory: inout WokenAgent,
        _ body: (inout Agent, Instant, inout Effects) -> Void, short: (inout Agent, Instant, inout Effects) -> Void
    ) {
        let before = record
        step(at: now, seed: seed, body)
        guard let before else { return }
        effects.2.removeAll()
        memory.wake(
            before, index: 7, cohort: cohort, faults: faults, random: SeededRandom(seed: seed), table)
        short(&memory.agent, now, &effects.2)
        while memory.agent.outstandingReports > 0 {
            memory.agent.receivedAcknowledgement(table.capabilities, at: now, &effects.2)
        }
        #expect(Self.facts(memory.agent, effects.2) == Self.facts(awake, effects.0))
        #expect(Self.asked(effects.2) == Self.asked(effects.0))
        #expect(Self.elapsed(effects.1) == Self.elapsed(effects.2))
        #expect(memory.putBack(table) == record)
    }

    /// How long offers took.
    private static func elapsed(_ effects: Effects) -> [Nanoseconds] {
        effects.list.compactMap { if case .offer(let step) = $0 { step.elapsed } else { nil } }
    }

    private func answer(_ agent: inout Agent, _ now: Instant, _ effects: inout Effects) {
        while agent.outstandingReports > 0 {
            agent.received(ServerToAgent(capabilities: table.capabilities), at: now, &effects)
        }
    }
}

@Suite("Agents in compact records")
struct CompactAgentTests {
    @Test("A record has 48 bytes, so that ten million agents fit")
    func size() { #expect(MemoryLayout<CompactAgent>.stride <= 56) }

    @Test("An agent that is put back after each step lives on as one that is not", arguments: 1...UInt64(60))
    func livesOn(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let choices: [Faults] = [[], Faults(.diesAfterApplying), Faults(.reportsOtherConfig), Faults(.failsToApply)]
        var agents = TwoAgents(TwoAgents.plan(), faults: choices[random.index(below: choices.count)])
        var now = Instant.zero
        agents.step(at: now, seed: 0) { $0.start(at: $1, &$2) }
        for step in 1...UInt64(60) {
            let due = agents.awake.nextStep(Effects())
            let isWake = due != .distantFuture && random.chance(0.6)
            now = isWake ? max(due, now) : now + Nanoseconds(seconds: 3 * random.unit())
            if !isWake, due < now { now = due }
            let choice = random.index(below: 5)
            let revision = random.index(below: agents.table.offers.count)
            let offer = agents.table.offers[revision]
            agents.step(at: now, seed: seed << 16 | step) { agent, now, effects in
                switch agent.state {
                case _ where isWake && choice < 4: agent.wake(at: now, &effects)
                case .connecting:
                    if choice < 2 {
                        agent.connectionFailed(.refused, at: now, &effects)
                    } else {
                        agent.connected(at: now, &effects)
                    }
                case .running, .configuring:
                    switch choice {
                    case 0: agent.connectionLost(.reset, at: now, &effects)
                    case 1: agent.processStops(until: now + .seconds(2), at: now, &effects)
                    default: agent.received(offer, at: now, &effects)
                    }
                default: agent.wake(at: now, &effects)
                }
            }
        }
    }

    @Test(
        "Agents that are awake one after the other in the same memory live on as ones of their own",
        arguments: 1...UInt64(40))
    func shareMemory(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let choices: [Faults] = [[], Faults(.diesAfterApplying), Faults(.reportsOtherConfig), Faults(.failsToApply)]
        var fleet: [TwoAgents] = []
        for _ in 0..<3 {
            let faults = choices[random.index(below: choices.count)]
            fleet.append(TwoAgents(TwoAgents.plan(), faults: faults, beside: fleet.first))
        }
        for index in fleet.indices {
            fleet[index].step(at: .zero, seed: 0) { $0.start(at: $1, &$2) }
            fleet[index].step(at: .zero, seed: 1) { $0.connected(at: $1, &$2) }
        }
        let table = fleet[0].table
        var memory = WokenAgent(try #require(fleet[0].record), fleet[0].cohort, table)
        var now = Instant.zero
        for step in 1...UInt64(150) {
            let index = random.index(below: fleet.count)
            let choice = random.index(below: 6)
            let due = fleet[index].awake.nextStep(Effects())
            let isWake = choice > 2 && due != .distantFuture
            now = isWake ? max(due, now) : now + Nanoseconds(seconds: random.unit())
            let revision = UInt8(1 + random.index(below: table.offers.count))
            func input(_ agent: inout Agent, _ now: Instant, _ effects: inout Effects, isShort: Bool) {
                switch agent.state {
                case _ where isWake: agent.wake(at: now, &effects)
                case .connecting: agent.connected(at: now, &effects)
                case .running where choice == 0, .configuring where choice == 0:
                    agent.connectionLost(.reset, at: now, &effects)
                case .running, .configuring:
                    if isShort {
                        agent.received(offer: revision, of: table, at: now, &effects)
                    } else {
                        agent.received(table.offers[Int(revision) - 1], at: now, &effects)
                    }
                default: agent.wake(at: now, &effects)
                }
            }
            fleet[index].step(at: now, seed: seed << 16 | step, in: &memory) {
                input(&$0, $1, &$2, isShort: false)
            } short: {
                input(&$0, $1, &$2, isShort: true)
            }
        }
    }

    @Test("A refused attempt is the same by arithmetic as by the agent's steps", arguments: 1...UInt64(20))
    func refusals(seed: UInt64) throws {
        var plan = TwoAgents.plan()
        plan.reconnect =
            [.opampGo, .specificationMinimum, .fixed(.seconds(3))][Int(seed % 3)]
        let cohort = Cohort(plan, seed: 5, unixOrigin: 0, reportForm: .decided)
        let table = RevisionTable(capabilities: [.acceptsStatus])
        var agent = Agent(index: 3, cohort: cohort)
        var effects = Effects()
        agent.start(at: .zero, &effects)
        var record = try #require(agent.compact(table))
        var now = Instant.zero
        for attempt in 0..<40 {
            var random = SeededRandom(seed: seed, stream: UInt64(attempt))
            agent.prepare(faults: [], random: random)
            agent.connectionFailed(.refused, at: now, &effects)
            record.refusedAttempt(at: now, by: plan.reconnect, &random)
            #expect(agent.compact(table) == record)
            now = record.time
            agent.wake(at: now, &effects)
            record.beginAttempt(at: now)
            #expect(agent.compact(table) == record)
        }
    }

    @Test("Heartbeats in closed form are those of the agent's steps", arguments: [1, 2, 29, 300])
    func heartbeats(count: Int) throws {
        var agents = TwoAgents(TwoAgents.plan(), faults: [])
        agents.step(at: .zero, seed: 0) { $0.start(at: $1, &$2) }
        agents.step(at: Instant(nanoseconds: 5), seed: 1) { $0.connected(at: $1, &$2) }
        let first = agents.awake.nextStep(Effects())
        agents.step(at: first, seed: 2) { $0.wake(at: $1, &$2) }
        var record = try #require(agents.record)
        #expect(record.hasSteadyHeartbeats)
        var now = first
        for _ in 0..<count {
            now = agents.awake.nextStep(Effects())
            agents.step(at: now, seed: 3) { $0.wake(at: $1, &$2) }
        }
        #expect(record.sendSteadyHeartbeats(upTo: now, every: TwoAgents.interval) == UInt64(count))
        #expect(record == agents.record)
    }

    @Test("An agent with an unhealthy collector is kept whole, and fits again when it is back")
    func whole() {
        var agents = TwoAgents(TwoAgents.plan(), faults: [])
        agents.step(at: .zero, seed: 0) { $0.start(at: $1, &$2) }
        agents.step(at: Instant(nanoseconds: 5), seed: 1) { $0.connected(at: $1, &$2) }
        var effects = Effects()
        agents.awake.collectorStops(at: Instant(nanoseconds: 9), &effects)
        #expect(agents.awake.reportedHealth == .unhealthy)
        #expect(agents.awake.compact(agents.table) == nil)
        agents.awake.received(ServerToAgent(), at: Instant(nanoseconds: 10), &effects)
        agents.awake.collectorStarts(at: Instant(nanoseconds: 11), &effects)
        #expect(agents.awake.reportedHealth == .healthy)
    }

    @Test("With a crash an agent returns to the configuration before, also where it read the offer of the next itself")
    func crash() throws {
        var plan = TwoAgents.plan()
        plan.remoteConfig.failureOdds = 0
        let (cohort, table) = { ($0.cohort, $0.table) }(TwoAgents(plan, faults: []))
        let faults = Faults(.diesAfterApplying)
        var record = CompactAgent(running: 1, nextHeartbeat: .zero, sequenceNumber: 3)
        var memory = WokenAgent(record, cohort, table)
        var effects = Effects()
        func step(at now: Instant, _ body: (inout Agent) -> Void) throws {
            memory.wake(record, index: 7, cohort: cohort, faults: faults, random: SeededRandom(seed: 1), table)
            effects.removeAll()
            body(&memory.agent)
            while memory.agent.outstandingReports > 0 {
                memory.agent.receivedAcknowledgement(table.capabilities, at: now, &effects)
            }
            let kept = memory.putBack(table)
            record = try #require(kept)
        }
        let offered = Instant.zero + .seconds(1)
        try step(at: offered) { $0.received(table.offers[2], at: offered, &effects) }
        for running in [UInt8(3), 1] {
            let due = record.configurationDue
            try #require(due < .distantFuture)
            try step(at: due) { $0.wake(at: due, &effects) }
            #expect(record.running == running && record.lastOffer == 3)
        }
    }
}
