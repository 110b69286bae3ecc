import AgentModel
import Basis
import Rollout
import Simulation

/// A drawn rehearsal: odd times for everything, by the seed. `benchmarks/RehearsalTable` runs many of them.
struct DrawnRehearsal {
    var random: SeededRandom
    var agents: Int

    init(seed: UInt64, agents: Int) {
        random = SeededRandom(seed: seed)
        self.agents = agents
    }

    mutating func span(_ low: Double, _ high: Double) -> Nanoseconds {
        Nanoseconds(seconds: low + (high - low) * random.unit())
    }

    mutating func plan() -> RolloutPlan {
        var plan = RolloutPlan()
        var canary = CanaryPlan()
        canary.size = .share(0.02 + 0.1 * random.unit())
        canary.soak = span(20, 200)
        canary.over = span(0, 30)
        plan.canary = canary
        var batches = BatchSettings()
        batches.size = .share(0.1 + 0.3 * random.unit())
        batches.growth = 1 + random.unit()
        batches.soak = span(0, 90)
        batches.over = span(0, 120)
        plan.batches = batches
        plan.limits.agentTimeout = span(60, 240)
        if random.chance(0.5) { plan.limits.concurrency = .share(0.05 + 0.2 * random.unit()) }
        if random.chance(0.4) { plan.retry = [span(5, 60), span(5, 60)] }
        var gate = GatePlan()
        gate.on = GatePlan.Fault.allCases[random.index(below: GatePlan.Fault.allCases.count)]
        gate.above = .share(0.05 + 0.3 * random.unit())
        gate.minimumSample = 5
        plan.gates = [gate]
        plan.onFailure = FailureAction.allCases[random.index(below: FailureAction.allCases.count)]
        plan.rollBack.over = span(0, 20)
        return plan
    }

    mutating func distribution(_ low: Double, _ high: Double) -> Distribution {
        random.chance(0.5) ? .uniform(span(low, high), span(high, 2 * high)) : .exponential(mean: span(low, high))
    }

    mutating func failure() -> AgentFailure {
        switch random.index(below: 7) {
        case 0: .failsToApply
        case 1: .mismatches
        case 2: .silent
        case 3: .slow
        case 4: .crashes(after: distribution(5, 100))
        case 5:
            .unhealthy(after: distribution(5, 100), lasts: random.chance(0.5) ? distribution(5, 100) : nil)
        default:
            .disconnects(after: distribution(5, 100), lasts: random.chance(0.7) ? distribution(5, 100) : nil)
        }
    }

    mutating func world(seed: UInt64, span length: Int64) -> World {
        var world = World(agents: agents, seed: seed)
        world.span = .seconds(length)
        world.heartbeatInterval = .seconds([5, 13, 30, 60][random.index(below: 4)])
        if random.chance(0.4) {
            let part = UInt32(random.index(below: 5))
            world.heartbeatGroups = [
                HeartbeatInterval(
                    .seconds([7, 20, 30][random.index(below: 3)]), of: AgentSet(count: agents) { $0 % 5 == part }),
                HeartbeatInterval(.seconds(11), of: AgentSet(count: agents) { $0 % 7 == part }),
            ]
        }
        world.controllerRestarts = (0..<random.index(below: 4)).map { _ in span(0, Double(length)) }.sorted()
        world.delivery = random.chance(0.6) ? .push : .answer
        world.applyTime = distribution(0.2, 20)
        world.latency = distribution(0.0005, 0.3)
        world.messageLoss = random.chance(0.5) ? 0.1 * random.unit() : 0
        world.offlineShare = 0.1 * random.unit()
        world.offlineTime = distribution(10, 300)
        world.server.replicas = 1 + random.index(below: 4)
        world.server.acceptsPerSecond = max(agents / 40, 1)
        world.server.acceptQueue = agents / 10
        world.server.connectionLimit = agents
        world.server.reportTime = .microseconds(Int64(20 + random.index(below: 100_000)))
        let (third, quarter) = (UInt32(random.index(below: 3)), UInt32(random.index(below: 4)))
        world.groups = [AgentSet(count: agents) { $0 % 3 == third }, AgentSet(count: agents) { $0 % 4 == quarter }]
        for _ in 0..<random.index(below: 4) {
            let share = random.unit() * random.unit() * 0.5
            world.failures.append(
                FailureRule(failure(), share: share, cause: random.chance(0.3) ? .chance : .revisions(1...UInt16.max)))
        }
        let seconds = Double(length)
        for _ in 0..<random.index(below: 4) {
            let (from, lasting) = (span(0, seconds), span(1, 300))
            let replica = random.index(below: world.server.replicas)
            let replicas = random.chance(0.5) ? nil : replica..<replica + 1
            switch random.index(below: 6) {
            case 0: world.faults.append(.outage(group: random.index(below: 2), from: from, lasting: lasting))
            case 1: world.faults.append(.replicaDown(replicas: replicas, from: from, lasting: lasting))
            case 2: world.faults.append(.replicaSlow(replicas: replicas, factor: 5, from: from, lasting: lasting))
            case 3:
                world.faults.append(
                    .partition(group: random.index(below: 2), replicas: replicas, from: from, lasting: lasting))
            case 4:
                world.faults.append(
                    .stop(
                        agent: UInt32(random.index(below: agents)), at: from,
                        lasting: random.chance(0.3) ? .max : lasting))
            default:
                world.faults.append(.flapping(FlappingAgents(share: 0.1 * random.unit(), every: distribution(20, 200))))
            }
        }
        return world
    }

