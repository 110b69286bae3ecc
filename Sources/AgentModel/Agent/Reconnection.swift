public import Basis

/// How an agent of a cohort reconnects after its connection failed or was lost (Establishing Connection, Restoring
/// WebSocket Connection).
public enum ReconnectPolicy: Hashable, Sendable {
    /// As opamp-go's client: at once after a loss; then exponential from 0.5 s by 1.5 up to 60 s, each wait with a
    /// jitter of ±50 %. A server's Retry-After is used if it is longer. An opened connection resets the backoff.
    case opampGo
    /// A long wait, drawn uniformly between the two, before the first attempt after a loss: for fleets that must not
    /// overload their server. After failures as opamp-go, never below the minimum.
    case longRandomDelay(minimum: Nanoseconds, maximum: Nanoseconds)
    /// At once after the loss of a connection that was open for at least 30 s; otherwise at least the 30 s that the
    /// specification recommends as a minimum (Throttling), doubling up to 10 min, each wait with a jitter of up to
    /// +50 %.
    case specificationMinimum
    /// At once after a loss; then exponential as given, from an opened connection anew; a server's Retry-After is kept
    /// to where it is longer.
    case exponential(initial: Nanoseconds, multiplier: Double, maximum: Nanoseconds, jitter: Double)
    /// Always the same wait, without jitter; Retry-After and UNAVAILABLE's time are ignored. A fault on purpose.
    case fixed(Nanoseconds)

    /// The wait before the next attempt.
    /// - Parameters:
    ///   - failures: attempts that failed since a connection was last open; 0 right after a loss.
    ///   - asked: the wait that the server asked for, where it did.
    func wait(afterFailures failures: Int, asked: Nanoseconds?, random: inout SeededRandom) -> Nanoseconds {
        let own: Nanoseconds
        switch self {
        case .opampGo:
            own = failures == 0 ? .zero : Exponential.opampGoWait(failures, random: &random)
        case .longRandomDelay(let minimum, let maximum):
            own =
                failures == 0
                ? Distribution.uniform(minimum, maximum).draw(&random)
                : max(minimum, Exponential.opampGoWait(failures, random: &random))
        case .specificationMinimum:
            own = failures == 0 ? .zero : Exponential.specification.wait(failures, random: &random)
        case .exponential(let initial, let multiplier, let maximum, let jitter):
            let plan = Exponential(
                initial: initial, multiplier: multiplier, maximum: maximum, spread: (1 - jitter)...(1 + jitter))
            own = failures == 0 ? .zero : plan.wait(failures, random: &random)
        case .fixed(let span):
            return max(span, .zero)
        }
        return max(own, asked ?? .zero)
    }

    /// Whether an opened connection alone ends a row of failures, as it does in opamp-go's client; otherwise one that
    /// has lasted does, so that a server that answers once and closes is not met by a storm.
    var resetsOnOpening: Bool {
        switch self {
        case .opampGo, .exponential, .fixed: return true
        case .longRandomDelay, .specificationMinimum: return false
        }
    }

    /// How long a connection has to be open to have lasted.
    var lasting: Nanoseconds {
        switch self {
        case .opampGo, .exponential, .fixed: return .zero
        case .longRandomDelay(let minimum, _): return minimum
        case .specificationMinimum: return Exponential.specification.initial
        }
    }

    /// Whether the policy waits as long as a server asks.
    var honoursServer: Bool {
        switch self {
        case .opampGo, .longRandomDelay, .specificationMinimum, .exponential: return true
        case .fixed: return false
        }
    }
}

/// A growing wait with jitter.
struct Exponential: Hashable, Sendable {
    let initial: Nanoseconds
    let multiplier: Double
    let maximum: Nanoseconds
    /// The drawn wait is between these shares of the grown one.
    let spread: ClosedRange<Double>

    /// The defaults of the back-off library that opamp-go's client uses.
    static let opampGo = Exponential(
        initial: .milliseconds(500), multiplier: 1.5, maximum: .seconds(60), spread: 0.5...1.5)
    static let specification = Exponential(
        initial: .seconds(30), multiplier: 2, maximum: .seconds(600), spread: 1...1.5)

