public import Basis
import Synchronization

/// From when each offer's times count: shared by the shards of a run and its collector.
///
/// Where the run's own server makes the offer, the clock is set at that moment. Otherwise it starts when the offer reaches the
/// first agent. The lock is taken where an agent reaches a stage of an offer, which is rare, and never on a heartbeat's way.
public final class WaveClocks: Sendable {
    /// Waves of one run that are kept apart; offers beyond them are counted under `waves_beyond_limit`.
    public static let limit = 128

    private let waves = Mutex<[Wave]>([])

    public init() {}

    /// An offer is put up.
    /// - Parameters:
    ///   - number: what tells the offer apart, as agents report it.
    ///   - label: what the wave is called in the results.
    public func begin(_ kind: WaveKind, number: UInt64, label: String, at origin: Instant) {
        add(Wave(kind: kind, label: label, clock: .event, origin: origin, number: number))
    }

    /// An offer is taken back: the agents that had it are offered an earlier one, whichever that is for each of them.
    public func beginAgain(_ kind: WaveKind, label: String, at origin: Instant) {
        let numbers = waves.withLock { Set($0.filter { $0.kind == kind }.map(\.number)) }
        for number in numbers.sorted() {
            add(Wave(kind: kind, label: label, clock: .event, origin: origin, number: number))
        }
    }

    private func add(_ wave: Wave) {
        waves.withLock { if $0.count < Self.limit { $0.append(wave) } }
    }

    /// The wave that an agent is part of which received the offer at `received`, and its origin.
    /// - Returns: `nil` where there are too many.
    func wave(_ kind: WaveKind, number: UInt64, received: Instant) -> (index: UInt16, origin: Instant)? {
        waves.withLock { waves in
            let known = waves.indices.filter { waves[$0].kind == kind && waves[$0].number == number }
            // The same offer may be put up again, to more agents: an agent belongs to the last time before it got it.
            if let index = known.last(where: { waves[$0].origin <= received }) ?? known.first {
                return (UInt16(index), waves[index].origin)
            }
            guard waves.count < Self.limit else { return nil }
            let seen = waves.count { $0.clock == .firstReceipt } + 1
            waves.append(
                Wave(
                    kind: kind, label: "\(kind.rawValue) offer \(seen)", clock: .firstReceipt, origin: received,
                    number: number))
            return (UInt16(waves.count - 1), received)
        }
    }

    /// All waves so far.
    public var all: [Wave] { waves.withLock { $0 } }
}
