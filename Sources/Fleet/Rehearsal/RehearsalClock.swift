import Basis

/// A plan's time on the machine's clock: it passes `speed` times as fast.
struct RehearsalClock: Sendable {
    let speed: Double
    /// The instant of the machine's clock at which the plan's time is zero.
    var origin: Instant

    /// The plan's time at an instant of the machine's clock.
    func planTime(at instant: Instant) -> Instant { .zero + (instant - origin).scaled(by: speed) }

    /// The instant of the machine's clock at a time of the plan.
    func machineTime(at time: Instant) -> Instant {
        time == .distantFuture ? time : origin + (time - .zero).scaled(by: 1 / speed)
    }
}
