import Basis
import OTLP
import OpAMP
import Testing

@testable import AgentModel

@Suite("Own telemetry (spec: Own Telemetry Reporting)")
struct TelemetryTests {
    private static let capabilities: AgentCapabilities = [
        .reportsOwnMetrics, .reportsOwnTraces, .reportsOwnLogs, .reportsConnectionSettingsStatus,
    ]

    private func script(_ change: (inout CohortPlan) -> Void = { _ in }) -> AgentScript {
        AgentScript(
            .with {
                $0.capabilities.formUnion(Self.capabilities)
                $0.heartbeat = HeartbeatPlan(interval: .seconds(30), phase: .fromConnection)
                change(&$0)
            })
    }

    private static func offer(
        _ hash: UInt8 = 1, metrics: String? = nil, traces: String? = nil, logs: String? = nil
    ) -> ServerToAgent {
        func settings(_ endpoint: String?) -> TelemetryConnectionSettings? {
            endpoint.map { TelemetryConnectionSettings(destinationEndpoint: $0) }
        }
        return ServerToAgent(
            connectionSettings: ConnectionSettingsOffers(
                hash: [hash], ownMetrics: settings(metrics), ownTraces: settings(traces), ownLogs: settings(logs)))
    }

    private func exports(_ steps: [Effect]) -> [TelemetryExport] {
        steps.compactMap { if case .exportTelemetry(let export) = $0 { export } else { nil } }
    }

    /// Lets time pass, and keeps what was exported and when.
    private func pass(_ script: inout AgentScript, seconds: Int) -> [(
        at: Instant, export: TelemetryExport, body: [UInt8]
    )] {
        var found: [(at: Instant, export: TelemetryExport, body: [UInt8])] = []
        for _ in 0..<(seconds * 10) {
            let before = script.allSteps.count
            script.pass(.milliseconds(100), acknowledging: true)
            for export in exports(Array(script.allSteps[before...])) { found.append((script.now, export, [])) }
        }
        return found
    }

    @Test("Nothing is exported before a server has offered a destination, and nothing is kept for it")
    func nothingWithoutOffer() {
        var script = script()
        script.run()
        #expect(pass(&script, seconds: 60).isEmpty)
        #expect(script.agent.extended == nil)
    }

    @Test("Metrics are exported every 10 s, or as often as the plan has it, to where was offered", arguments: [10, 2])
    func interval(seconds: Int64) {
        var script = script { $0.telemetry = TelemetryPlan(interval: .seconds(seconds)) }
        script.run()
        script.receive(Self.offer(metrics: "http://h:4318/v1/metrics"))
        let found = pass(&script, seconds: 60)
        #expect(found.count == Int(60 / seconds))
        #expect(found.allSatisfy { $0.export.signal == .metrics && $0.export.items > 10 })
        #expect(found.allSatisfy { $0.export.destination.settings.destinationEndpoint == "http://h:4318/v1/metrics" })
        for (earlier, later) in zip(found, found.dropFirst()) {
            #expect(abs((later.at - earlier.at).seconds - Double(seconds)) < 0.21)
        }
    }

    @Test("The default interval is the recommended one")
    func recommended() {
        #expect(TelemetryPlan().interval == .seconds(10))
    }

    @Test("Each request is OTLP with as many items as it says")
    func isOTLP() throws {
        var effects = Effects()
        var agent = Agent(
            index: 3,
            cohort: Cohort(
                .with { $0.capabilities.formUnion(Self.capabilities) }, seed: 1, unixOrigin: 1_780_000_000_000_000_000))
        agent.start(at: .zero, &effects)
        agent.connected(at: .zero, &effects)
        agent.received(
            Self.offer(metrics: "http://h/v1/metrics", traces: "http://h/v1/traces", logs: "http://h/v1/logs"),
            at: .zero + .seconds(1), &effects)
        effects.removeAll()
        agent.loseConnection(at: .zero + .seconds(2), &effects)
        effects.removeAll()
        agent.connected(at: .zero + .seconds(3), &effects)
        effects.removeAll()
        agent.wake(at: .zero + .seconds(15), &effects)
        let found = exports(effects.list)
        #expect(found.map(\.signal) == [.metrics, .traces, .logs])
        for export in found {
            let body = Array(effects.bytes[export.range])
            #expect(try ExportTally.items(in: body, of: export.signal) == export.items)
            // The resource names the agent as its description does.
            let text = String(decoding: body, as: UTF8.self)
            #expect(text.contains("service.instance.id") && text.contains("\(agent.instanceUID)"))
            #expect(text.contains("host.name"))
        }
        let logs = found.first { $0.signal == .logs }
        let text = String(decoding: effects.bytes[logs?.range ?? 0..<0], as: UTF8.self)
        #expect(text.contains("connected -> backing off: stormed") || text.contains("running -> backing off: stormed"))
    }

    @Test("Process metrics bear the names of the semantic conventions, and counters never go back")
    func metricNames() {
        let telemetry = CollectorTelemetry(seed: 1, index: 2)
        let names = telemetry.metrics(uptime: 10).map(\.name)
        #expect(Set(names).isSuperset(of: ["process.uptime", "process.cpu.time", "process.memory.usage"]))
        #expect(names.contains("otelcol_exporter_sent_spans"))
        func counters(_ uptime: Double) -> [Double] {
            telemetry.metrics(uptime: uptime).filter { $0.form == .counter }.flatMap(\.points).map {
                switch $0.value {
                case .integer(let number): Double(number)
                case .real(let number): number
                case .distribution(let distribution): Double(distribution.count)
                }
            }
        }
        var before = counters(0)
        for second in 1...200 {
            let now = counters(Double(second))
            #expect(zip(before, now).allSatisfy { $0 <= $1 })
            before = now
        }
    }

