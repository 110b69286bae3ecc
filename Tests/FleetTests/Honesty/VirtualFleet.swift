import AgentModel
import Basis
import ControlPlane
import Metrics
import OpAMP
import Testing

/// State machines of agents, the state machine of the server and the measuring joined on a virtual axis, without
/// sockets: what `Hosting` does with real ones. It also looks at what goes over its wire, for the scripts whose course
/// cannot be told beforehand.
final class VirtualFleet {
    /// What came of a script.
    struct Outcome {
        let record: RunRecord
        /// Every answered heartbeat as the wire saw it. It is due an interval after the report before it on its
        /// connection.
        let wire: [Exchange]
        /// Answers with UNAVAILABLE that reached an agent.
        let refusals: Int
        /// Reports that reached an agent's connection as none of: first of a connection, heartbeat, agent_disconnect.
        let otherReports: Int
        let server: ServerCounts
    }

    private enum Event {
        case start(Int)
        case timer(Int, token: Int, due: Instant)
        case asksToConnect(Int, epoch: Int)
        case opened(Int, epoch: Int)
        case report(Int, epoch: Int, [UInt8])
        case answer(Int, epoch: Int, [UInt8])
        case agentClosed(Int, epoch: Int, clean: Bool)
        case serverClosed(Int, epoch: Int)
        case serverWake(token: Int)
        case tick
    }

    /// An agent and its side of the network.
    private struct Station {
        struct Pending {
            let due: Instant
            let sent: Instant
            let isHeartbeat: Bool
        }

        var agent: Agent
        var timerToken = 0
        /// Which connection of its life it is on; messages of former ones are lost on the way.
        var epoch = 0
        var connection: ConnectionID?
        /// When the last report was due. Any report is a sign of life, so the next heartbeat is due an interval after
        /// it.
        var lastDue = Instant.zero
        var hasReported = false
        var pending: [Pending] = []
    }

    private let script: FleetScript
    private var queue = EventQueue<Event>()
    private var now = Instant.zero
    private var stations: [Station]
    private var connections: [ConnectionID: Int] = [:]
    private var effects = Effects()
    private var registry: Registry
    private var serverEffects = ServerEffects()
    private var serverToken = 0
    private let metrics: ShardMetrics
    private let recorder: RunRecorder
    private var wire: [Exchange] = []
    private var refusals = 0
    private var otherReports = 0

    private init(_ script: FleetScript) {
        self.script = script
        let cohort = Cohort(script.cohortPlan, seed: script.seed, unixOrigin: 1_780_000_000_000_000_000)
        stations = (0..<script.agents).map { Station(agent: Agent(index: UInt64($0), cohort: cohort)) }
        registry = Registry(plan: script.server, seed: script.seed, wallClockAtZero: 1_780_000_000_000)
        let exchange = IntervalExchange()
        metrics = ShardMetrics(exchange: exchange)
        recorder = RunRecorder(start: .zero, exchanges: [exchange], sample: Self.idle)
        recorder.load.heartbeatInterval = script.interval
    }

    /// Plays the script to the last answer.
    static func play(_ script: FleetScript) -> Outcome {
        let fleet = VirtualFleet(script)
        for agent in 0..<script.agents {
            fleet.queue.put(.start(agent), at: script.start(of: agent))
        }
        for second in 1...Int64(script.until.nanoseconds / 1_000_000_000) + 1 {
            fleet.queue.put(.tick, at: .zero + .seconds(second))
        }
        while let (at, event) = fleet.queue.next() {
            fleet.now = at
            fleet.take(event)
        }
        fleet.metrics.publish()
        fleet.recorder.finish(at: fleet.now, process: Self.idle)
        return Outcome(
            record: fleet.recorder.record(of: .test, outcome: .completed, profile: ""), wire: fleet.wire,
            refusals: fleet.refusals, otherReports: fleet.otherReports, server: fleet.registry.counts)
    }

