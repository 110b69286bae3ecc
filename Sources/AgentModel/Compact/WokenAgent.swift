package import Basis
import OpAMP

/// The memory in which the agents of a simulated fleet are awake, one after the other: each step wakes an agent from
/// its record, steps it, and puts it back. The configuration stays where the next agent has the same.
package struct WokenAgent {
    package var agent: Agent
    /// The record of the agent that is awake, or was last.
    private var record: CompactAgent
    /// The packages of the agent that was last put back; nil: what came with the machine.
    package private(set) var packages: SettledPackages?

    /// - Parameter record: an agent of the cohort, any.
    package init(_ record: CompactAgent, _ cohort: Cohort, _ table: RevisionTable) {
        agent = Agent(waking: record, index: 0, cohort: cohort, faults: [], random: SeededRandom(seed: 0), table)
        self.record = record
    }

    /// Wakes the agent of a record, as `Agent(waking:)` does.
    @inline(__always)
    package mutating func wake(
        _ record: CompactAgent, index: UInt64, cohort: Cohort, faults: Faults, random: SeededRandom,
        packages: SettledPackages? = nil, _ table: RevisionTable
    ) {
        agent.wake(record, after: self.record, index: index, cohort: cohort, faults: faults, random: random, table)
        self.record = record
        if let packages { agent.hold(packages) }
    }

    /// Wakes an agent that was kept whole.
    /// - Parameter cohort: what its cohort is from now on; nil: what it was.
    package mutating func wake(
        _ kept: consuming Agent, cohort: Cohort? = nil, faults: Faults, random: SeededRandom
    ) {
        agent = kept
        agent.prepare(cohort: cohort, faults: faults, random: random)
        agent.extended?.value.isChanged = true
    }

    /// Puts the agent back, as `Agent.compact(_:)` does.
    /// - Returns: `nil` where a record cannot hold it: then it is to be taken whole.
    package mutating func putBack(_ table: RevisionTable) -> CompactAgent? {
        packages = agent.settledPackages
        if packages != nil { agent.hold(nil) }
        guard let kept = agent.compact(table, since: record) else {
            if let packages { agent.hold(packages) }
            return nil
        }
        record = kept
        return kept
    }

    /// The agent that is awake, to be kept whole.
    package mutating func takeWhole() -> Agent {
        if let packages { agent.hold(packages) }
        let whole = agent
        agent.extended = nil
        return whole
    }
}
