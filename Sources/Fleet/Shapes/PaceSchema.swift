import Basis
public import Schema

/// From when on agents report more or less often.
public struct PaceChange: Hashable, Sendable {
    public var at = RunTime.after(.zero)
    /// How many times as often as the heartbeat interval, or the polling interval, says.
    public var factor = 1.0
}

extension PaceChange: Settings {
    public static let standard = PaceChange()

    public static let schema = Schema<PaceChange>(
        "pace", "From when on agents send heartbeats or poll more or less often.",
        [
            Key(
                "at", \.at, RunTime.kind, "When it begins; agents follow with their next heartbeats.", required: true),
            Key(
                "factor", \.factor, .decimal(0.001...1_000),
                "How many times as often as the interval says; 1: as often.", required: true),
        ])
}
