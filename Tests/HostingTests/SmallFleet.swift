import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import Testing

/// A small fleet on one shard that talks to any target, run until what a test waits for has happened.
final class SmallFleet {
    private let agents: AgentShard
    private let recorder: RunRecorder
    private(set) var counters = CounterTable()
    private(set) var named = NamedCounters()

    init(
        _ count: Int, at target: AgentTarget, seed: UInt64 = 7, downloads: DownloadSetup = DownloadSetup(),
        _ amend: (inout CohortPlan) -> Void = { _ in }
    ) throws {
        let exchange = IntervalExchange()
        var options = AgentShardOptions(resolveOffer: { _, _ in nil }, resolveDestination: { _ in nil })
        options.downloads = downloads
        agents = AgentShard(
            shard: try Shard(label: "small.fleet"), exchange: exchange, target: target, seed: seed,
            unixOrigin: 1_800_000_000_000_000_000, options: options)
        recorder = RunRecorder(start: Shard.clock, exchanges: [exchange], sample: SmallFleet.sample)
        var plan = CohortPlan(name: "small")
        plan.heartbeat = HeartbeatPlan(interval: .milliseconds(100), phase: .fromConnection)
        plan.sizes.effectiveConfigBytes = 2_048
        amend(&plan)
        let cohort = Cohort(plan, seed: seed, unixOrigin: 1_800_000_000_000_000_000)
        let now = Shard.clock
        let schedule = (0..<UInt64(count)).map { PlannedArrival(index: $0, cohort: cohort, at: now) }
        agents.begin(schedule.makeIterator(), planned: count)
    }

    /// The target at `address`, amended.
    static func target(
        _ address: SocketAddress, host: String? = nil, transport: AgentTransport = .webSocket,
        _ amend: (inout AgentTarget) -> Void = { _ in }
    ) throws -> AgentTarget {
        var target = try #require(
            AgentTarget(addresses: [address], host: host ?? "\(address)", path: "/v1/opamp", transport: transport))
        amend(&target)
        return target
    }

    func wait(until what: String, _ condition: (CounterTable) -> Bool) async throws {
        let deadline = Shard.clock + .seconds(60)
        while Shard.clock < deadline {
            await tick()
            if condition(counters) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(
            "in vain: \(what); errors \(Counter.errors.filter { counters[$0] > 0 }.map(\.name)), \(named.sorted)")
    }

    func drain(over span: Nanoseconds = .zero) { agents.drain(over: span) }

    func stop() async {
        await agents.finish()
        take()
    }

    private func tick() async {
        await withCheckedContinuation { continuation in agents.publish { continuation.resume() } }
        take()
    }

    private func take() {
        let snapshot = recorder.tick(at: Shard.clock, process: SmallFleet.sample)
        counters = snapshot.counters
        named = snapshot.named
    }

    private static let sample = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 1)
}
