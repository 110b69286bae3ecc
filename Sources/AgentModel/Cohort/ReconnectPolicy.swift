public import Basis

/// How an agent of a cohort comes back after its connection failed or was lost (Establishing Connection, Restoring
/// WebSocket Connection).
public enum ReconnectPolicy: Hashable, Sendable {
    /// As opamp-go's client: at once after a loss; then exponential from 0.5 s by 1.5 up to 60 s, each wait spread by half
    /// of itself both ways; a server's Retry-After is kept to where it is longer. An opened connection starts it anew.
    case opampGo
    /// A long wait drawn evenly between the two before the first attempt after a loss, as fleets do that must not storm
    /// their server; after failures as opamp-go, never below the minimum.
    case longRandomDelay(minimum: Nanoseconds, maximum: Nanoseconds)
    /// At once after a loss, then never sooner than the 30 s that the specification recommends as a minimum (Throttling),
    /// doubling up to 10 min, each wait stretched by up to half of itself.
    case specificationMinimum
    /// Always the same wait, without jitter, deaf to Retry-After and UNAVAILABLE's time: badly behaved on purpose.
    case fixed(Nanoseconds)

    /// The wait before the next attempt.
    /// - Parameters:
    ///   - failures: attempts that failed since a connection was last open; 0 right after a loss.
    ///   - asked: the wait that the server asked for, where it did.
    func wait(afterFailures failures: Int, asked: Nanoseconds?, random: inout SeededRandom) -> Nanoseconds {
        let own: Nanoseconds
        switch self {
        case .opampGo:
            own = failures == 0 ? .zero : Exponential.opampGo.wait(failures, random: &random)
        case .longRandomDelay(let minimum, let maximum):
            own =
                failures == 0
                ? Distribution.uniform(minimum, maximum).draw(&random)
                : max(minimum, Exponential.opampGo.wait(failures, random: &random))
        case .specificationMinimum:
            own = failures == 0 ? .zero : Exponential.specification.wait(failures, random: &random)
        case .fixed(let span):
            return max(span, .zero)
        }
        return max(own, asked ?? .zero)
    }

    /// Whether an opened connection alone ends a row of failures, as it does in opamp-go's client; otherwise the first
    /// answer does, so that a server that accepts and closes is not hammered.
    var isContentWithOpening: Bool {
        switch self {
        case .opampGo, .fixed: return true
        case .longRandomDelay, .specificationMinimum: return false
        }
    }

    /// Whether the policy waits as long as a server asks.
    var honoursServer: Bool {
        switch self {
        case .opampGo, .longRandomDelay, .specificationMinimum: return true
        case .fixed: return false
        }
    }
}

/// A growing wait with jitter.
struct Exponential: Hashable, Sendable {
    let initial: Nanoseconds
    let multiplier: Double
    let maximum: Nanoseconds
    /// The drawn wait lies between these shares of the grown one.
    let spread: ClosedRange<Double>

    /// The defaults of the back-off library that opamp-go's client uses.
    static let opampGo = Exponential(
        initial: .milliseconds(500), multiplier: 1.5, maximum: .seconds(60), spread: 0.5...1.5)
    static let specification = Exponential(
        initial: .seconds(30), multiplier: 2, maximum: .seconds(600), spread: 1...1.5)

    /// The wait after the `failures`-th failure in a row, counted from 1.
    func wait(_ failures: Int, random: inout SeededRandom) -> Nanoseconds {
        var grown = initial
        // At most a few dozen steps: the loop ends where the maximum is reached.
        var left = failures - 1
        while left > 0, grown < maximum {
            grown = min(grown.scaled(by: multiplier), maximum)
            left -= 1
        }
        return grown.scaled(by: spread.lowerBound + (spread.upperBound - spread.lowerBound) * random.unit())
    }
}
