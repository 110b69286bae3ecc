import AgentModel
import Basis
import Metrics
import OpAMP
import Testing

/// A report as the scripted server received it.
struct Received {
    let agent: Int
    /// Its number on its connection, from 0: the first report of the connection.
    let number: Int
    /// Its number among the agent's heartbeats, from 0; `nil`: it is none.
    let heartbeat: Int?
    let at: Instant
}

/// What the scripted server does with a report.
enum Reaction {
    /// Its answer.
    case answers(after: Nanoseconds)
    /// A message of its own accord that offers a configuration.
    case offers(after: Nanoseconds)
    /// A second answer to the same report.
    case answersAgain(after: Nanoseconds)
    /// Closes the connection.
    case closes(after: Nanoseconds)
}

/// Agents in virtual time against a server that does as a script says. What the script did is the truth that the
/// figures are compared with: nothing here waits, and the machine has no part in any figure.
final class VirtualTruth {
    struct Script {
        var agents = 20
        var plan = CohortPlan(name: "truth")
        /// Until the agents leave.
        var duration = Nanoseconds.seconds(30)
        /// How long they wait then for the answers that they are owed.
        var drain = Nanoseconds.seconds(5)
        /// While the server is gone: connections end when it begins, and none can be opened.
        var gone: Range<Instant>?
        var reactions: (Received) -> [Reaction] = { _ in [.answers(after: .zero)] }

        init(interval: Nanoseconds = .seconds(1)) {
            plan.heartbeat = HeartbeatPlan(interval: interval, phase: .fromConnection)
            plan.reconnect = .fixed(.milliseconds(200))
        }
    }

    /// A heartbeat that was sent, and what became of it by the script.
    struct Exchange {
        let due: Instant
        let sent: Instant
        var answered: Instant?
    }

    /// What the script says about the run.
    struct Truth {
        var heartbeats: [Exchange] = []
        /// Of every heartbeat that was due while the agent had no connection: the time to the agent's next answer.
        var missed: [Nanoseconds] = []
        /// Of every loss: from the last answer before it to the first after it.
        var withoutServer: [Nanoseconds] = []
        var pushes = 0
        var reports = 0

        var due: Int { heartbeats.count + missed.count }
        var answered: Int { heartbeats.count { $0.answered != nil } }
        var service: [Nanoseconds] { heartbeats.compactMap { beat in beat.answered.map { $0 - beat.sent } } }
        /// What every heartbeat waited; one that was never answered waits for ever.
        var response: [Nanoseconds] {
            heartbeats.map { beat in beat.answered.map { $0 - beat.due } ?? .max } + missed
        }
    }

    private enum Event {
        case timer(Int, token: Int)
        case opened(Int, epoch: Int)
        case message(Int, epoch: Int, answer: Int?, isOffer: Bool)
        case closed(Int, epoch: Int)
        case refused(Int)
        case ends(Int, epoch: Int)
        case drain(Int)
        case gone
        case tick
    }

    private struct Station {
        var agent: Agent
        var token = 0
        var epoch = 0
        var isOpen = false
        var number = 0
        /// Places in the truth of the heartbeats of the connection that wait.
        var lastAnswer: Instant?
        /// When it lost its server.
        var lostAt: Instant?
        /// When the next heartbeat was due at that moment.
        var nextDue: Instant?
        var beats = 0
    }

    private let script: Script
    private var events: [(at: Instant, order: Int, event: Event)] = []
    private var order = 0
    private var now = Instant.zero
    private var stations: [Station] = []
    private var effects = Effects()
    private let metrics: ShardMetrics
    private let recorder: RunRecorder
    private(set) var truth = Truth()
    private var hasDrained: Set<Int> = []

    private init(_ script: Script) {
        self.script = script
        let cohort = Cohort(script.plan, seed: 7, unixOrigin: 1_800_000_000_000_000_000)
        let exchange = IntervalExchange()
        metrics = ShardMetrics(exchange: exchange)
        recorder = RunRecorder(start: .zero, exchanges: [exchange], sample: Self.idle)
        stations = (0..<script.agents).map { Station(agent: Agent(index: UInt64($0), cohort: cohort)) }
    }

