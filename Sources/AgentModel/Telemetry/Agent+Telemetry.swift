import Basis
import OTLP
import OpAMP

/// The agent's own telemetry (Own Telemetry Reporting): nothing exists of it until a server offers a destination, and
/// nothing of it touches the connection to that server.
extension Agent {
    /// A server has offered a destination.
    /// - Returns: Why it is not accepted; `nil` where it is.
    mutating func telemetryOffered(
        _ signal: TelemetrySignal, _ settings: TelemetryConnectionSettings, at now: Instant, _ effects: inout Effects
    ) -> String? {
        guard TelemetryDestination.isUsable(settings.destinationEndpoint) else {
            return "the destination of the own \(signal) is not an HTTP address"
        }
        if let problem = problem(with: settings.tls) { return problem }
        // Offered again, its exports keep their schedule.
        if let known = extended?.value.telemetry?.value.destinations[signal], known.settings == settings { return nil }
        let destination = effects.telemetryCache.destination(settings)
        // Spread like heartbeats, or a fleet that is offered a destination at one moment would export in step for ever.
        let first = now + cohort.plan.telemetry.interval.scaled(by: 1 - random.unit())
        withExtendedState { extended in
            var keeper = extended.telemetry ?? Boxed(TelemetryKeeper())
            keeper.value.take(destination, for: signal, firstExport: first)
            extended.telemetry = keeper
        }
        effects.count(.telemetryAccepted)
        return nil
    }

    /// Keeps a step of the agent's life for the next export.
    mutating func noteForTelemetry(_ change: StateChange) {
        withExtendedState { $0.telemetry?.value.note(change) }
    }

    /// An export is due: one request for each kind of telemetry that has data.
    mutating func exportTelemetry(at now: Instant, _ effects: inout Effects) {
        guard let keeper = extended?.value.telemetry?.value else { return }
        let telemetry = CollectorTelemetry(seed: cohort.seed, index: index)
        let source = telemetrySource
        let clock = { (instant: Instant) in self.unixTime(at: instant) }
        for signal in TelemetrySignal.allCases {
            guard let destination = keeper.destinations[signal], capabilities.contains(signal.capability) else {
                continue
            }
            let start = effects.bytes.count
            let items: Int
            switch signal {
            case .metrics:
                let metrics = telemetry.metrics(uptime: (now - processStarted).seconds)
                items = metrics.reduce(0) { $0 + $1.points.count }
                ExportRequest.append(
                    metrics, from: source, start: unixTime(at: processStarted), time: unixTime(at: now),
                    to: &effects.bytes)
            case .traces:
                let spans = telemetry.spans(keeper.events, export: keeper.exports, unixTime: clock)
                items = spans.count
                if items > 0 { ExportRequest.append(spans, from: source, to: &effects.bytes) }
            case .logs:
                let records = telemetry.records(keeper.events, dropped: keeper.droppedEvents, unixTime: clock)
                items = records.count
                if items > 0 { ExportRequest.append(records, from: source, to: &effects.bytes) }
            }
            guard items > 0 else { continue }
            effects.append(
                .exportTelemetry(
                    TelemetryExport(
                        signal: signal, range: start..<effects.bytes.count, items: items, destination: destination)))
        }
        let interval = cohort.plan.telemetry.interval
        withExtendedState { $0.telemetry?.value.exported(every: interval, at: now) }
    }

    /// The resource: the agent describes itself to a backend with the same attributes as to its server.
    private var telemetrySource: TelemetrySource {
        let described = description
        let attributes = (described.identifyingAttributes + described.nonIdentifyingAttributes).compactMap {
            attribute -> TelemetryAttribute? in
            switch attribute.value {
            case .string(let text): TelemetryAttribute(attribute.key, text)
            case .bool(let flag): TelemetryAttribute(attribute.key, .flag(flag))
            case .int(let number): TelemetryAttribute(attribute.key, .integer(number))
            case .double(let number): TelemetryAttribute(attribute.key, .real(number))
            case .null, .array, .keyValueList, .bytes, nil: nil
            }
        }
        return TelemetrySource(attributes: attributes, scope: "io.opentelemetry.collector", version: "1.0.0")
    }
}
