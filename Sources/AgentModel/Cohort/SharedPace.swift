import Synchronization

/// How many times as often as planned the agents of a cohort report: one number for all of them on all shards, which
/// the run changes. An agent follows with its next heartbeat.
public final class SharedPace: Sendable {
    private let bits = Atomic<UInt64>(1.0.bitPattern)

    init() {}

    /// Above 0; 1: as planned.
    public var factor: Double {
        get { Double(bitPattern: bits.load(ordering: .relaxed)) }
        set { bits.store((newValue > 0 ? newValue : 1).bitPattern, ordering: .relaxed) }
    }
}
