import Basis

// What each preset means. docs/rollout-plans.md says where the rules come from, and what was assumed.

extension RolloutPreset {
    /// The plan that the preset means: a plan's own keys replace these.
    public var plan: RolloutPlan {
        var plan = RolloutPlan()
        plan.name = rawValue
        plan.preset = self
        switch self {
        case .kubernetes: Self.kubernetes(&plan)
        case .argo: Self.argo(&plan)
        case .flagger: Self.flagger(&plan)
        case .awsIoT: Self.awsIoT(&plan)
        case .awsSSM: Self.awsSSM(&plan)
        case .awsAppConfig: Self.awsAppConfig(&plan)
        case .bindplane: Self.bindplane(&plan)
        case .ampora: Self.ampora(&plan)
        case .elasticFleet: Self.elasticFleet(&plan)
        }
        return plan
    }

    /// `maxUnavailable: 25%`, rounded down, `progressDeadlineSeconds: 600`; then it stops, without a rollback.
    private static func kubernetes(_ plan: inout RolloutPlan) {
        plan.limits.concurrency = .share(0.25)
        plan.limits.failedCountAsInFlight = true
        plan.limits.progressTimeout = .seconds(600)
        plan.limits.agentTimeout = .seconds(600)
        plan.onFailure = .pause
    }

    /// Weights of 20, 40, 60 and 80 % with pauses; `failureLimit: 0`, `consecutiveErrorLimit: 4`; an abort returns to
    /// the stable version.
    private static func argo(_ plan: inout RolloutPlan) {
        plan.stages = [(0.2, 10), (0.4, 1), (0.6, 1), (0.8, 1), (1, 0)].map { (share: Double, minutes: Int64) in
            var stage = StagePlan()
            stage.to = .share(share)
            stage.soak = .minutes(minutes)
            return stage
        }
        var success = GatePlan()
        success.on = .any
        success.above = .share(0.05)
        success.every = .minutes(1)
        var errors = GatePlan()
        errors.on = .noAnswer
        errors.above = .agents(0)
        errors.every = .minutes(1)
        errors.looks = 5
        plan.gates = [success, errors]
        plan.onFailure = .rollBack
    }

    /// `interval: 1m`, `stepWeight: 10`, `maxWeight: 50`, `threshold: 5`, success rate at least 99 %,
    /// `progressDeadlineSeconds: 600`.
    private static func flagger(_ plan: inout RolloutPlan) {
        plan.stages = [0.1, 0.2, 0.3, 0.4, 0.5, 1].map { share in
            var stage = StagePlan()
            stage.to = .share(share)
            stage.soak = share < 1 ? .minutes(1) : .zero
            return stage
        }
        var success = GatePlan()
        success.on = .any
        success.above = .share(0.01)
        success.every = .minutes(1)
        success.looks = 5
        plan.gates = [success]
        plan.limits.progressTimeout = .seconds(600)
        plan.onFailure = .rollBack
    }

    /// `baseRatePerMinute: 50`, `incrementFactor: 2` after 1,000 successes, `maximumPerMinute: 1000`; aborted at 20 %
    /// failures after 100 executions, with `CANCEL`.
    private static func awsIoT(_ plan: inout RolloutPlan) {
        var rate = RolloutRate()
        rate.perSecond = 50.0 / 60
        rate.factor = 2
        rate.each = 1_000
        rate.counts = .applied
        rate.max = 1_000.0 / 60
        plan.limits.rate = rate
        plan.limits.agentTimeout = .hours(1)
        var failures = GatePlan()
        failures.on = .unsuccessful
        failures.above = .share(0.2)
        failures.inclusive = true
        failures.minimumSample = 100
        plan.gates = [failures]
        plan.onFailure = .abort
    }

    /// `MaxConcurrency: 50`, `MaxErrors: 0`: stops at one error more; what runs is allowed to complete.
    private static func awsSSM(_ plan: inout RolloutPlan) {
        plan.limits.concurrency = .agents(50)
        plan.limits.agentTimeout = .hours(1)
        var errors = GatePlan()
        errors.on = .unsuccessful
        errors.above = .agents(0)
        plan.gates = [errors]
        plan.onFailure = .abort
    }

    /// `AppConfig.Linear20PercentEvery6Minutes`: a fifth each six minutes, 30 minutes of bake time, rolled back by an
    /// alarm at any time.
    private static func awsAppConfig(_ plan: inout RolloutPlan) {
        plan.stages = [0.2, 0.4, 0.6, 0.8, 1].map { share in
            var stage = StagePlan()
            stage.to = .share(share)
            stage.soak = share < 1 ? .minutes(6) : .minutes(36)
            stage.ignoresAnswers = true
            return stage
        }
        var alarm = GatePlan()
        alarm.on = .any
        alarm.above = .share(0.05)
        alarm.window = .minutes(5)
        alarm.every = .minutes(1)
        plan.gates = [alarm]
        plan.onFailure = .rollBack
    }

    /// Three agents, then five times as many each five seconds, up to a hundred; any error pauses.
    private static func bindplane(_ plan: inout RolloutPlan) {
        var batches = BatchSettings()
        batches.size = .agents(3)
        batches.growth = 5
        batches.max = .agents(100)
        batches.soak = .seconds(5)
        plan.batches = batches
        var errors = GatePlan()
        errors.on = .unsuccessful
        errors.above = .agents(0)
        plan.gates = [errors]
        plan.onFailure = .pause
    }

    /// Steps with four gates, each a share of the present step: failed 20 %, without answer 20 %, unhealthy 20 %,
    /// disconnected 10 %.
    private static func ampora(_ plan: inout RolloutPlan) {
        plan.stages = [0.05, 0.25, 0.5, 1].map { share in
            var stage = StagePlan()
            stage.to = .share(share)
            stage.soak = .minutes(5)
            return stage
        }
        plan.gates = [(GatePlan.Fault.failed, 0.2), (.noAnswer, 0.2), (.unhealthy, 0.2), (.disconnected, 0.1)].map {
            var gate = GatePlan()
            gate.on = $0
            gate.above = .share($1)
            gate.sample = .stage
            gate.scope = .stage
            return gate
        }
        plan.onFailure = .pause
    }

    /// All within a window of time, with the agents' own retries; nothing stops it.
    private static func elasticFleet(_ plan: inout RolloutPlan) {
        var stage = StagePlan()
        stage.over = .hours(1)
        plan.stages = [stage]
        plan.retry = [1, 5, 10, 15, 30, 60].map { Nanoseconds.minutes($0) }
        plan.limits.agentTimeout = .hours(2)
    }
}
