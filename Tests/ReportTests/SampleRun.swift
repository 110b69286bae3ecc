import AgentModel
import Basis
import Metrics
import OpAMP
import Synchronization

/// Runs made by recording, as a real one is, of a few agents and seconds.
enum SampleRun {
    static let identity = RunIdentity(
        run: "2026-11-24T0158-reconnect-storm", profile: "reconnect-storm", server: "ws://127.0.0.1:4320/v1/opamp",
        seed: 42, agents: 2000, shards: 2, startedAt: 1_795_485_480, tool: "muster 0.1.0", machine: "2 cores, Linux")

    static let plan = RunPlanValues(
        title: "reconnect-storm · ws://127.0.0.1:4320", agents: 2000,
        phases: [("arrival", .seconds(10)), ("steady", .seconds(20)), ("storm", .seconds(15)), ("drain", nil)])

    struct RunPlanValues {
        var title: String
        var agents: Int
        var phases: [(label: String, length: Nanoseconds?)]
    }

    struct Options: Hashable, Sendable {
        var seconds = 50
        /// Share of the cores that the tool uses, and of the one shard's thread.
        var cpu = 0.3
        var errors = true
        var ownDelay = Nanoseconds.microseconds(80)
        /// Agents that fall ill in second 20; a third of them is well again five seconds later.
        var ailing = 0
        var outcome = RunOutcome.completed
    }

    private static let phases: [(second: Int, label: String)] = [
        (0, "arrival"), (10, "steady"), (30, "storm"), (45, "drain"),
    ]

    /// Runs that were recorded once already: recording takes a second or two in a debug build.
    private static let known = Mutex<[Options: (last: Snapshot, record: RunRecord)]>([:])

    /// The last snapshot and the record of a run of the given kind.
    static func recorded(_ options: Options = Options()) -> (last: Snapshot, record: RunRecord) {
        known.withLock { known in
            if let run = known[options] { return run }
            let run = make(options)
            known[options] = run
            return run
        }
    }

    static func record(_ options: Options = Options()) -> RunRecord { recorded(options).record }

    private static func make(_ options: Options) -> (last: Snapshot, record: RunRecord) {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        recorder.load.heartbeatInterval = .seconds(10)
        var random = SeededRandom(seed: 42)
        var cpu = Nanoseconds.zero
        shard.agentsMoved(identity.agents, from: nil, to: .initializing)
        shard.publish()
        var last = recorder.tick(at: .zero, process: sample(cpu))
        for second in 0..<options.seconds {
            if let phase = Self.phases.first(where: { $0.second == second }) {
                recorder.enterPhase(phase.label, at: .zero + .seconds(Int64(second)))
            }
            record(second, in: shard, options, &random)
            let share = options.cpu * (0.8 + 0.4 * random.unit())
            cpu = cpu + Nanoseconds(seconds: 2 * share)
            shard.used(Nanoseconds(seconds: share), in: .seconds(1))
            shard.publish()
            last = recorder.tick(at: .zero + .seconds(Int64(second) + 1), process: sample(cpu))
        }
        let counters = last.counters
        let record = recorder.record(
            of: identity, outcome: options.outcome, profile: "name: reconnect-storm\n",
            server: ServerSideCounts(
                connectionsAccepted: counters[.connectionsOpened], agentsSeen: counters[.agentsConnected],
                reportsReceived: counters.reportsSent - 3, answersSent: counters[.answersReceived]))
        return (last, record)
    }

    private static func sample(_ cpu: Nanoseconds) -> ProcessSample {
        ProcessSample(cpu: cpu, residentBytes: 48_000_000, availableCores: 2)
    }

    private static func record(
        _ second: Int, in shard: ShardMetrics, _ options: Options, _ random: inout SeededRandom
    ) {
        let isStorm = (30..<34).contains(second)
        let arriving = second < 10 ? 200 : isStorm ? 500 : 0
        if second == 30 { shard.agentsMoved(2000, from: .connected, to: .backingOff) }
        for _ in 0..<arriving {
            shard.agentMoved(from: isStorm ? .backingOff : .initializing, to: .connected)
            shard.count(isStorm ? .reconnects : .agentsStarted)
            if !isStorm {
                shard.count(.agentsConnected)
                shard.count(.agentsAnswered)
            }
            shard.count(.connectionsAttempted)
            shard.count(.connectionsOpened)
            shard.count(.firstReports)
            shard.count(.answersReceived)
            let load = isStorm ? 6.0 : 1.0
            shard.record(.connect, draw(90 * load, 0.4, &random))
            shard.record(.upgrade, draw(350 * load, 0.5, &random))
            shard.record(.firstReport, draw(800 * load, 0.6, &random))
        }
        if isStorm, options.errors {
            shard.count(.connectRefused, 20)
            shard.count(.upgradeThrottled, 7)
            if second == 31 { shard.count(.malformedAnswer) }
            if second == 32 { shard.count(named: "close_code_1011", 2) }
        }
        for _ in 0..<arriving where !isStorm { shard.healthReported(.healthy, after: nil) }
        for agent in 0..<options.ailing {
            let illness: HealthGrade = agent % 3 == 0 ? .degraded : .unhealthy
            if second == 20 { shard.healthReported(illness, after: .healthy) }
            if second == 25, illness == .degraded { shard.healthReported(.healthy, after: illness) }
        }
        let heartbeats = second < 10 ? second * 20 : 200
        for _ in 0..<heartbeats {
            let service = draw(isStorm ? 3000 : 280, isStorm ? 1 : 0.5, &random)
            let late = draw(Double(options.ownDelay.count) / 2000, 0.5, &random)
            shard.count(.heartbeats)
            shard.count(.answersReceived)
            shard.record(.heartbeatService, service)
            shard.record(.heartbeatResponse, service + late)
            shard.record(.schedulingDelay, late)
        }
        shard.count(.bytesSent, heartbeats * 46 + arriving * 5400)
        shard.count(.bytesReceived, heartbeats * 30 + arriving * 240)
        shard.count(.messagesSent, heartbeats + arriving)
        shard.count(.messagesReceived, heartbeats + arriving)
        if second == 47 {
            shard.agentsMoved(2000, from: .connected, to: .disconnected)
            shard.count(.agentDisconnects, 2000)
            shard.count(.agentDisconnectsUnanswered, 3)
            shard.count(.connectionsClosed, 2000)
        }
    }

    private static func draw(_ microseconds: Double, _ sigma: Double, _ random: inout SeededRandom) -> Nanoseconds {
        Distribution.logNormal(median: Nanoseconds(seconds: microseconds / 1e6), sigma: sigma).draw(&random)
    }
}
