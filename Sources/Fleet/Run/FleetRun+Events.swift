import AgentModel
import Basis
import Engine
import Hosting
import Metrics

/// How a run begins, and its events.
extension FleetRun {
    /// Gives each shard its agents, with the times at which they come.
    func begin(at start: Instant) {
        preparation.layPauses(of: profile, from: start)
        let schedule = ArrivalSchedule(profile)
        let population = Population(profile, part: options.part)
        let (part, parts) = (options.part.map { $0.index - 1 } ?? 0, options.part?.count ?? 1)
        let origin = WallClock.unixNanoseconds(at: .zero)
        let cohorts = profile.cohorts.enumerated().map { number, cohort in
            var plan = CohortPlan(
                cohort: cohort, limits: profile.limits, duration: profile.duration, runStart: start,
                polling: profile.isPolling ? profile.wire.polling : nil)
            plan.connectionSettings.connectsSecurely = preparation.isSecure
            if profile.tls?.skipsVerification == true { plan.connectionSettings.allowsUnverifiedServers = true }
            plan.script = conductor?.script
            plan.healthGroups = conductor?.components ?? []
            plan.clockSkew = conductor?.clockSkew
            if cohort.connectionSettings.certificateRequest {
                plan.connectionSettings.certificateRequest = preparation.certificateRequest
            }
            return Cohort(plan, number: number, seed: profile.seed, unixOrigin: origin)
        }
        self.cohorts = cohorts
        let count = preparation.shards.count
        let shape = PopulationShape(profile)
        let isAbsent = conductor.map { conductor in { @Sendable (agent: Int) in conductor.isAbsent(agent) } }
        for (index, shard) in preparation.shards.enumerated() {
            let isEndless = schedule.isEndless
            let members =
                isEndless
                ? population.endlessAgents(onShard: index, of: count) : population.agents(onShard: index, of: count)
            shard.begin(
                FleetArrivals(
                    members: members, population: population, schedule: schedule, cohorts: cohorts,
                    start: start, arriving: shape.arriving, isAbsent: isAbsent),
                planned: isEndless
                    ? nil
                    : members.count { agent in
                        shape.arriving.contains(population.cohortIndex(of: agent)) && isAbsent?(agent) != true
                    },
                // Which of them comes to which shard is a matter of chance.
                limit: profile.agents / (count * parts) * 2 + FleetRun.spareAgents,
                parts: shape.parts.map { shaped in
                    PopulationPart(
                        cohorts: shaped.cohorts,
                        members: CohortMembers(
                            members: population.endlessAgents(onShard: index, of: count), population: population,
                            cohorts: cohorts, wanted: shaped.cohorts),
                        curve: shaped.curve, start: start, shard: index * parts + part, of: count * parts)
                })
        }
    }

    /// Carries out one event of the profile.
    func perform(_ step: RunStep, _ label: String) {
        switch step.action {
        case .dropConnections(let share):
            for shard in preparation.shards {
                shard.dropConnections(share: share, seed: profile.seed ^ step.at.nanoseconds)
            }
        case .leave, .partition, .reportStatus, .restart:
            guard let (action, herd) = step.herd else { return }
            for shard in preparation.shards { shard.perform(action, by: herd) }
        case .offerConfig, .withdrawConfig, .offerPackages, .withdrawPackages, .offerHeartbeat, .offerConnection,
            .withdrawConnection, .restartAgents, .sendCustom, .rotateCertificates, .revokeCertificates:
            if let action = profile.driverAction(step.action) {
                return preparation.drive(action, step, population: Population(profile), cohorts: cohorts)
            }
            guard
                let order = step.order?.addressed(
                    to: preparation.authority, telemetry: preparation.telemetryHeaders)
            else { return }
            // By the offer's own name, where it has one.
            let name = step.action.nameOfOffer.map { " (\($0))" } ?? ""
            order.begin(on: preparation.clocks, label: label + name, at: Shard.clock)
            preparation.give(order)
        }
    }

    /// How many agents beside twice its part of them a shard may have at one time.
    private static let spareAgents = 64
}
