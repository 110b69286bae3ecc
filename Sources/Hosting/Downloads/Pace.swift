import Basis

/// A bound on bytes a second: each byte pushes back the moment at which the next may be read.
struct Pace {
    private let bytesPerSecond: Double?
    private var free = Instant.zero

    /// - Parameter bytesPerSecond: nil: no bound.
    init(_ bytesPerSecond: Int?) {
        self.bytesPerSecond = bytesPerSecond.map { Double(max($0, 1)) }
    }

    /// Takes note of bytes that were read.
    /// - Returns: when the next may be.
    mutating func spend(_ bytes: Int, at now: Instant) -> Instant {
        guard let bytesPerSecond else { return now }
        free = max(free, now) + Nanoseconds(seconds: Double(bytes) / bytesPerSecond)
        return free
    }
}
