import Basis
import OTLP

/// What one agent keeps for its own telemetry. Exists only where a server has offered a destination.
struct TelemetryKeeper {
    /// Life events that are kept between two exports; beyond them the oldest go, and the next export says how many.
    static let eventLimit = 32

    private(set) var destinations: [TelemetrySignal: TelemetryDestination] = [:]
    /// When the next export is due.
    private(set) var due: Instant = .distantFuture
    /// What happened since the last export, oldest first.
    private(set) var events: [StateChange] = []
    private(set) var droppedEvents = 0
    /// Exports so far: what makes the identifiers of spans.
    private(set) var exports: UInt64 = 0

    /// Telemetry of a kind goes there from now on.
    mutating func take(_ destination: TelemetryDestination, for signal: TelemetrySignal, firstExport: Instant) {
        destinations[signal] = destination
        due = min(due, firstExport)
    }

    mutating func note(_ change: StateChange) {
        events.append(change)
        guard events.count > Self.eventLimit else { return }
        events.removeFirst()
        droppedEvents += 1
    }

    /// An export has been made; the next one is due an interval later. What a late host has missed is left out.
    mutating func exported(every interval: Nanoseconds, at now: Instant) {
        let missed = (now - due).count / max(interval.count, 1)
        due = due + interval * (missed + 1)
        events = []
        droppedEvents = 0
        exports += 1
    }
}
