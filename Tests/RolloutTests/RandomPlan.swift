import Basis
import Schema

@testable import Rollout

extension RolloutPlan {
    /// A random plan with times of seconds to hours, so that a rehearsal of it is short.
    static func random(_ random: inout SeededRandom) -> RolloutPlan {
        var plan = RolloutPlan()
        func time(_ most: Int64) -> Nanoseconds { .seconds(Int64(random.index(below: Int(most))) + 1) }
        func amount() -> AgentAmount {
            random.chance(0.5) ? .agents(1 + random.index(below: 60)) : .share(0.01 + random.unit() * 0.6)
        }
        plan.order = [.listed, .random, .spread("zone"), .attribute("zone", values: ["b"])][random.index(below: 4)]
        if random.chance(0.3) {
            plan.prediction = PredictionPlan()
            plan.order = .risk
            if random.chance(0.5) { plan.prediction?.holdBack = 1.5 + random.unit() * 3 }
        }
        if random.chance(0.5) {
            var canary = CanaryPlan()
            canary.size = amount()
            canary.soak = time(600)
            if random.chance(0.5) { canary.over = time(300) }
            if random.chance(0.3) { canary.covers = "zone" }
            if random.chance(0.7) {
                canary.test = CanaryTestPlan()
                if random.chance(0.3) { canary.test?.passesBelow = 2 + random.unit() * 8 }
            }
            plan.canary = canary
        }
        for step in 0..<random.index(below: 3) {
            var stage = StagePlan()
            stage.to = .share(Double(step + 2) * 0.2 + random.unit() * 0.1)
            stage.soak = time(300)
            if random.chance(0.4) { stage.over = time(300) }
            stage.approval = random.chance(0.1)
            stage.ignoresAnswers = random.chance(0.2)
            if random.chance(0.2) {
                stage.window = StageWindow()
                stage.window?.opens = time(600)
                stage.window?.length = time(300)
                stage.window?.every = .seconds(600)
            }
            plan.stages.append(stage)
        }
        if random.chance(0.5) {
            var batches = BatchSettings()
            batches.size = amount()
            batches.growth = 1 + random.unit() * 2
            if random.chance(0.5) { batches.max = amount() }
            batches.soak = time(100)
            batches.ignoresAnswers = random.chance(0.2)
            plan.batches = batches
        }
        plan.target.skipsUnhealthy = random.chance(0.2)
        plan.limits = .random(&random)
        plan.retry = (0..<random.index(below: 3)).map { _ in .seconds(Int64(random.index(below: 200))) }
        plan.gates = (0..<random.index(below: 4)).map { _ in .random(&random) }
        plan.onFailure = FailureAction.allCases[random.index(below: 4)]
        if random.chance(0.5) { plan.rollBack.over = .seconds(Int64(random.index(below: 100))) }
        return plan
    }
}

extension RolloutLimits {
    fileprivate static func random(_ random: inout SeededRandom) -> RolloutLimits {
        var limits = RolloutLimits()
        limits.agentTimeout = .seconds(5 + Int64(random.index(below: 120)))
        if random.chance(0.4) { limits.concurrency = .agents(1 + random.index(below: 50)) }
        if random.chance(0.3) { limits.stageTimeout = .seconds(30 + Int64(random.index(below: 3_000))) }
        if random.chance(0.3) { limits.progressTimeout = .seconds(30 + Int64(random.index(below: 1_000))) }
        if limits.concurrency != nil, limits.progressTimeout != nil {
            limits.failedCountAsInFlight = random.chance(0.3)
        }
        if random.chance(0.3) {
            var rate = RolloutRate()
            rate.perSecond = 0.5 + random.unit() * 20
            rate.factor = 1 + random.unit()
            rate.each = 1 + random.index(below: 50)
            rate.counts = random.chance(0.5) ? .offered : .applied
            if random.chance(0.5) { rate.max = rate.perSecond * 4 }
            limits.rate = rate
        }
        return limits
    }
}

extension GatePlan {
    fileprivate static func random(_ random: inout SeededRandom) -> GatePlan {
        var gate = GatePlan()
        gate.on = Fault.allCases[random.index(below: Fault.allCases.count)]
        gate.above = random.chance(0.5) ? .agents(random.index(below: 20)) : .share(random.unit() * 0.3)
        gate.inclusive = random.chance(0.3)
        gate.sample = Sample.allCases[random.index(below: 4)]
        gate.scope = Scope.allCases[random.index(below: 2)]
        if random.chance(0.3) { gate.window = .seconds(10 + Int64(random.index(below: 600))) }
        gate.minimumSample = random.index(below: 30)
        gate.against = random.chance(0.3) ? .notUpdated : .absolute
        if random.chance(0.3) {
            gate.every = .seconds(10 + Int64(random.index(below: 100)))
            gate.looks = 1 + random.index(below: 4)
        }
        if gate.on == .unhealthy { gate.component = [nil, "any", "exporter:otlp"][random.index(below: 3)] }
        if random.chance(0.3) { gate.onFailure = FailureAction.allCases[random.index(below: 4)] }
        return gate
    }
}
