package import Basis
import OpAMP

/// The agent's health and its health reports.
extension Agent {
    /// Sets up the health faults of this agent, when its process starts.
    mutating func beginHealth(at now: Instant) {
        let plan = cohort.plan.health
        if !plan.healthFaults.isEmpty, extended?.value.health == nil {
            let state = HealthState(
                plan, components: cohort.healthTree.componentCount, zone: cohort.zone(of: index),
                version: plan.dependsOnVersion ? runningVersion : nil, seed: cohort.seed, index: index, at: now)
            if let state { withExtendedState { $0.health = state } }
        }
        if faults.has(.chats) {
            withExtendedState { extended in
                if extended.excessiveReports?.restarted(at: now) == nil {
                    extended.excessiveReports = ExcessiveReports(at: now)
                }
            }
        }
        if faults.has(.crashes) {
            let span = cohort.plan.faults.timeBetweenCrashes.draw(&random)
            withExtendedState { $0.crashes = now + span }
        }
    }

    /// The health has been checked, and is reported where it has changed: at once, not with the next heartbeat.
    mutating func checkHealth(at now: Instant, _ effects: inout Effects) {
        let (plan, components) = (cohort.plan.health, cohort.healthTree.componentCount)
        var draws = random
        let hasChanged = withExtendedState { extended in
            extended.health?.advance(plan, components: components, random: &draws, at: now) ?? false
        }
        random = draws
        guard hasChanged else { return }
        withExtendedState { $0.healthChanged = now }
        changes.insert(.health)
        reportChanges(at: now, &effects)
    }

    /// What the agent says that it is a version of (AgentDescription.identifying_attributes); empty where it does not
    /// say.
    private var runningVersion: String {
        let version = description.identifyingAttributes.first { $0.key == DescriptionTemplate.versionKey }?.value
        if case .string(let text)? = version { return text }
        return ""
    }

    /// The agent runs another version than before: health faults of versions begin or end.
    mutating func versionChanged(at now: Instant) {
        let plan = cohort.plan.health
        guard plan.dependsOnVersion, extended?.value.health != nil else { return }
        let version = runningVersion
        var draws = random
        withExtendedState { extended -> Void in extended.health?.runs(version, plan, random: &draws, at: now) }
        random = draws
    }

    /// An agent with the fault `chats` reports another health every second.
    mutating func reportExcessively(at now: Instant, _ effects: inout Effects) {
        effects.fault(.chats)
        withExtendedState { extended in
            extended.excessiveReports?.report(at: now)
            extended.healthChanged = now
        }
        changes.insert(.health)
        reportChanges(at: now, &effects)
    }

    /// The collector's pipelines have started again; the health has the new start time.
    mutating func pipelinesRestarted(at now: Instant) {
        guard processStarted != now else { return }
        processStarted = now
        changes.insert(.health)
    }

    /// The health that a report carries.
    func health(at now: Instant) -> ComponentHealth {
        guard let extended else {
            let started = unixTime(at: processStarted)
            return cohort.healthTree.healthy(started: started, observed: started)
        }
        let observed = unixTime(at: max(extended.value.healthChanged, processStarted))
        if extended.value.collector.isDown {
            // Not running: the start time must be 0.
            return ComponentHealth(
                healthy: false, startTimeUnixNano: 0, lastError: "the collector is being restarted",
                status: "StatusStarting", statusTimeUnixNano: observed)
        }
        let started = unixTime(at: processStarted)
        if let reports = extended.value.excessiveReports {
            let tree = HealthTree.chatty
            return tree.health(
                of: reports.health(components: tree.componentCount), started: started, observed: observed)
        }
        return cohort.healthTree.health(
            of: (extended.value.health?.reported ?? ObservedHealth()).with(extended.value.imposedHealth),
            started: started, observed: observed)
    }

    /// Its grade; without building it where nothing of the agent can be unhealthy.
    func healthGrade(at now: Instant) -> HealthGrade {
        guard let extended,
            extended.value.health != nil || extended.value.collector.isDown || extended.value.excessiveReports != nil
                || !extended.value.imposedHealth.isNone
        else { return .healthy }
        return HealthGrade(health(at: now))
    }

    /// Takes note of the health that a report has just carried.
    mutating func noteReported(_ grade: HealthGrade, at now: Instant, _ effects: inout Effects) {
        guard grade != reportedHealth else { return }
        if cohort.isScripted, grade == .unhealthy || reportedHealth == .unhealthy {
            cohort.plan.script?.told(of: index, grade == .unhealthy ? .unhealthy : .healthy, at: now)
        }
        effects.append(.healthReported(HealthChange(from: reportedHealth, to: grade)))
        reportedHealth = grade
    }

    /// UNIX time in nanoseconds as the agent's own clock shows it.
    func unixTime(at instant: Instant) -> UInt64 {
        let time = cohort.unixTime(at: instant)
        if let skew = cohort.plan.clockSkew?(index) {
            return skew < .zero ? time &- min(skew.count.magnitude, time) : time &+ skew.count.magnitude
        }
        guard faults.has(.hasSkewedClock) else { return time }
        let skew = cohort.plan.faults.clockSkew.count.magnitude
        return index % 2 == 0 ? time &+ skew : time &- min(skew, time)
    }

    /// How far the agent's own clock is ahead of what its server takes for the time.
    package func clockError(at now: Instant) -> Nanoseconds {
        Nanoseconds(Int64(truncatingIfNeeded: unixTime(at: now) &- cohort.unixTime(at: now)))
    }
}
