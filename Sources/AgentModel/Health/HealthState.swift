import Basis

/// The health of one agent with health faults: the faults, what its checks have found, what it reports.
///
/// Health faults have no timers of their own: they are advanced to the present at each check, since nothing observes
/// them in between. One that a version of the agent causes is in force only while the agent runs that version; where an
/// agent has no other and is healthy, nothing is checked.
struct HealthState {
    /// One health fault of this agent, and how far it has proceeded.
    struct FaultProgress {
        /// Its place in the plan.
        let healthFault: Int
        /// The component that flaps.
        let component: Int
        /// When it next changes by itself.
        var changes: Instant
        /// Flapping: whether it is down. Decay: how many components are. Death: whether it has come.
        var stage = 0
        /// Whether the agent runs the version that causes it; always true of one without a version.
        var isInForce: Bool
    }

    private var progress: [FaultProgress]
    /// When the next check starts.
    private(set) var nextCheck: Instant
    /// When the timeout of a check that hangs is over; `nil` while none hangs.
    private var givesUp: Instant?
    /// A new finding that has not been confirmed often enough to be reported.
    private var unconfirmed: ObservedHealth?
    private var timesFound = 0
    /// What the agent reports.
    private(set) var reported = ObservedHealth()

    /// The limit of changes of a fault between two checks; a faster model is cut off there.
    private static let changesPerCheck = 1_000

    /// - Parameter version: what the agent runs; nil where no health fault of the plan has a version.
    /// - Returns: `nil` where this agent has no health fault of the plan.
    init?(
        _ plan: HealthPlan, components: Int, zone: String, version: String?, seed: UInt64, index: UInt64,
        at now: Instant
    ) {
        var random = SeededRandom(seed: seed ^ 0x6865_616C_7468, stream: index)
        var progress: [FaultProgress] = []
        for (number, healthFault) in plan.healthFaults.enumerated() {
            let hasHealthFault = random.chance(healthFault.share)
            let component = random.index(below: components)
            guard hasHealthFault, healthFault.zone == nil || healthFault.zone == zone else { continue }
            let changes = Self.firstChange(of: healthFault.model, after: now, &random)
            let isInForce = healthFault.version == nil || healthFault.version == version
            progress.append(
                FaultProgress(
                    healthFault: number, component: component, changes: isInForce ? changes : .distantFuture,
                    isInForce: isInForce))
        }
        guard !progress.isEmpty else { return nil }
        self.progress = progress
        // Checks are spread like heartbeats, or all agents would find out at the same moment.
        nextCheck = now + plan.checkInterval.scaled(by: random.unit())
    }

    private static func firstChange(
        of model: HealthModel, after now: Instant, _ random: inout SeededRandom
    ) -> Instant {
        switch model {
        case .flapping(let up, _): return now + up.draw(&random)
        case .decay(let each): return now + each.draw(&random)
        case .suddenDeath(let after): return now + after.draw(&random)
        case .outage(let from, _): return .zero + from
        }
    }

    var nextDeadline: Instant { givesUp ?? (isDormant ? .distantFuture : nextCheck) }

    /// Whether a check could find nothing, and no finding waits to be confirmed.
    private var isDormant: Bool {
        reported == ObservedHealth() && unconfirmed == nil && !progress.contains(where: \.isInForce)
    }

    /// The agent runs `version` from now on: its health faults begin, those of the version before end. The next check
    /// notices.
    mutating func runs(_ version: String, _ plan: HealthPlan, random: inout SeededRandom, at now: Instant) {
        let wasDormant = isDormant
        for number in progress.indices {
            let healthFault = plan.healthFaults[progress[number].healthFault]
            guard let cause = healthFault.version, (cause == version) != progress[number].isInForce else { continue }
            progress[number].isInForce.toggle()
            progress[number].stage = 0
            progress[number].changes =
                progress[number].isInForce
                ? Self.firstChange(of: healthFault.model, after: now, &random) : .distantFuture
        }
        // Checks continue on their former schedule, as if none had been skipped; otherwise a rollout would
        // synchronise the checks of the fleet.
        if wasDormant, !isDormant, nextCheck < now {
            nextCheck = nextCheck + plan.checkInterval * ((now - nextCheck).count / plan.checkInterval.count + 1)
        }
    }

