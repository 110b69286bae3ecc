import AgentModel
import Basis
import Hosting

/// The agents of some cohorts on one shard, without an end.
struct CohortMembers: IteratorProtocol {
    var members: ShardMembers
    let population: Population
    let cohorts: [Cohort]
    let wanted: Set<Int>

    mutating func next() -> PlannedArrival? {
        while let index = members.next() {
            let cohort = population.cohortIndex(of: index)
            if wanted.contains(cohort) {
                return PlannedArrival(index: UInt64(index), cohort: cohorts[cohort], at: .zero)
            }
        }
        return nil
    }
}

/// One shard's part of the schedule, drawn lazily: a million agents cost nothing before they arrive.
struct FleetArrivals: IteratorProtocol {
    var members: ShardMembers
    let population: Population
    let schedule: ArrivalSchedule
    let cohorts: [Cohort]
    let start: Instant
    /// The cohorts whose agents arrive so; the others have a population of their own.
    let arriving: Set<Int>
    /// Agents that do not arrive.
    var isAbsent: (@Sendable (Int) -> Bool)?

    mutating func next() -> PlannedArrival? {
        while let index = members.next() {
            let cohort = population.cohortIndex(of: index)
            guard arriving.contains(cohort), isAbsent?(index) != true else { continue }
            return PlannedArrival(
                index: UInt64(index), cohort: cohorts[cohort], at: schedule.start(of: index, from: start))
        }
        return nil
    }
}