    /// A process that takes no processor time: a virtual run says nothing about the machine.
    private static let idle = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 2)

    private func take(_ event: Event) {
        switch event {
        case .start(let index):
            tell(index) { $0.start(at: $1, &$2) }
        case .timer(let index, let token, let due):
            guard stations[index].timerToken == token else { return }
            metrics.record(.schedulingDelay, now - due)
            tell(index) { $0.wake(at: $1, &$2) }
        case .asksToConnect(let index, let epoch):
            accept(index, epoch)
        case .opened(let index, let epoch):
            guard stations[index].epoch == epoch else { return }
            tell(index) { $0.connected(at: $1, &$2) }
        case .report(let index, let epoch, let bytes):
            guard stations[index].epoch == epoch, let id = stations[index].connection else { return }
            tellServer { $0.received(bytes: bytes.span.bytes, from: id, at: $1, &$2) }
        case .answer(let index, let epoch, let bytes):
            if stations[index].epoch == epoch { deliver(bytes, to: index) }
        case .agentClosed(let index, let epoch, let clean):
            guard let id = stations[index].connection, connections.removeValue(forKey: id) != nil else { return }
            stations[index].connection = nil
            tellServer { $0.closed(id, clean ? .clean : .lost, at: $1, &$2) }
            if clean { queue.put(.serverClosed(index, epoch: epoch), at: now + script.transit) }
        case .serverClosed(let index, let epoch):
            guard stations[index].epoch == epoch else { return }
            tell(index) { $0.closeCompleted(at: $1, &$2) }
        case .serverWake(let token):
            guard serverToken == token else { return }
            tellServer { $0.wake(at: $1, &$2) }
        case .tick:
            metrics.publish()
            recorder.tick(at: now, process: Self.idle)
        }
    }

    // MARK: - Agents

    private func tell(_ index: Int, _ event: (inout Agent, Instant, inout Effects) -> Void) {
        effects.removeAll()
        event(&stations[index].agent, now, &effects)
        for effect in effects.list { perform(effect, of: index) }
        if let wakeAt = effects.wakeAt { arm(index, wakeAt) }
    }

    /// Sets the agent's one timer; it fires as late as the script has it.
    private func arm(_ index: Int, _ due: Instant) {
        stations[index].timerToken += 1
        guard due <= script.until else { return }
        let wake = script.lateness.wake(of: index, due: due)
        queue.put(.timer(index, token: stations[index].timerToken, due: due), at: max(wake, now))
    }

    private func perform(_ effect: Effect, of index: Int) {
        switch effect {
        case .connect:
            stations[index].epoch += 1
            stations[index].pending = []
            stations[index].hasReported = false
            queue.put(.asksToConnect(index, epoch: stations[index].epoch), at: now + script.transit)
        case .send(let slice):
            send(Array(effects.bytes[slice.range]), from: index)
        case .close:
            queue.put(.agentClosed(index, epoch: stations[index].epoch, clean: true), at: now + script.transit)
        case .abort, .leaveTransport:
            queue.put(.agentClosed(index, epoch: stations[index].epoch, clean: false), at: now + script.transit)
        case .answered(let answer):
            metrics.record(answer)
        case .unanswered(let report):
            metrics.record(report)
        case .heartbeatsNotPossible(let missed):
            metrics.record(missed)
        case .withoutServer(let time):
            metrics.record(time)
        case .count(.unavailable, let amount):
            metrics.count(.throttled, Int(amount))
        case .count(.heartbeatsSkipped, let amount):
            metrics.count(.skippedHeartbeats, Int(amount))
        case .count(let anomaly, let amount):
            metrics.count(named: anomaly.name, UInt64(amount))
        case .firstAnswered, .stateChanged, .healthReported, .fault, .readSlowly, .offer, .package,
            .exportTelemetry, .connectTo, .download, .cancelDownload, .ping:
            break
        }
    }

    /// A report sets out. What it is follows from its bytes and from its place on the connection.
    private func send(_ bytes: [UInt8], from index: Int) {
        metrics.count(.messagesSent)
        do {
            let view = try AgentToServerView(bytes.span.bytes)
            let isHeartbeat = stations[index].hasReported && view.isHeartbeat
            if stations[index].hasReported, !isHeartbeat, !view.isDisconnect { otherReports += 1 }
            let due = isHeartbeat ? stations[index].lastDue + script.interval : now
            stations[index].lastDue = due
            stations[index].pending.append(Station.Pending(due: due, sent: now, isHeartbeat: isHeartbeat))
            stations[index].hasReported = true
        } catch {
            Issue.record("an agent sent what cannot be read: \(error)")
        }
        queue.put(.report(index, epoch: stations[index].epoch, bytes), at: now + script.transit)
    }

    private func deliver(_ bytes: [UInt8], to index: Int) {
        do {
            let view = try ServerToAgentView(bytes.span.bytes)
            let isRefusal = view.answer().errorResponse?.type == .unavailable
            if isRefusal { refusals += 1 }
            if stations[index].pending.isEmpty {
                Issue.record("an answer to nothing")
            } else {
                let pending = stations[index].pending.removeFirst()
                if pending.isHeartbeat, !isRefusal {
                    wire.append(Exchange(due: pending.due, sent: pending.sent, answered: now))
                }
            }
            effects.removeAll()
            stations[index].agent.received(view, at: now, &effects)
        } catch {
            Issue.record("the server sent what cannot be read: \(error)")
            return
        }
        for effect in effects.list { perform(effect, of: index) }
        if let wakeAt = effects.wakeAt { arm(index, wakeAt) }
    }

    // MARK: - The server

    private func accept(_ index: Int, _ epoch: Int) {
        var accepted: ConnectionID?
        tellServer { accepted = $0.accepted(at: $1, &$2) }
        guard let id = accepted else { return }
        stations[index].connection = id
        connections[id] = index
        tellServer { $0.upgradeRequested(id, at: $1, &$2) }
    }

    private func tellServer(_ event: (inout Registry, Instant, inout ServerEffects) -> Void) {
        serverEffects.removeAll()
        event(&registry, now, &serverEffects)
        for effect in serverEffects.list {
            switch effect {
            case .send(let id, let slice):
                guard let index = connections[id] else { continue }
                let bytes = Array(serverEffects.bytes[slice.range])
                queue.put(.answer(index, epoch: stations[index].epoch, bytes), at: now + script.transit)
            case .upgrade(let id):
                guard let index = connections[id] else { continue }
                queue.put(.opened(index, epoch: stations[index].epoch), at: now + script.transit)
            case .wake(let instant):
                serverToken += 1
                queue.put(.serverWake(token: serverToken), at: max(instant, now))
            case .refuse, .close, .abort, .certificateRequested, .received, .reported, .observed:
                Issue.record("the server of a script does not \(effect)")
            }
        }
    }
}