    private static let idle = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 1)

    /// Plays the script to its end.
    static func play(_ script: Script) -> (truth: Truth, summary: RunSummary) {
        let world = VirtualTruth(script)
        for index in world.stations.indices {
            world.put(.drain(index), after: script.duration)
            // Agents that are not in step.
            world.now = .zero + Nanoseconds.milliseconds(37) * Int64(index)
            world.tell(index) { $0.start(at: $1, &$2) }
        }
        if let gone = script.gone { world.put(.gone, at: gone.lowerBound) }
        for second in 1...Int64((script.duration + script.drain).seconds) + 2 {
            world.put(.tick, at: .zero + .seconds(second))
        }
        let end = Instant.zero + script.duration + script.drain + .seconds(1)
        while let next = world.next(), next.at <= end {
            world.now = max(world.now, next.at)
            world.take(next.event)
        }
        world.now = end
        for index in world.stations.indices { world.tell(index) { $0.settle(isDrained: true, at: $1, &$2) } }
        for station in world.stations where station.lostAt != nil && station.lastAnswer != nil {
            world.truth.withoutServer.append(.max)
        }
        world.metrics.publish()
        world.recorder.finish(at: end, process: idle)
        let record = world.recorder.record(of: .truth, outcome: .completed, profile: "")
        return (world.truth, record.summary)
    }

    // MARK: - Time

    private func put(_ event: Event, after span: Nanoseconds) { put(event, at: now + span) }

    private func put(_ event: Event, at instant: Instant) {
        order += 1
        let entry = (at: instant, order: order, event: event)
        var (low, high) = (0, events.count)
        // In falling order, so that the next one is the last.
        while low < high {
            let middle = (low + high) / 2
            let isLater = (events[middle].at, events[middle].order) > (entry.at, entry.order)
            if isLater { low = middle + 1 } else { high = middle }
        }
        events.insert(entry, at: low)
    }

    private func next() -> (at: Instant, event: Event)? {
        events.popLast().map { ($0.at, $0.event) }
    }

    private func take(_ event: Event) {
        switch event {
        case .timer(let index, let token):
            if stations[index].token == token { tell(index) { $0.wake(at: $1, &$2) } }
        case .opened(let index, let epoch):
            guard stations[index].epoch == epoch else { return }
            opened(index)
        case .message(let index, let epoch, let answer, let isOffer):
            guard stations[index].epoch == epoch, stations[index].isOpen else { return }
            deliver(answer, isOffer: isOffer, to: index)
        case .closed(let index, let epoch):
            guard stations[index].epoch == epoch, stations[index].isOpen else { return }
            lose(index)
        case .refused(let index):
            tell(index) { $0.connectionFailed(.refused, at: $1, &$2) }
        case .ends(let index, let epoch):
            if stations[index].epoch == epoch { tell(index) { $0.closeCompleted(at: $1, &$2) } }
        case .drain(let index):
            hasDrained.insert(index)
            tell(index) { $0.drain(at: $1, by: $1 + self.script.drain, &$2) }
        case .gone:
            for index in stations.indices where stations[index].isOpen { lose(index) }
        case .tick:
            metrics.publish()
            recorder.tick(at: now, process: Self.idle)
        }
    }

    // MARK: - The server

    private var isGone: Bool { script.gone?.contains(now) ?? false }

    private func opened(_ index: Int) {
        stations[index].isOpen = true
        stations[index].number = 0
        if let due = stations[index].nextDue, let lost = stations[index].lostAt {
            // The interval of the heartbeats is constant, and they go on from where they were.
            var each = due
            while each < now {
                if each >= lost { open.append((index, each)) }
                each = each + script.plan.heartbeat.interval
            }
            stations[index].nextDue = nil
        }
        tell(index) { $0.connected(at: $1, &$2) }
    }

    /// Heartbeats that were due without a connection, whose agent has had no answer since.
    private var open: [(agent: Int, due: Instant)] = []

    private func lose(_ index: Int) {
        stations[index].isOpen = false
        if stations[index].lostAt == nil {
            stations[index].lostAt = now
            stations[index].nextDue = lastDue[index].map { $0 + script.plan.heartbeat.interval }
        }
        tell(index) { $0.connectionLost(.endOfStream, at: $1, &$2) }
    }

    /// When the last report of each agent was due: the next heartbeat is due an interval later.
    private var lastDue: [Int: Instant] = [:]

    private func deliver(_ answer: Int?, isOffer: Bool, to index: Int) {
        if let answer {
            if answer >= 0 { truth.heartbeats[answer].answered = now }
            for missed in open where missed.agent == index { truth.missed.append(now - missed.due) }
            open.removeAll { $0.agent == index }
            if stations[index].lostAt != nil, let last = stations[index].lastAnswer {
                truth.withoutServer.append(now - last)
            }
            stations[index].lostAt = nil
            stations[index].lastAnswer = now
        } else if isOffer {
            truth.pushes += 1
        }
        var message = ServerToAgent(
            instanceUID: .uid(stations[index].agent.instanceUID), capabilities: [.acceptsStatus])
        if isOffer {
            message.customCapabilities = CustomCapabilities(capabilities: ["x.y"])
        }
        let bytes = message.encoded()
        tell(index) { agent, now, effects in
            do {
                let view = try ServerToAgentView(bytes.span.bytes)
                agent.received(view, at: now, &effects)
            } catch {
                Issue.record("the script wrote an invalid message: \(error)")
            }
        }
    }

    private func received(_ slice: ReportSlice, _ index: Int) {
        truth.reports += 1
        metrics.sent(slice.kind)
        lastDue[index] = slice.dueAt
        let isHeartbeat = slice.kind == .heartbeat
        var place = -1
        if isHeartbeat {
            place = truth.heartbeats.count
            truth.heartbeats.append(Exchange(due: slice.dueAt, sent: now))
        }
        let report = Received(
            agent: index, number: stations[index].number, heartbeat: isHeartbeat ? stations[index].beats : nil, at: now)
        stations[index].number += 1
        if isHeartbeat { stations[index].beats += 1 }
        guard slice.kind != .agentDisconnect else { return }
        let epoch = stations[index].epoch
        for reaction in script.reactions(report) {
            switch reaction {
            case .answers(let span): put(.message(index, epoch: epoch, answer: place, isOffer: false), after: span)
            case .answersAgain(let span): put(.message(index, epoch: epoch, answer: nil, isOffer: false), after: span)
            case .offers(let span): put(.message(index, epoch: epoch, answer: nil, isOffer: true), after: span)
            case .closes(let span): put(.closed(index, epoch: epoch), after: span)
            }
        }
    }

    // MARK: - The agents

    private func tell(_ index: Int, _ event: (inout Agent, Instant, inout Effects) -> Void) {
        effects.removeAll()
        event(&stations[index].agent, now, &effects)
        let (list, wakeAt) = (effects.list, effects.wakeAt)
        for effect in list { perform(effect, index) }
        if let wakeAt {
            stations[index].token += 1
            if wakeAt != .distantFuture { put(.timer(index, token: stations[index].token), at: max(wakeAt, now)) }
        }
    }

    private func perform(_ effect: Effect, _ index: Int) {
        switch effect {
        case .connect:
            stations[index].epoch += 1
            if isGone {
                put(.refused(index), after: .zero)
            } else {
                put(.opened(index, epoch: stations[index].epoch), after: .zero)
            }
        case .send(let slice): received(slice, index)
        case .close:
            stations[index].isOpen = false
            put(.ends(index, epoch: stations[index].epoch), after: .zero)
        case .abort:
            stations[index].isOpen = false
        case .answered(let answer): metrics.record(answer)
        case .unanswered(let report): metrics.record(report)
        case .heartbeatsNotPossible(let missed): metrics.record(missed)
        case .withoutServer(let time): metrics.record(time)
        case .count(let anomaly, let amount): metrics.count(anomaly: anomaly, Int(amount))
        default: break
        }
    }
}

extension RunIdentity {
    static let truth = RunIdentity(
        run: "truth", profile: "truth", server: "script", seed: 7, agents: 1, shards: 1, startedAt: 0, tool: "test",
        machine: "virtual")
}
