import Basis
import Engine

/// Holds an endpoint's reading to a rate: after each piece it pauses for as long as the piece should have taken.
final class SlowReading {
    private let bytesPerSecond: Int
    /// When reading is resumed; `distantFuture` while it is not paused.
    private(set) var resumesAt = Instant.distantFuture
    /// When the agent itself wants to be woken: the endpoint's one timer serves both.
    var agentWake: Instant

    init(bytesPerSecond: Int, agentWake: Instant) {
        self.bytesPerSecond = max(bytesPerSecond, 1)
        self.agentWake = agentWake
    }

    func received(_ bytes: Int, at now: Instant, on endpoint: Endpoint) {
        guard endpoint.isOpen else { return }
        endpoint.pauseReading()
        resumesAt = now + Nanoseconds(seconds: Double(bytes) / Double(bytesPerSecond))
    }

    func timerFired(at now: Instant, on endpoint: Endpoint) {
        guard resumesAt <= now else { return }
        resumesAt = .distantFuture
        if endpoint.isOpen {
            endpoint.resumeReading()
        }
    }
}
