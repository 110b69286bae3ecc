import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import Testing
import Transport

/// A small fleet on one shard, run against a server until what a test waits for has happened.
final class PollingFleet {
    private let agents: AgentShard
    private let recorder: RunRecorder
    private(set) var counters = CounterTable()
    private(set) var measures: [MeasureSummary] = []

    init(
        _ count: Int, against address: SocketAddress, plan: PollingPlan = PollingPlan(connections: 4),
        compression: WireCompression = WireCompression(), fields: HTTPFields = HTTPFields(),
        limits: WebSocketLimits = WebSocketLimits(), seed: UInt64 = 7,
        _ amend: (inout CohortPlan) -> Void = { _ in }
    ) throws {
        let exchange = IntervalExchange()
        var target = try #require(
            AgentTarget(
                addresses: [address], host: "\(address)", path: "/v1/opamp", fields: fields, limits: limits,
                transport: .polling(plan)))
        target.compression = compression
        agents = AgentShard(
            shard: try Shard(label: "polling.agents"), exchange: exchange, target: target, seed: seed,
            unixOrigin: 1_800_000_000_000_000_000,
            options: AgentShardOptions(resolveOffer: { _, _ in nil }, resolveDestination: { _ in nil }))
        recorder = RunRecorder(start: Shard.clock, exchanges: [exchange], sample: PollingFleet.sample)
        var plan = CohortPlan(name: "pollers")
        plan.heartbeat = HeartbeatPlan(interval: .milliseconds(100), phase: .fromConnection)
        plan.sizes.effectiveConfigBytes = 256
        plan.sizes.availableComponents = 2
        amend(&plan)
        let cohort = Cohort(plan, seed: seed, unixOrigin: 1_800_000_000_000_000_000)
        let now = Shard.clock
        let schedule = (0..<UInt64(count)).map { PlannedArrival(index: $0, cohort: cohort, at: now) }
        agents.begin(schedule.makeIterator(), planned: count)
    }

    /// Waits until `condition` holds of the counts so far; a test fails where that does not happen within `timeout`.
    func wait(
        until what: String, timeout: Nanoseconds = .seconds(60), _ condition: (CounterTable) -> Bool
    ) async throws {
        let deadline = Shard.clock + timeout
        while Shard.clock < deadline {
            try await tick()
            if condition(counters) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("in vain: \(what)")
    }

    /// Lets the fleet go on for `span`.
    func go(for span: Nanoseconds) async throws {
        try await Task.sleep(for: .nanoseconds(span.count))
        try await tick()
    }

    func dropConnections() {
        agents.dropConnections(share: 1, seed: 1)
    }

    func drain() {
        agents.drain(over: .zero)
    }

    func stop() async {
        await agents.finish()
    }

    private func tick() async throws {
        await withCheckedContinuation { continuation in agents.publish { continuation.resume() } }
        let snapshot = recorder.tick(at: Shard.clock, process: PollingFleet.sample)
        counters = snapshot.counters
        measures = snapshot.measures
    }

    private static let sample = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 1)
}