    static func make(seed: UInt64, agents: Int, span: Int64) -> Rehearsal {
        var drawn = DrawnRehearsal(seed: seed, agents: agents)
        let world = drawn.world(seed: seed, span: span)
        let rollouts = (0..<2).map { number in
            RehearsedRollout(drawn.plan(), begins: .seconds(Int64(number) * span / 2) + drawn.span(1, 60))
        }
        return Rehearsal(world: world, fleet: RolloutFleet(count: agents), rollouts: rollouts)
    }
    /// The same with other ways to connect and other revisions, too: agents that poll, gateways, packages.
    static func makeOfAllKinds(seed: UInt64, agents: Int, span: Int64) -> Rehearsal {
        var rehearsal = make(seed: seed, agents: agents, span: span)
        var drawn = DrawnRehearsal(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1, agents: agents)
        drawn.addKinds(to: &rehearsal.world)
        if drawn.random.chance(0.3) { rehearsal.watchComponents(seed: seed) }
        return rehearsal
    }

    private mutating func part(_ of: UInt32) -> AgentSet {
        let rest = UInt32(random.index(below: Int(of)))
        return AgentSet(count: agents) { $0 % of == rest }
    }

    private mutating func addKinds(to world: inout World) {
        if random.chance(0.3) {
            world.pollingGroups = [HeartbeatInterval(.seconds([5, 17, 30][random.index(below: 3)]), of: part(3))]
        }
        if random.chance(0.3) { world.gateways = [GatewayGroup(size: 2 + random.index(below: 20), of: part(2))] }
        guard random.chance(0.3) else { return }
        var work = PackageWork()
        (work.downloadTime, work.installTime) = (distribution(1, 40), distribution(0.1, 10))
        (work.downloadFailures, work.hashFailures) = (0.1 * random.unit(), 0.1 * random.unit())
        work.installFailures = 0.2 * random.unit()
        world.packages = work
        guard random.chance(0.5) else { return }
        world.isOfBoth = true
        world.failures.append(FailureRule(.failsToInstall, share: 0.1 * random.unit()))
    }
}

extension Rehearsal {
    /// Agents report the health of their components, some of which fail, and gates watch them.
    mutating func watchComponents(seed: UInt64) {
        var drawn = DrawnRehearsal(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 2, agents: world.agents)
        world.components = [
            HealthGroup(name: "traces", components: ["receiver", "exporter"]),
            HealthGroup(name: "metrics", components: ["scraper", "exporter"]),
        ]
        world.watchedComponents = ["exporter", nil]
        let parts: [HealthPart] = [.root, .component("exporter"), .component("metrics"), .component("traces/exporter")]
        for _ in 0..<2 {
            let part = parts[drawn.random.index(below: parts.count)]
            let lasts = drawn.random.chance(0.5) ? drawn.distribution(5, 100) : nil
            world.failures.append(
                FailureRule(
                    .partUnhealthy(part, after: drawn.distribution(2, 100), lasts: lasts),
                    share: 0.3 * drawn.random.unit(), cause: drawn.random.chance(0.4) ? .chance : .anyRevision))
        }
        world.failures.append(
            FailureRule(
                .partUnhealthy(.component("traces"), after: drawn.distribution(2, 20), lasts: nil), share: 0.1,
                cause: .chance))
        for number in rollouts.indices {
            for component in ["exporter", GatePlan.anyComponent] {
                var gate = GatePlan()
                (gate.on, gate.component) = (.unhealthy, component)
                gate.above = .share(0.1 + 0.4 * drawn.random.unit())
                gate.minimumSample = 5
                if drawn.random.chance(0.3) { gate.window = .seconds(120) }
                rollouts[number].plan.gates.append(gate)
            }
        }
    }
}
