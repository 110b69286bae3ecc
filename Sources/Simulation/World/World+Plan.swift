import AgentModel
import Basis
public import Rollout
import Schema

extension World {
    /// The world of a plan.
    /// - Parameters:
    ///   - fleet: the plan's fleet, whose attributes breakages and outages name.
    ///   - seed: decides everything that is drawn.
    public init(_ plan: RolloutPlan, fleet: RolloutFleet, seed: UInt64) {
        self.init(agents: fleet.count, seed: seed)
        let planned = plan.world
        members = fleet.members
        span = .seconds(max((planned.duration.count + 999_999_999) / 1_000_000_000, 1))
        heartbeatInterval = planned.heartbeat
        heartbeatGroups = planned.heartbeats.map { HeartbeatInterval($0.interval, of: AgentSet(fleet, $0.attributes)) }
        pollingGroups = planned.polling.map { HeartbeatInterval($0.interval, of: AgentSet(fleet, $0.attributes)) }
        gateways = planned.gateways.map { GatewayGroup(size: $0.size, of: AgentSet(fleet, $0.attributes)) }
        components = planned.components.map { HealthGroup(name: $0.name, components: $0.value) }
        watchedComponents = plan.watchedComponents.map { $0 == GatePlan.anyComponent ? nil : $0 }
        applyTime = planned.applying
        latency = planned.latency
        messageLoss = planned.messageLoss
        configurationBytes = LayeredFleet(plan, fleet: fleet)?.meanBytes(of: fleet) ?? plan.change.bytes
        if plan.change.isOfPackages { packages = PackageWork(planned.packages) }
        isOfBoth = plan.change.isOfBoth
        offlineShare = planned.offline.share
        offlineTime = planned.offline.time
        offlineFrom = planned.begin
        delivery = planned.server.delivery == .push ? .push : .answer
        server = ServerCapacity(planned.server)
        failures = planned.breakages.map { FailureRule($0, fleet) }
        groups = planned.zones.prefix(Self.maxGroups).map { zone in
            AgentSet(fleet, [Named(zone.attribute, [zone.value])]) ?? AgentSet(count: 0) { _ in false }
        }
        faults = planned.outages.compactMap { $0.fault(in: planned) } + planned.restarts.map { $0.fault(in: planned) }
        faults += planned.partitions.compactMap { $0.fault(in: planned) }
        faults += planned.slowReplicas.map { $0.fault(in: planned) }
        faults += planned.flapping.map { .flapping(FlappingAgents($0, fleet)) }
        clocks = planned.clocks.map {
            ClockGroup(share: $0.share, of: AgentSet(fleet, $0.attributes, $0.agents), by: $0.by, $0.direction)
        }
        controllerRestarts = planned.controllerRestarts.map { planned.begin + $0 }.sorted()
    }
}

extension PackageWork {
    fileprivate init(_ planned: RehearsalPackages) {
        self.init()
        (downloadTime, installTime, fileBytes) = (planned.download, planned.install, planned.bytes)
        (downloadFailures, hashFailures) = (planned.downloadFailures, planned.hashFailures)
        installFailures = planned.installFailures
    }
}

extension ServerCapacity {
    /// The most replicas.
    static let maxReplicas = 256

    fileprivate init(_ planned: RehearsalServer) {
        self.init()
        replicas = min(max(planned.replicas, 1), Self.maxReplicas)
        acceptsPerSecond = max(Int(planned.accepts), 1)
        acceptQueue = planned.backlog
        connectionLimit = planned.connections
        reportTime = planned.reportCost
    }
}

// The faults of a plan, one for each entry of its lists, so that an entry can be left out by its fault.

extension ZoneOutage {
    /// Nil where the world has too many zones.
    func fault(in world: RehearsalWorld) -> WorldFault? {
        world.group(attribute, value).map { .outage(group: $0, from: world.begin + at, lasting: length) }
    }
}

extension ZonePartition {
    /// Nil where the world has too many zones.
    func fault(in world: RehearsalWorld) -> WorldFault? {
        world.group(attribute, value).map {
            .partition(group: $0, replicas: replicas.map { 0..<$0 }, from: world.begin + at, lasting: length)
        }
    }
}

extension ServerRestart {
    func fault(in world: RehearsalWorld) -> WorldFault {
        .replicaDown(replicas: replicas.map { 0..<$0 }, from: world.begin + at, lasting: length)
    }
}

extension SlowReplicas {
    func fault(in world: RehearsalWorld) -> WorldFault {
        .replicaSlow(replicas: replicas.map { 0..<$0 }, factor: factor, from: world.begin + at, lasting: length)
    }
}

extension RehearsalWorld {
    /// The number of the group of agents that a zone is.
    fileprivate func group(_ attribute: String, _ value: String) -> Int? {
        zones.prefix(World.maxGroups).firstIndex(of: Zone(attribute: attribute, value: value))
    }
}

extension FlappingAgents {
    fileprivate init(_ flapping: Flapping, _ fleet: RolloutFleet) {
        self.init(
            share: flapping.share, of: AgentSet(fleet, flapping.attributes, flapping.agents), every: flapping.every)
    }
}

extension FailureRule {
    fileprivate init(_ breakage: Breakage, _ fleet: RolloutFleet) {
        let failure: AgentFailure
        switch breakage.manner {
        case .fails: failure = .failsToApply
        case .failsToInstall: failure = .failsToInstall
        case .mismatches: failure = .mismatches
        case .silent: failure = .silent
        case .unhealthy:
            let part = breakage.component.map { $0 == Breakage.root ? HealthPart.root : .component($0) }
            failure =
                part.map { .partUnhealthy($0, after: breakage.after, lasts: breakage.lasts) }
                ?? .unhealthy(after: breakage.after, lasts: breakage.lasts)
        case .disconnects: failure = .disconnects(after: breakage.after, lasts: breakage.lasts)
        case .crashes: failure = .crashes(after: breakage.after)
        }
        self.init(
            failure, share: breakage.share, agents: AgentSet(fleet, breakage.attributes, breakage.agents),
            cause: breakage.cause == .revision ? .anyRevision : .chance)
    }
}

extension AgentSet {
    /// The agents that have one of the values of each attribute and are among the numbers; nil: nothing is asked for,
    /// so any agent.
    init?(_ fleet: RolloutFleet, _ attributes: [Named<[String]>], _ numbers: [UInt32]? = nil) {
        guard !attributes.isEmpty || numbers != nil else { return nil }
        let selection = RolloutSelection(attributes: attributes, fleet: fleet)
        guard let numbers else {
            self.init(count: fleet.count) { selection.includes($0) }
            return
        }
        self.init(numbers.filter { Int($0) < fleet.count && selection.includes($0) }, of: fleet.count)
    }
}
