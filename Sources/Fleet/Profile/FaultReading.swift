import AgentModel
import Basis

/// Reads `faults`: which share of a cohort's agents misbehaves in which way.
enum FaultReading {
    static func faults(_ cohort: Section, or standard: FaultPlan) -> FaultPlan {
        guard let section = cohort.section("faults") else { return standard }
        var faults = standard
        if let rates = section.section("rates") {
            for fault in Fault.allCases where rates.value(fault.name) != nil {
                let share = rates.share(fault.name, or: 0)
                faults.rates[fault] = share > 0 ? share : nil
            }
            for fault in Fault.allCases { _ = rates.value(fault.name) }
            rates.finish()
        }
        let range = ProfileBounds.longTime
        faults.recurrence = section.share("recurrence", or: faults.recurrence)
        faults.timeToDeath = section.distribution("time_to_death", in: range, or: faults.timeToDeath)
        faults.timeToRecovery = section.distribution("time_to_recovery", in: range, or: faults.timeToRecovery)
        faults.timeBetweenCrashes = section.distribution(
            "time_between_crashes", in: range, or: faults.timeBetweenCrashes)
        faults.clockSkew = section.duration("clock_skew", in: range, or: faults.clockSkew)
        faults.slowReadingRate = section.size("slow_reading", in: ProfileBounds.slowReading, or: faults.slowReadingRate)
        faults.oversizedBytes = section.size("oversized", in: ProfileBounds.oversized, or: faults.oversizedBytes)
        section.finish()
        return faults
    }
}
