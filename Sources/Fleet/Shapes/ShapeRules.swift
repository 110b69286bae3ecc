import AgentModel
import Basis
import Hosting
import Schema

/// What has to hold between the number of agents over time and the rest of a profile.
enum ShapeRules {
    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            guard !profile.population.isEmpty else { return }
            switch profile.arrival {
            case .allAtOnce, .ramp: break
            case .poisson, .stages, .endless:
                check.contradiction(
                    \.population,
                    "'arrival' is given too, and only a ramp can be the first stage; write {to: 100%, over: 30s}")
            }
            judge(profile.population, of: profile.agents, "the fleet", in: profile.duration) {
                check.contradiction(at: "population", $0)
            }
        },
        Rule { profile, check in
            let counts = Population(profile).cohortCounts
            for (number, (cohort, check)) in check.each(\.cohorts, in: profile).enumerated() {
                let isShaped = !cohort.population.isEmpty || !profile.population.isEmpty
                if cohort.gatewayMembers > 0, isShaped || cohort.lifetime != nil {
                    check.contradiction(
                        \.gateway,
                        "agents behind a gateway come and go with it; give the gateways no `population` "
                            + "and no `lifetime`")
                }
                guard !cohort.population.isEmpty, counts.indices.contains(number) else { continue }
                judge(cohort.population, of: counts[number], cohort.name, in: profile.duration) {
                    check.contradiction(at: "population", $0)
                }
            }
        },
    ]

    /// Arrivals without an end.
    static let churnRules: [Rule<Profile>] = [
        Rule { profile, check in
            guard case .endless(let rate) = profile.arrival, let churn = Churn(profile) else { return }
            for (cohort, check) in check.each(\.cohorts, in: profile) where cohort.population.isEmpty {
                if cohort.lifetime == nil {
                    check.contradiction(
                        at: "lifetime", "agents come without an end, so they have to leave; give them a `lifetime`")
                } else if cohort.leave.sequel != .gone {
                    check.contradiction(
                        \.leave, "agents come without an end, so those that leave are gone; remove `then`")
                }
                if cohort.gatewayMembers > 0 {
                    check.contradiction(\.gateway, "agents behind a gateway cannot come and go without an end")
                }
            }
            let needed = Int((churn.mean + 5 * churn.mean.squareRoot()).rounded(.up))
            if needed > profile.agents {
                check.contradiction(
                    \.agents,
                    "the rate and the lifetimes lead to \(Int(churn.mean.rounded())) agents on average, and now and "
                        + "then to \(needed); raise `agents`, the most at one time, to that")
            }
            if rate * profile.duration.seconds > maxArrivals {
                check.contradiction(
                    \.arrival, "more than \(Int(maxArrivals)) agents would come; lower the rate or shorten the run")
            }
        }
    ]

    /// Arrival times are known of so many agents.
    private static let maxArrivals = 16_000_000.0

    /// Events that repeat, and events that wait for others.
    static let eventRules: [Rule<Profile>] = [
        Rule { profile, check in
            let names = profile.events.compactMap(\.name)
            for (event, check) in check.each(\.events, in: profile) {
                if let name = event.name, names.count(where: { $0 == name }) > 1 {
                    check.contradiction(\.name, "another event is called '\(name)' too; give each its own name")
                }
                if let name = event.after?.event, !names.contains(name) || name == event.name {
                    check.contradiction(at: "after.event", "no other event is called '\(name)'; give one that `name`")
                }
                if event.every != nil, !event.action.mayRepeat {
                    check.contradiction(\.every, "an offer is made once; write another event for another offer")
                }
            }
        }
    ]

    /// - Parameter report: called with what is wrong.
    private static func judge(
        _ stages: [PopulationStage], of agents: Int, _ name: String, in duration: Nanoseconds,
        _ report: (String) -> Void
    ) {
        for (number, stage) in stages.enumerated() {
            switch stage {
            case .to(let target):
                tooMany(target.to, agents, name, report)
                if target.leave.sequel != .gone { report(leavesForGood) }
            case .hold: break
            case .daily(let daily):
                tooMany(daily.low, agents, name, report)
                tooMany(daily.high, agents, name, report)
                if daily.low.count(of: agents) > daily.high.count(of: agents) { report("the low is above the high") }
                if daily.leave.sequel != .gone { report(leavesForGood) }
                if number + 1 < stages.count { report("`daily` goes on until the run ends; make it the last stage") }
            case .points(let curve):
                let peak = curve.points.map(\.agents).max() ?? 0
                tooMany(.agents(peak), agents, name, report)
                if curve.leave.sequel != .gone { report(leavesForGood) }
            }
        }
        let curve = PopulationShape.curve(stages, of: agents, in: duration)
        if curve.peak < 1 { report("no agent ever starts; give a stage such as {to: 100%, over: 30s}") }
    }

    private static func tooMany(
        _ target: PopulationTarget, _ agents: Int, _ name: String, _ report: (String) -> Void
    ) {
        guard case .agents(let count) = target, count > agents else { return }
        report("\(count) agents are more than the \(agents) of \(name); raise `agents`, the most at one time")
    }

    private static let leavesForGood =
        "agents that leave because their number falls are gone; remove `then`: new ones start where it rises again"
}

extension TimedEvent.Action {
    /// Whether it makes sense more than once.
    fileprivate var mayRepeat: Bool {
        switch self {
        case .dropConnections, .leave, .partition, .reportStatus, .restart, .restartAgents, .sendCustom,
            .rotateCertificates:
            true
        case .offerConfig, .withdrawConfig, .offerPackages, .withdrawPackages, .offerHeartbeat, .offerConnection,
            .withdrawConnection, .revokeCertificates:
            false
        }
    }
}
