import Rollout

/// Agents of a fleet by the stages of a rollout, of which a small part is taken that may fail as the whole does: as
/// many of each stage as its share, with the agents that have faults of their own in a part of it.
struct FleetSample {
    /// How many of a stage's agents are to be such that have faults of their own.
    enum Concerned: CaseIterable {
        /// As many as in the whole.
        case inProportion
        case third
        /// All, as far as there are.
        case all
        /// They come first in the order of the whole rollout, whatever stage they were of.
        case ahead
    }

    /// The agents of a stage, in the order of their offers.
    private struct Stage {
        var concerned: [UInt32] = []
        var others: [UInt32] = []
        var count: Int { concerned.count + others.count }

        init(_ agents: ArraySlice<UInt32>, _ isConcerned: Set<UInt32>) {
            for agent in agents {
                if isConcerned.contains(agent) { concerned.append(agent) } else { others.append(agent) }
            }
        }
    }

    /// The last one is of the agents that were not offered the revision.
    private var stages: [Stage] = []
    /// All of them in the order of their offers.
    private let whole: Stage
    private let order: [UInt32]
    private var count: Int { order.count }

    /// - Parameters:
    ///   - controller: at the end of a rollout to the whole fleet.
    ///   - concerned: the agents that have faults of their own.
    init(_ controller: RolloutController, concerned: Set<UInt32>) {
        order = controller.order
        whole = Stage(order[...], concerned)
        var start = 0
        let sizes = controller.stageTallies.map { $0.offered + $0.skipped }
        for size in sizes + [count] {
            let end = min(start + size, order.count)
            stages.append(Stage(order[start..<end], concerned))
            start = end
        }
    }

    /// About `size` agents, ascending.
    /// - Parameter first: the share of the first stage among them; nil: as in the whole.
    func agents(_ size: Int, first: Double?, _ concerned: Concerned) -> [UInt32] {
        if case .ahead = concerned { return agentsAhead(size, first: first) }
        var agents: [UInt32] = []
        var (place, rest) = (0, count)
        var left = size
        for (number, stage) in stages.enumerated() {
            var wanted = size * (place + stage.count) / max(count, 1) - size * place / max(count, 1)
            if let first {
                if number == 0 {
                    wanted = Int((first * Double(size)).rounded(.up))
                } else {
                    // The others share what is left in proportion.
                    wanted = rest > 0 ? left * stage.count / rest : 0
                }
            }
            place += stage.count
            rest -= stage.count
            let taken = take(wanted, of: stage, concerned)
            left -= taken.count
            agents += taken
        }
        return agents.sorted()
    }

    /// Agents with faults for the first stage, and others that come after them.
    private func agentsAhead(_ size: Int, first: Double?) -> [UInt32] {
        let share = first ?? Double(stages.first?.count ?? 0) / Double(max(count, 1))
        let ahead = whole.concerned.prefix(Int((share * Double(size)).rounded(.up)))
        guard let last = ahead.last, let place = order.firstIndex(of: last) else { return [] }
        let isConcerned = Set(whole.concerned)
        let others = order[place...].lazy.filter { !isConcerned.contains($0) }.prefix(size - ahead.count)
        return (Array(ahead) + others).sorted()
    }

    private func take(_ wanted: Int, of stage: Stage, _ concerned: Concerned) -> [UInt32] {
        let few: Int =
            switch concerned {
            case .inProportion: (wanted * stage.concerned.count + stage.count - 1) / max(stage.count, 1)
            case .third: (wanted + 2) / 3
            case .all, .ahead: wanted
            }
        let own = stage.concerned.prefix(max(few, wanted - stage.others.count))
        return Array(own) + stage.others.prefix(max(wanted - own.count, 0))
    }
}