    /// The clock has reached the next deadline: a check starts, or one that hangs is abandoned.
    /// - Returns: Whether what the agent reports has changed.
    mutating func advance(_ plan: HealthPlan, components: Int, random: inout SeededRandom, at now: Instant) -> Bool {
        let (observedHealth, hangs) = present(plan, components: components, random: &random, at: now)
        if let deadline = givesUp {
            guard now >= deadline else { return false }
            givesUp = nil
            return conclude(observedHealth, plan)
        }
        guard now >= nextCheck else { return false }
        // From the last start, not from now; missed checks are skipped.
        let missed = (now - nextCheck).count / plan.checkInterval.count
        nextCheck = nextCheck + plan.checkInterval * (missed + 1)
        if hangs {
            givesUp = now + plan.checkTimeout
            return false
        }
        return conclude(observedHealth, plan)
    }

    /// What a check found, weighed against what it found before.
    private mutating func conclude(_ found: ObservedHealth, _ plan: HealthPlan) -> Bool {
        guard found != reported else {
            unconfirmed = nil
            return false
        }
        timesFound = unconfirmed == found ? timesFound + 1 : 1
        unconfirmed = found
        guard timesFound >= plan.failureThreshold || found == ObservedHealth() else { return false }
        reported = found
        unconfirmed = nil
        return true
    }

    /// The agent's true state at `now`, and whether a check of it hangs.
    private mutating func present(
        _ plan: HealthPlan, components: Int, random: inout SeededRandom, at now: Instant
    ) -> (ObservedHealth, Bool) {
        var down: Set<Int> = []
        var (isDead, isOut) = (false, false)
        var hangs = false
        for number in progress.indices where progress[number].isInForce {
            let healthFault = plan.healthFaults[progress[number].healthFault]
            carry(number, healthFault.model, components: components, random: &random, to: now)
            let fault = progress[number]
            var isUnhealthy = fault.stage > 0
            switch healthFault.model {
            case .flapping:
                if isUnhealthy { down.insert(fault.component) }
            case .decay:
                for failed in 0..<min(fault.stage, components) { down.insert(failed) }
            case .suddenDeath:
                isDead = isDead || isUnhealthy
            case .outage(let from, let lasting):
                let isOver = lasting.map { now >= .zero + from + $0 } ?? false
                isUnhealthy = now >= .zero + from && !isOver
                isOut = isOut || isUnhealthy
            }
            hangs = hangs || (isUnhealthy && healthFault.hangs)
        }
        if isDead || isOut || (components > 0 && down.count >= components) {
            return (ObservedHealth(components: Set(0..<components), level: .unhealthy, isRunning: !isDead), hangs)
        }
        return (down.isEmpty ? ObservedHealth() : ObservedHealth(components: down, level: .degraded), hangs)
    }

    private mutating func carry(
        _ number: Int, _ model: HealthModel, components: Int, random: inout SeededRandom, to now: Instant
    ) {
        var steps = 0
        while progress[number].changes <= now, steps < Self.changesPerCheck {
            steps += 1
            switch model {
            case .flapping(let up, let down):
                progress[number].stage = 1 - progress[number].stage
                let next = progress[number].stage == 1 ? down : up
                progress[number].changes += max(next.draw(&random), .milliseconds(1))
            case .decay(let each):
                progress[number].stage += 1
                let isOver = progress[number].stage >= components
                progress[number].changes = isOver ? .distantFuture : progress[number].changes + each.draw(&random)
            case .suddenDeath:
                progress[number].stage = 1
                progress[number].changes = .distantFuture
            case .outage:
                progress[number].changes = .distantFuture
            }
        }
    }
}