    @Test("Without events there are no spans and no records to export")
    func quiet() {
        var script = script()
        script.run()
        script.receive(Self.offer(traces: "http://h/v1/traces", logs: "http://h/v1/logs"))
        #expect(pass(&script, seconds: 60).isEmpty)
        script.lost()
        script.opened()
        script.acknowledge()
        let found = pass(&script, seconds: 20)
        #expect(found.map(\.export.signal) == [.traces, .logs])
    }

    @Test("A destination without an HTTP address is refused (spec: TelemetryConnectionSettings.destination_endpoint)")
    func badDestination() {
        var script = script()
        script.run()
        script.receive(Self.offer(metrics: "kafka:9092"))
        #expect(script.sent.first?.report.connectionSettingsStatus?.status == .failed)
        #expect(script.counts(.settingsRejected) == 1)
        #expect(pass(&script, seconds: 30).isEmpty)
    }

    @Test("An offer without telemetry settings does not change them (spec: Own Telemetry Reporting)")
    func unchanged() {
        var script = script()
        script.run()
        script.receive(Self.offer(metrics: "http://h/v1/metrics"))
        script.receive(Self.offer(2, logs: "http://other/v1/logs"))
        script.receive(ServerToAgent())
        let found = pass(&script, seconds: 30)
        #expect(found.contains { $0.export.destination.settings.destinationEndpoint == "http://h/v1/metrics" })
        script.receive(Self.offer(3, metrics: "http://new/v1/metrics"))
        let later = pass(&script, seconds: 30).filter { $0.export.signal == .metrics }
        #expect(!later.isEmpty)
        #expect(later.allSatisfy { $0.export.destination.settings.destinationEndpoint == "http://new/v1/metrics" })
    }

    @Test("The same destination, offered repeatedly, does not change the schedule of the exports")
    func offeredAgain() {
        var script = script()
        script.run()
        script.receive(Self.offer(metrics: "http://h/v1/metrics"))
        var exported = 0
        for hash in 0..<120 {
            exported += pass(&script, seconds: 1).count
            script.receive(Self.offer(UInt8(hash + 2), metrics: "http://h/v1/metrics"))
        }
        #expect(exported == 12)
        #expect(script.counts(.telemetryAccepted) == 1)
    }

    @Test("Exports continue without a connection to the server, and end with the agent")
    func offline() {
        var script = script { $0.reconnect = .fixed(.seconds(600)) }
        script.run()
        script.receive(Self.offer(metrics: "http://h/v1/metrics"))
        script.lost()
        #expect(pass(&script, seconds: 60).count == 6)
        script.drain()
        #expect(pass(&script, seconds: 60).isEmpty)
    }

    @Test("A host that is late exports once, not once for each time that was missed")
    func late() {
        var script = script()
        script.run()
        script.receive(Self.offer(metrics: "http://h/v1/metrics"))
        script.wakeLate(.seconds(95))
        #expect(exports(script.steps).count == 1)
        #expect(script.timer > script.now)
    }

    @Test("What is kept between two exports is bounded, and the rest is said to be missing")
    func bounded() {
        var keeper = TelemetryKeeper()
        for second in 0..<100 {
            keeper.note(
                StateChange(
                    from: .connecting, to: .backingOff, cause: .connectFailed(.refused),
                    at: .zero + .seconds(Int64(second)),
                    spent: .seconds(1)))
        }
        #expect(keeper.events.count == TelemetryKeeper.eventLimit)
        #expect(keeper.droppedEvents == 100 - TelemetryKeeper.eventLimit)
        let records = CollectorTelemetry(seed: 1, index: 1).records(
            keeper.events, dropped: keeper.droppedEvents, unixTime: { $0.nanoseconds })
        #expect(records.last?.body == "68 earlier events were not kept")
        #expect(records.first?.severity == .error)
        let spans = CollectorTelemetry(seed: 1, index: 1).spans(keeper.events, export: 3, unixTime: { $0.nanoseconds })
        #expect(Set(spans.map(\.identifier)).count == spans.count)
        #expect(
            spans.allSatisfy { $0.name == "opamp.connect" && $0.failure != nil && $0.end - $0.start == 1_000_000_000 })
    }

    @Test("Thousands of agents that got the same offer keep one destination")
    func shared() {
        var cache = TelemetryCache()
        let settings = TelemetryConnectionSettings(destinationEndpoint: "http://h/v1/metrics")
        let first = cache.destination(settings)
        #expect(cache.destination(settings) === first)
        for number in 0..<100 {
            _ = cache.destination(TelemetryConnectionSettings(destinationEndpoint: "http://h\(number)"))
        }
        #expect(cache.destination(settings) !== first)
    }

    @Test("What an agent exports is the same in every run of a seed")
    func deterministic() {
        func bodies() -> [UInt8] {
            var effects = Effects()
            var agent = Agent(
                index: 9,
                cohort: Cohort(.with { $0.capabilities.formUnion(Self.capabilities) }, seed: 4, unixOrigin: 5))
            agent.start(at: .zero, &effects)
            agent.connected(at: .zero, &effects)
            agent.received(Self.offer(metrics: "http://h/v1/metrics"), at: .zero, &effects)
            effects.removeAll()
            agent.wake(at: .zero + .seconds(20), &effects)
            return effects.bytes
        }
        #expect(bodies() == bodies())
        #expect(!bodies().isEmpty)
    }
}
