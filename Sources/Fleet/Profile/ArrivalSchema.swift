import Basis
import Schema

extension Arrival {
    private static let wanted = "all-at-once, {ramp: 30s}, {poisson: 500/s}, {endless: 20/s} or {stages: [...]}"

    static let kind = Kind<Arrival>.oneOf(wanted: wanted) { forms in
        let atOnce = forms.word("all-at-once", .allAtOnce, "All at the run's start.")
        let ramp = forms.key("ramp", .duration(.zero ... .days(31)), "Evenly over that time.") { .ramp(over: $0) }
        let poisson = forms.key(
            "poisson", .rate(ArrivalStage.rates), "At random, with this rate on average: a Poisson process."
        ) { .poisson(perSecond: $0) }
        let endless = forms.key(
            "endless", .rate(ArrivalStage.rates),
            "At random with this rate on average, until the run ends; agents have a `lifetime`."
        ) { .endless(perSecond: $0) }
        let stages = forms.key(
            "stages", .list("stages", 1...1_000, of: ArrivalStage.kind), "One stage after another.", Arrival.stages)
        return { value in
            switch value {
            case .allAtOnce: atOnce
            case .ramp(let span): ramp(span)
            case .poisson(let rate): poisson(rate)
            case .endless(let rate): endless(rate)
            case .stages(let list): stages(list)
            }
        }
    }
}

extension ArrivalStage {
    static let rates = 0.001...1_000_000.0
    private static let wanted =
        "a stage with one of 'rate' (agents a second), 'population' (agents in all) and 'hold' (no agents)"

    static let kind = Kind<ArrivalStage>.oneOf(wanted: wanted) { forms in
        let rate = forms.keys("rate", "Open form: agents per second, independent of the server.") {
            (stage: Rate) in
            .rate(from: stage.rate, to: stage.last ?? stage.rate, length: stage.length)
        }
        let population = forms.keys(
            "population", "Closed form: at the end of the stage this many agents have arrived in all."
        ) { (stage: Population) in .population(stage.target, length: stage.length) }
        let hold = forms.key("hold", .duration(.zero ... .days(31)), "Nobody arrives.") { .hold(length: $0) }
        return { value in
            switch value {
            case .rate(let from, let to, let length):
                rate(Rate(rate: from, last: from == to ? nil : to, length: length))
            case .population(let target, let length): population(Population(target: target, length: length))
            case .hold(let length): hold(length)
            }
        }
    }

    struct Rate: Settings {
        var rate = 0.0
        var last: Double?
        var length = Nanoseconds.zero

        static let standard = Rate()
        private static let kind = Kind<Double>.rate(0...1_000_000).checked {
            $0 == 0 || rates.contains($0)
                ? nil : "the rate is 0/s or from \(RateText.format(rates.lowerBound)) on"
        }
        static let schema = Schema<Rate>(
            "rate stage", "Open form: agents per second, independent of the server.",
            [
                Key("rate", \.rate, kind, "Agents per second.", required: true),
                Key("to_rate", \.last, .optional(kind), "The rate at the end of the stage, reached evenly."),
                Key("for", \.length, .duration(.zero ... .days(31)), "How long.", required: true),
            ])
    }

    struct Population: Settings {
        var target = PopulationTarget.agents(1)
        var length = Nanoseconds.zero

        static let standard = Population()
        static let schema = Schema<Population>(
            "population stage", "Closed form: at the end of the stage this many agents have arrived in all.",
            [
                Key("population", \.target, PopulationTarget.kind, "Agents, or a share of the fleet.", required: true),
                Key("for", \.length, .duration(.zero ... .days(31)), "How long.", required: true),
            ])
    }
}

extension PopulationTarget {
    static let kind = Kind<PopulationTarget>.oneOf(wanted: "a whole number, or a share of the fleet such as 50%") {
        forms in
        let share = forms.scalar(.share, "Of the fleet.", PopulationTarget.share) { $0.hasSuffix("%") }
        let agents = forms.scalar(.integer(Profile.agentRange), "In all.", PopulationTarget.agents)
        return { value in
            switch value {
            case .agents(let count): agents(count)
            case .share(let part): share(part)
            }
        }
    }
}

/// What has to hold between the arrival and the rest of a profile.
enum ArrivalRules {
    static let rules: [Rule<Profile>] = [
        Rule { profile, check in
            guard populationsGrow(profile, check) else { return }
            let schedule = ArrivalSchedule(profile)
            if schedule.shortfall > 0 {
                check.contradiction(
                    at: "arrival.stages",
                    "\(schedule.shortfall) of the \(profile.agents) agents never arrive; end with `population: 100%` "
                        + "or with a rate")
            } else if schedule.end > profile.duration {
                let (end, length) = (schedule.end.description, DurationText.format(profile.duration))
                check.contradiction(
                    \.arrival,
                    "the last agent arrives after \(end), but the run lasts \(length); lengthen the run or shorten the "
                        + "arrival")
            }
        }
    ]

    private static func populationsGrow(_ profile: Profile, _ check: Check<Profile>) -> Bool {
        guard case .stages(let stages) = profile.arrival else { return true }
        var (highest, grows) = (0, true)
        for (index, stage) in stages.enumerated() {
            guard case .population(let target, _) = stage else { continue }
            let count = target.count(of: profile.agents)
            if count < highest {
                check.contradiction(
                    at: "arrival.stages[\(index)].population",
                    "\(count) is less than the \(highest) of a stage before; agents arrive, they do not leave")
                grows = false
            }
            highest = max(highest, count)
        }
        return grows
    }
}