    /// How `opampGo` grows, until it has reached its maximum.
    private static let opampGoSteps = (1...16).map { opampGo.grown($0) }

    /// The wait after the `failures`-th failure in a row, counted from 1.
    func wait(_ failures: Int, random: inout SeededRandom) -> Nanoseconds {
        drawn(grown(failures), &random)
    }

    /// The same as `opampGo.wait`, which a fleet without its server asks for again and again.
    static func opampGoWait(_ failures: Int, random: inout SeededRandom) -> Nanoseconds {
        opampGo.drawn(opampGoSteps[min(max(failures, 1), opampGoSteps.count) - 1], &random)
    }

    private func grown(_ failures: Int) -> Nanoseconds {
        var grown = initial
        // The loop ends where the maximum is reached; a factor near 1 may need more steps than are worth taking.
        var left = min(failures - 1, 1_000)
        while left > 0, grown < maximum {
            grown = min(grown.scaled(by: multiplier), maximum)
            left -= 1
        }
        return grown
    }

    private func drawn(_ grown: Nanoseconds, _ random: inout SeededRandom) -> Nanoseconds {
        grown.scaled(by: spread.lowerBound + (spread.upperBound - spread.lowerBound) * random.unit())
    }
}

/// How long one agent waits before it connects again: counts what failed, and asks its policy (Establishing Connection,
/// Restoring WebSocket Connection, Throttling).
package struct Backoff: Hashable, Sendable {
    /// Attempts that failed, and connections that did not last, since a connection was last good, by the policy.
    package private(set) var failures: UInt16 = 0
    /// UNAVAILABLE answers since a report was last accepted.
    private(set) var throttles: UInt8 = 0

    package init() {}

    /// A backoff as it was kept.
    init(failures: UInt16, throttles: UInt8) {
        self.failures = failures
        self.throttles = throttles
    }

    /// A connection has been opened.
    mutating func opened(_ policy: ReconnectPolicy) {
        if policy.resetsOnOpening { failures = 0 }
    }

    /// A report has been accepted: the server works.
    mutating func accepted() { throttles = 0 }

    /// The process has restarted.
    mutating func restarted() { self = Backoff() }

    /// An attempt to connect failed.
    /// - Parameter asked: the wait that the server asked for, where it did.
    package mutating func failed(_ policy: ReconnectPolicy, asked: Nanoseconds?, _ random: inout SeededRandom)
        -> Nanoseconds
    {
        if failures < .max { failures += 1 }
        return policy.wait(afterFailures: Int(failures), asked: asked, random: &random)
    }

    /// An open connection was lost.
    /// - Parameters:
    ///   - span: since the attempt began that opened it.
    ///   - isServersFault: the server broke the protocol and would do so again at once: the loss counts as a failed
    ///     attempt.
    mutating func lost(
        _ policy: ReconnectPolicy, after span: Nanoseconds, isServersFault: Bool = false,
        _ random: inout SeededRandom
    ) -> Nanoseconds {
        if span >= policy.lasting { failures = 0 }
        let wait = policy.wait(afterFailures: max(Int(failures), isServersFault ? 1 : 0), asked: nil, random: &random)
        if !policy.resetsOnOpening, failures < .max { failures += 1 }
        return wait
    }

    /// The server answered UNAVAILABLE.
    mutating func throttled(
        _ policy: ReconnectPolicy, asked: Nanoseconds?, _ random: inout SeededRandom
    ) -> Nanoseconds {
        if throttles < .max { throttles += 1 }
        return policy.wait(afterFailures: Int(throttles), asked: asked, random: &random)
    }

    /// The agent closes a connection because of what the server sent: as after one failure.
    func rejected(_ policy: ReconnectPolicy, _ random: inout SeededRandom) -> Nanoseconds {
        policy.wait(afterFailures: 1, asked: nil, random: &random)
    }
}
