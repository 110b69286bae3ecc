import Basis
import ControlPlane
import Simulation

/// The load on the server by minute of the plan, from samples of its counts.
struct MinuteSampling {
    private(set) var list: [MinuteLoad] = []
    private var former: ServerCounts?

    /// Whether a minute of the plan has passed since the last sample.
    func isDue(at now: Instant) -> Bool { former == nil || Self.minute(now) > list.count }

    private static func minute(_ instant: Instant) -> Int { Int(clamping: instant.nanoseconds / 60_000_000_000) }

    /// What was counted since the last sample is divided among the minutes that have passed.
    mutating func add(_ counts: ServerCounts, at now: Instant) {
        defer { former = counts }
        guard let former else { return }
        let minutes = max(Self.minute(now) - list.count, 1)
        for number in 0..<minutes {
            func part(_ path: KeyPath<ServerCounts, UInt64>) -> UInt64 {
                let grown = counts[keyPath: path] - min(former[keyPath: path], counts[keyPath: path])
                let (each, rest) = grown.quotientAndRemainder(dividingBy: UInt64(minutes))
                return each + (number < Int(rest) ? 1 : 0)
            }
            var load = MinuteLoad()
            load.reports = part(\.reports)
            load.attempts = part(\.connectionsAccepted)
            load.opened = part(\.upgrades)
            load.offers = part(\.configOffers)
            load.bytesIn = part(\.bytesIn)
            load.bytesOut = part(\.bytesOut)
            list.append(load)
        }
    }
}
