public import Basis
import Rollout

/// How far the clocks of a world's agents are off: a function of the seed and the agent.
public struct WorldClocks: Sendable {
    private let groups: [ClockGroup]
    private let draws: KeyedDraws

    public init(_ world: World) {
        groups = world.clocks
        draws = KeyedDraws(seed: world.seed)
    }

    /// How far the clock of an agent is ahead; below zero: behind.
    public func skew(of agent: UInt32) -> Nanoseconds {
        for (place, group) in groups.enumerated() {
            let number = UInt32(place) << 2
            guard group.agents?.contains(agent) != false, draws.chance(group.share, agent, .clock, number) else {
                continue
            }
            var random = draws.stream(agent, .clock, number | 1)
            let span = group.by.draw(&random)
            switch group.direction {
            case .ahead: return span
            case .behind: return .zero - span
            case .either: return draws.chance(0.5, agent, .clock, number | 2) ? span : .zero - span
            }
        }
        return .zero
    }
}

/// How far the clocks of the agents that have reported to a server are off, as it sees them.
public struct ClockFigures: Hashable, Sendable {
    /// Agents that reported, and those whose clocks are off by the limit or more, to either side.
    public var reported: Int
    public var off: Int
    /// Of those that are off.
    public var p50: Nanoseconds
    public var max: Nanoseconds

    /// - Parameters:
    ///   - skews: of the agents that reported.
    ///   - limit: less is no more than what a report takes.
    public init(_ skews: [Nanoseconds], limit: Nanoseconds = .seconds(1)) {
        let off = skews.map { $0 < .zero ? .zero - $0 : $0 }.filter { $0 >= limit }.sorted()
        reported = skews.count
        self.off = off.count
        p50 = off.isEmpty ? .zero : off[(off.count - 1) / 2]
        max = off.last ?? .zero
    }
}
