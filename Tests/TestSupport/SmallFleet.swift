package import AgentModel
package import Basis
package import Engine
package import Hosting
package import Metrics
import Testing
package import Transport

/// Where offers of connection settings lead.
package struct OfferRoutes: Sendable {
    let resolve: OfferResolver

    package init(_ resolve: @escaping OfferResolver) {
        self.resolve = resolve
    }

    package static let nowhere = OfferRoutes { _, _ throws(OfferProblem) in throw .endpointInvalid }
}

/// A small fleet on one shard that talks to any target, run until what a test waits for has happened.
package final class SmallFleet {
    private let agents: AgentShard
    private let recorder: RunRecorder
    package private(set) var counters = CounterTable()
    package private(set) var named = NamedCounters()
    package private(set) var measures: [MeasureSummary] = []

    package init(
        _ count: Int, at target: AgentTarget, seed: UInt64 = 7, downloads: DownloadSetup = DownloadSetup(),
        offers: OfferRoutes = .nowhere,
        _ amend: (inout CohortPlan) -> Void = { _ in }
    ) throws {
        let exchange = IntervalExchange()
        var options = AgentShardOptions(
            resolveOffer: offers.resolve,
            resolveDestination: { _ throws(OfferProblem) in throw .endpointInvalid })
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

    /// A fleet that polls the server at `address`, with small reports.
    package convenience init(
        _ count: Int, polling address: SocketAddress, plan: PollingPlan = PollingPlan(connections: 4),
        compression: WireCompression = WireCompression(), limits: WebSocketLimits = WebSocketLimits(),
        _ amend: (inout CohortPlan) -> Void = { _ in }
    ) throws {
        let target = try SmallFleet.target(address, transport: .polling(plan), limits: limits) {
            $0.compression = compression
        }
        try self.init(count, at: target) { plan in
            plan.sizes.effectiveConfigBytes = 256
            plan.sizes.availableComponents = 2
            amend(&plan)
        }
    }

    /// The target at `address`, amended.
    package static func target(
        _ address: SocketAddress, host: String? = nil, transport: AgentTransport = .webSocket,
        limits: WebSocketLimits = WebSocketLimits(), _ amend: (inout AgentTarget) -> Void = { _ in }
    ) throws -> AgentTarget {
        var target = try #require(
            AgentTarget(
                addresses: [address], host: host ?? "\(address)", path: "/v1/opamp", limits: limits,
                transport: transport))
        amend(&target)
        return target
    }

    /// Waits until `condition` is true of the counts so far; a test fails where that does not happen within `timeout`.
    package func wait(
        until what: String, timeout: Nanoseconds = .seconds(60), _ condition: (CounterTable) -> Bool
    ) async throws {
        let deadline = Shard.clock + timeout
        while Shard.clock < deadline {
            await tick()
            if condition(counters) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(
            "did not happen: \(what); errors \(Counter.errors.filter { counters[$0] > 0 }.map(\.name)), \(named.sorted)"
        )
    }

    /// Lets the fleet run for `span`.
    package func go(for span: Nanoseconds) async throws {
        try await Task.sleep(for: .nanoseconds(span.count))
        await tick()
    }

    package func dropConnections() { agents.dropConnections(share: 1, seed: 1) }

    /// Has some agents do something at one moment.
    package func perform(_ action: HerdAction, by herd: Herd = Herd(seed: 3)) { agents.perform(action, by: herd) }

    package func drain(over span: Nanoseconds = .zero, waiting limit: Nanoseconds = .zero) {
        agents.drain(over: span, waiting: limit)
    }

    package func stop() async {
        await agents.finish { take() }
        take()
    }

    private func tick() async {
        await handOver()
        take()
    }

    /// Has the shard hand over its figures; nobody reads them yet.
    package func handOver() async {
        await withCheckedContinuation { continuation in agents.publish { continuation.resume() } }
    }

    private func take() {
        let snapshot = recorder.tick(at: Shard.clock, process: SmallFleet.sample)
        counters = snapshot.counters
        named = snapshot.named
        measures = snapshot.measures
    }

    private static let sample = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 1)
}
