import AgentModel
import Basis
import CMallocCount
import Engine
import Hosting
import Metrics

/// Agents on one shard, run until what a measurement waits for has happened.
final class Fleet {
    let shard: Shard
    private let agents: AgentShard
    private let recorder: RunRecorder
    private(set) var counters = CounterTable()
    private(set) var measures: [MeasureSummary] = []

    init(
        _ count: Int, on shard: Shard, at target: AgentTarget, firstIndex: UInt64 = 0,
        over ramp: Nanoseconds = .zero, _ amend: (inout CohortPlan) -> Void = { _ in }
    ) {
        self.shard = shard
        let exchange = IntervalExchange()
        let options = AgentShardOptions(
            resolveOffer: { _, _ throws(OfferProblem) in throw .endpointInvalid },
            resolveDestination: { _ throws(OfferProblem) in throw .endpointInvalid })
        agents = AgentShard(
            shard: shard, exchange: exchange, target: target, seed: 7, unixOrigin: 1_800_000_000_000_000_000,
            options: options)
        recorder = RunRecorder(start: Shard.clock, exchanges: [exchange], sample: Fleet.sample)
        var plan = CohortPlan(name: "measured")
        plan.heartbeat = HeartbeatPlan(interval: .seconds(3_600))
        amend(&plan)
        let cohort = Cohort(plan, seed: 7, unixOrigin: 1_800_000_000_000_000_000)
        let now = Shard.clock
        let gap = Nanoseconds(ramp.count / Int64(max(1, count)))
        let schedule = (0..<UInt64(count)).map {
            PlannedArrival(index: firstIndex + $0, cohort: cohort, at: now + gap * Int64($0))
        }
        agents.begin(schedule.makeIterator(), planned: count)
    }

    /// All connections are dropped at one moment; the agents reconnect at once.
    func storm() { agents.dropConnections(share: 1, seed: 1) }

    /// Waits until the server has answered `count` reports of the fleet in all. Looks at the figures only once the
    /// sockets are quiet, so that looking costs no CPU that counts.
    /// - Returns: when bytes last came in, within 10 ms, and what the process had used by then; nil where that did not
    ///   happen within 30 seconds.
    /// - Parameter isQuietBetween: false where other agents of the shard go on: the figures are then looked at each
    ///   time.
    func wait(untilAnswered count: Int, isQuietBetween: Bool = true) async throws -> Usage? {
        let deadline = Shard.clock + .seconds(30)
        var last: UInt64 = 0
        var usage = await Usage(of: shard)
        while Shard.clock < deadline {
            try await Task.sleep(for: .milliseconds(10))
            let received = await shard.value { [shard] in shard.counters.bytesReceived }
            if received != last {
                last = received
                usage = await Usage(of: shard)
            }
            guard !isQuietBetween || Shard.clock - usage.at > .milliseconds(30) else { continue }
            await tick()
            if answers >= count { return usage }
            usage = await Usage(of: shard)
        }
        return nil
    }

    /// Messages of the server until the last look at the figures. Reports that are answered are counted later, once it
    /// is certain which one each message answers.
    var answers: Int { Int(counters[.messagesReceived]) }

    /// Collects the figures until now.
    func tick() async {
        await withCheckedContinuation { continuation in agents.publish { continuation.resume() } }
        let snapshot = recorder.tick(at: Shard.clock, process: Fleet.sample)
        counters = snapshot.counters
        measures = snapshot.phaseMeasures
    }

    /// From here on, `measures` are those of a new stretch.
    func beginStretch(_ label: String) async {
        await tick()
        recorder.enterPhase(label, at: Shard.clock)
    }

    private static let sample = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 1)
}

/// What a shard has used until now, and what the process has allocated.
struct Usage {
    let at: Instant
    /// Of the shard's thread: what a program needs to watch the storm is not in it.
    let cpu: Nanoseconds
    let allocations: Int
    let waits: Int

    init(of shard: Shard) async {
        at = Shard.clock
        allocations = Int(malloc_count_calls())
        (cpu, waits) = await shard.value { [shard] in (shard.threadCPU, Int(shard.counters.waits)) }
    }
}
