import Basis

/// Puts the selected agents in the order of their offers.
///
/// An agent's rank depends on the seed and its number only: in a smaller fleet the same agents have the same order.
struct RolloutOrdering {
    let plan: RolloutPlan
    let fleet: RolloutFleet
    let seed: UInt64

    /// Linear in the agents.
    func order() -> [UInt32] {
        var agents = selected()
        switch plan.order {
        case .listed: break
        case .random: sortByRank(&agents)
        // Nothing is known yet: the prediction orders them while the rollout runs.
        case .risk: sortByRank(&agents)
        case .attribute(let name, let values):
            sortByRank(&agents)
            if let column = fleet.column(name) {
                let places = column.values.map { values.firstIndex(of: $0) ?? values.count }
                agents = Self.grouped(agents, groups: values.count + 1) { places[Int(column.indexes[Int($0)])] }
            }
        case .spread(let name):
            sortByRank(&agents)
            if let column = fleet.column(name) { agents = spread(agents, column) }
        }
        if let canary = plan.canary, let name = canary.covers, let column = fleet.column(name) {
            agents = Self.covering(agents, first: canary.size.count(of: agents.count), column)
        }
        return agents
    }

    /// The agents that the plan is for, ascending.
    private func selected() -> [UInt32] {
        let all: [UInt32] = fleet.members ?? Array(0..<UInt32(fleet.count))
        let conditions = RolloutSelection(plan.target, fleet: fleet)
        let selected = conditions.isEverybody ? all : all.filter { conditions.includes($0) }
        return LayeredFleet(plan, fleet: fleet)?.touched(selected) ?? selected
    }

    /// By a hash of 32 bits, then by the number. For large fleets two passes of 16 bits each, which is the same.
    private func sortByRank(_ agents: inout [UInt32]) {
        let base = SeededRandom.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
        var ranked = agents.map { agent in
            SeededRandom.mixed(base ^ UInt64(agent) &* 0xD134_2543_DE82_EF95) & 0xFFFF_FFFF_0000_0000 | UInt64(agent)
        }
        if ranked.count < 1 << 16 {
            ranked.sort()
        } else {
            for shift in [UInt64(32), 48] {
                ranked = Self.grouped(ranked, groups: 1 << 16) { Int($0 >> shift & 0xFFFF) }
            }
        }
        agents = ranked.map { UInt32(truncatingIfNeeded: $0) }
    }

    /// A stable sort by small numbers.
    static func grouped<Element>(_ elements: [Element], groups: Int, _ group: (Element) -> Int) -> [Element] {
        var starts = Array(repeating: 0, count: groups + 1)
        for element in elements { starts[group(element) + 1] += 1 }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        var sorted = elements
        for element in elements {
            let index = group(element)
            sorted[starts[index]] = element
            starts[index] += 1
        }
        return sorted
    }

    /// Every value in its share in each beginning of the order: the k-th of n agents with a value is at (k + ½) / n.
    private func spread(_ agents: [UInt32], _ column: RolloutFleet.Column) -> [UInt32] {
        var sizes = Array(repeating: 0, count: column.values.count)
        for agent in agents { sizes[Int(column.indexes[Int(agent)])] += 1 }
        var seen = Array(repeating: 0, count: column.values.count)
        let steps = 1 << 16
        let coarse = agents.map { agent -> (agent: UInt32, place: Int) in
            let value = Int(column.indexes[Int(agent)])
            defer { seen[value] += 1 }
            return (agent, (2 * seen[value] + 1) * steps / (2 * sizes[value]))
        }
        return Self.grouped(coarse, groups: steps) { $0.place }.map(\.agent)
    }

    /// As many agents of each value among the first ones, as far as there are; the others keep their order.
    private static func covering(_ agents: [UInt32], first: Int, _ column: RolloutFleet.Column) -> [UInt32] {
        var lists = Array(repeating: [UInt32](), count: column.values.count)
        for agent in agents { lists[Int(column.indexes[Int(agent)])].append(agent) }
        var chosen: [UInt32] = []
        var round = 0
        while chosen.count < first {
            let before = chosen.count
            for list in lists where round < list.count && chosen.count < first { chosen.append(list[round]) }
            if chosen.count == before { break }
            round += 1
        }
        let isChosen = Set(chosen)
        return chosen + agents.filter { !isChosen.contains($0) }
    }
}
