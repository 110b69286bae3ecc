import Basis
import Schema

extension RehearsalWorld {
    /// The fleet of a rehearsal: each agent's values are drawn by the attributes' shares. An agent's value depends on
    /// the seed, the attribute's name and the agent's number only.
    public func fleet(seed: UInt64) -> RolloutFleet {
        var fleet = RolloutFleet(count: agents, members: only)
        for attribute in attributes where !attribute.value.isEmpty {
            let shares = attribute.value.map(\.value)
            let sum = shares.reduce(0, +)
            var bounds: [Double] = []
            var total = 0.0
            for share in shares {
                total += share
                bounds.append(sum > 0 ? total / sum : 0)
            }
            let stream = FNV1a.hash(Array(attribute.name.utf8))
            let base = SeededRandom(seed: seed, stream: stream).seed
            fleet.add(attribute.name, values: attribute.value.map(\.name)) { agent in
                let draw = SeededRandom.fraction(SeededRandom.mixed(base ^ UInt64(agent) &* 0xD134_2543_DE82_EF95))
                return bounds.firstIndex { draw < $0 } ?? bounds.count - 1
            }
        }
        return fleet
    }
}

extension SeededRandom {
    /// A word that stands for the generator's start.
    fileprivate var seed: UInt64 {
        var random = self
        return random.next()
    }
}
