public import Basis

/// What is offered to a fleet.
public enum WaveKind: String, CaseIterable, Hashable, Sendable {
    case config, packages, connection

    /// The name in tables.
    public var title: String {
        switch self {
        case .config: "config"
        case .packages: "packages"
        case .connection: "connection settings"
        }
    }
}

/// How far one agent is with what it was offered.
public enum WaveStage: Int, CaseIterable, Hashable, Sendable {
    /// The offer has reached the agent.
    case received
    /// It has reported that it is at it.
    case applying
    /// It has reported that it is done.
    case applied
    /// It has what was offered: of a configuration, it has reported the effective one that matches it.
    case converged
    /// It has reported that it failed.
    case failed
    /// Another offer overtook this one.
    case superseded

    /// The name in files: stable from release to release.
    public var name: String { "\(self)" }
}

/// From when the times of a wave count.
public enum WaveClock: String, Hashable, Sendable {
    /// The moment at which the run had its own server put the offer up.
    case event
    /// The moment at which the offer reached the first agent of the fleet: the server is not ours to ask.
    case firstReceipt = "first_receipt"
}

/// An offer on its way through the fleet.
public struct Wave: Hashable, Sendable {
    public var kind: WaveKind
    /// The phase that began with it, or a number where none did.
    public var label: String
    public var clock: WaveClock
    /// When its clock began.
    public var origin: Instant
    /// What tells the offer apart: taken from its hash.
    var number: UInt64

    init(kind: WaveKind, label: String, clock: WaveClock, origin: Instant, number: UInt64) {
        self.kind = kind
        self.label = label
        self.clock = clock
        self.origin = origin
        self.number = number
    }
}

/// One agent's reaching a stage of a wave.
struct WaveSample: Hashable, Sendable {
    let wave: UInt16
    let stage: WaveStage
    let span: Nanoseconds
}

/// A wave in figures.
public struct WaveSummary: Hashable, Sendable {
    public var wave: Wave
    /// From the start of the run to the start of the wave's clock.
    public var start: Nanoseconds
    /// The times from the wave's clock to each stage, by `WaveStage.rawValue`.
    public var stages: [CompactHistogram]

    /// How many agents have reached a stage.
    public func count(_ stage: WaveStage) -> UInt64 { stages[stage.rawValue].count }

    /// The times to a stage.
    public subscript(stage: WaveStage) -> CompactHistogram { stages[stage.rawValue] }

    /// The share, 0...1, of the agents that received the offer which had reached `stage` by `span` on the wave's clock.
    public func share(of stage: WaveStage, by span: Nanoseconds) -> Double {
        let received = count(.received)
        guard received > 0, count(stage) > 0 else { return 0 }
        return self[stage].share(atMost: span) * Double(count(stage)) / Double(received)
    }

    /// When the last agent converged, on the wave's clock; `nil` where none did.
    public var lastConverged: Nanoseconds? {
        count(.converged) > 0 ? Nanoseconds(Int64(clamping: self[.converged].highest)) : nil
    }

    /// Times from the start of the clock to the last agent's last stage, evenly spread: for drawing the shares.
    public var times: [Nanoseconds] {
        let last = stages.map(\.highest).max() ?? 0
        guard last > 0 else { return [] }
        return (0...Self.steps).map { Nanoseconds(Int64(clamping: last)).scaled(by: Double($0) / Double(Self.steps)) }
    }

    /// As fine as a picture of it needs.
    private static let steps = 60
}
