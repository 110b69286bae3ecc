public import Basis

/// A span in which the server sends no replies: they are sent at its end, in order.
public struct Pause: Hashable, Sendable {
    /// The first instant of silence.
    public var from: Instant
    /// The first instant at which it replies again.
    public var until: Instant

    public init(from: Instant, until: Instant) {
        self.from = from
        self.until = until
    }
}

/// The share of reports answered UNAVAILABLE instead of being processed (spec: Throttling, WebSocket Transport).
public struct Throttle: Hashable, Sendable {
    /// 0...1. An agent_disconnect is never throttled.
    public var share: Double
    /// What `retry_info` says; left out when nil.
    public var retryAfter: Nanoseconds?

    public init(share: Double, retryAfter: Nanoseconds? = nil) {
        self.share = share
        self.retryAfter = retryAfter
    }

    public static let none = Throttle(share: 0)
}

/// The share of WebSocket upgrades and of HTTP polls refused with an HTTP status (spec: Throttling, Plain HTTP
/// Transport).
public struct Refusals: Hashable, Sendable {
    /// 0...1.
    public var share: Double
    public var refusal: Refusal

    public init(share: Double, status: UInt16 = 503, retryAfterSeconds: UInt32? = nil) {
        self.share = share
        refusal = Refusal(status: status, retryAfterSeconds: retryAfterSeconds)
    }

    public static let none = Refusals(share: 0)
}

/// The share of accepted connections that the server closes without a close frame.
public struct ConnectionDrops: Hashable, Sendable {
    /// 0...1.
    public var share: Double
    /// How long after the accept, drawn for each; at zero the connection breaks at once.
    public var after: Distribution

    public init(share: Double, after: Distribution = .constant(.zero)) {
        self.share = share
        self.after = after
    }

    public static let none = ConnectionDrops(share: 0)
}

/// The pauses of a run, sorted and merged.
struct PauseCalendar: Sendable {
    private var pauses: [Pause]

    init(_ pauses: [Pause]) {
        self.pauses = []
        for pause in pauses { insert(pause) }
    }

    /// Adds a pause; those that overlap or touch become one. An empty one is ignored.
    mutating func insert(_ pause: Pause) {
        guard pause.from < pause.until else { return }
        var merged = pause
        pauses.removeAll { other in
            guard other.from <= merged.until, merged.from <= other.until else { return false }
            merged.from = min(merged.from, other.from)
            merged.until = max(merged.until, other.until)
            return true
        }
        let position = pauses.firstIndex { $0.from > merged.from } ?? pauses.endIndex
        pauses.insert(merged, at: position)
    }

    /// When something due at `instant` may really leave: then, or at the end of the pause that it falls into.
    func opening(after instant: Instant) -> Instant {
        if pauses.isEmpty { return instant }
        var (low, high) = (0, pauses.count)
        while low < high {
            let middle = (low + high) / 2
            if pauses[middle].from <= instant { low = middle + 1 } else { high = middle }
        }
        guard low > 0, instant < pauses[low - 1].until else { return instant }
        return pauses[low - 1].until
    }
}
