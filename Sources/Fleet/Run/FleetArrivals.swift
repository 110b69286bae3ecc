import AgentModel
import Basis
import Hosting

/// One shard's part of the schedule, drawn lazily: a million agents cost nothing before they arrive.
struct FleetArrivals: IteratorProtocol {
    var members: ShardMembers
    let population: Population
    let schedule: ArrivalSchedule
    let cohorts: [Cohort]
    let start: Instant

    mutating func next() -> PlannedArrival? {
        guard let index = members.next() else { return nil }
        return PlannedArrival(
            index: UInt64(index), cohort: cohorts[population.cohortIndex(of: index)],
            at: schedule.start(of: index, from: start))
    }
}
