import AgentModel
import Basis
import Rollout

/// What the world and the control plane do to the agents of a partition at the start of a second.
extension FleetPart {
    /// Begins a second: counts what was left out, and takes the world as it is in it.
    mutating func enter(_ state: WindowState) {
        load.enter(second: state.second)
        window = state
        outcomes.removeAll(keepingCapacity: true)
    }

    /// Some agents are meant to have a revision from now on, or from later.
    /// - Parameters:
    ///   - numbers: in the order of their offers.
    ///   - entry: the entry of the revision table.
    mutating func execute(
        _ command: RolloutCommand, _ numbers: ArraySlice<UInt32>, entry: UInt8, lastEntry: UInt8
    ) {
        newestEntry = max(newestEntry, lastEntry)
        for index in numbers.indices {
            if members == nil { readAhead(numbers, at: index, less: first) }
            let agent = numbers[index]
            guard let place = place(of: agent) else { continue }
            var target = entry
            // An agent takes no notice of an offer whose hash it knows.
            if command.cause == .retry, agents[place].target >= entry, agents[place].target < lastEntry {
                target = agents[place].target + 1
            }
            let from = max(command.instant(index - numbers.startIndex), window.start)
            agents[place].target = target
            agents[place].targetFrom = from
            agents[place].flags.insert(.awaitsTarget)
            if from < agents[place].due || agents[place].due < window.start { schedule(place, from) }
        }
    }

    /// A sum over the state of every agent at the end, heartbeats that it sent included.
    func stateHash() -> UInt64 {
        var sum: UInt64 = 0
        let last = Instant(nanoseconds: horizon.nanoseconds - 1)
        for place in agents.indices {
            var agent = agents[place]
            if agent.flags.contains(.isCounted) {
                agent.record.sendSteadyHeartbeats(upTo: last, every: interval(place))
            }
            let record = agent.record
            var word = SeededRandom.mixed(UInt64(number(place)) << 32 | UInt64(record.sequenceNumber))
            word = SeededRandom.mixed(word ^ record.nextHeartbeat.nanoseconds)
            word = SeededRandom.mixed(word ^ record.configurationDue.nanoseconds &* 31)
            let configuration = UInt64(record.running) << 8 | UInt64(record.lastOffer)
            let server = UInt64(agent.replica) << 16 | UInt64(agent.connections) << 24 | UInt64(agent.delivered) << 40
            word = SeededRandom.mixed(word ^ (configuration | server | UInt64(record.phase.rawValue) << 56))
            if isOfPackages {
                let state = packages.list[Int(agent.packages)]
                word = SeededRandom.mixed(word ^ (UInt64(state.installed) << 8 | UInt64(state.offered)))
            }
            if !unhealthyComponents.isEmpty {
                word = SeededRandom.mixed(word ^ UInt64(unhealthyComponents[place]))
            }
            sum &+= word
        }
        return sum
    }
}
