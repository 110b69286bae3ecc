import Basis
import OpAMP
import OrderedCollections

/// A cohort ready for use: its plan and what can be computed from it once for all its agents, on all shards.
public final class Cohort: Sendable {
    public let plan: CohortPlan
    /// Its place among the cohorts of the run, from 0.
    public let number: Int
    /// The run's seed.
    public let seed: UInt64
    /// UNIX time in nanoseconds at `Instant.zero`.
    public let unixOrigin: UInt64
    /// What becomes of the agents' reports.
    public let reportForm: ReportForm

    /// Whether the plan has a script: asked at each step.
    let isScripted: Bool

    /// How often the agents report at present.
    public let pace = SharedPace()

    /// The configuration that the agents start with.
    let localConfig: AgentConfigMap
    let localMark: UInt64
    /// Its entries, to find what a remote configuration changes.
    let localEntries: ConfigEntries
    /// The statuses of the packages that the agents start with.
    let localPackages: PackageStatuses
    /// What the agents' heartbeats follow; whether an agent sends any is its own.
    let heartbeatRules: HeartbeatSchedule.Rules
    let healthTree: HealthTree
    let availableComponents: AvailableComponents
    let customCapabilities: [String]
    /// That by which servers name the reports that they answer; `nil`: the agents do not ask for it.
    let numberingCapability: String?
    /// What the agents declare, `reportsStatus` included.
    let capabilities: AgentCapabilities

    /// - Parameters:
    ///   - number: its place among the cohorts of the run, from 0.
    ///   - seed: the run's seed; agent i of the run is the same for the same seed.
    ///   - unixOrigin: UNIX time in nanoseconds at the origin of the run's time axis; only timestamps in reports use
    ///     it.
    ///   - reportForm: whether the agents' reports are encoded.
    public init(
        _ plan: CohortPlan, number: Int = 0, seed: UInt64, unixOrigin: UInt64, reportForm: ReportForm = .encoded
    ) {
        self.plan = plan
        self.number = number
        self.seed = seed
        self.unixOrigin = unixOrigin
        self.reportForm = reportForm
        let body = CollectorConfig.yaml(bytes: plan.sizes.effectiveConfigBytes)
        localConfig = AgentConfigMap(configMap: ["": AgentConfigFile(body: body, contentType: "text/yaml")])
        localMark = localConfig.mark
        localEntries = ConfigEntries(localConfig)
        isScripted = plan.script != nil
        localPackages = PackageKeeper(plan.packages.installed).statuses
        heartbeatRules = HeartbeatSchedule.Rules(plan, sendsHeartbeats: false)
        healthTree =
            plan.healthGroups.isEmpty
            ? HealthTree(pipelines: plan.sizes.healthPipelines) : HealthTree(groups: plan.healthGroups)
        availableComponents = ComponentCatalog.components(plan.sizes.availableComponents)
        customCapabilities = plan.custom.responders.map(\.capability)
        numberingCapability =
            plan.custom.responders.first { if case .numberedAnswers = $0 { true } else { false } }?.capability
        capabilities = plan.capabilities.union(.reportsStatus)
    }

    /// The zone of agent `index`: drawn by the seed, apart from everything else that the agent draws. One that replaces
    /// another has its zone.
    public func zone(of index: UInt64) -> String {
        guard !plan.zones.isEmpty else { return "" }
        var random = SeededRandom(seed: seed ^ 0x7A6F_6E65, stream: AgentNumber(index).place)
        return plan.zones[random.index(below: plan.zones.count)]
    }

    /// The random stream for the identity of all clones of the cohort: no agent has this number.
    var cloneStream: UInt64 {
        FNV1a.hash(plan.name.utf8) | 1 << 63
    }

    func unixTime(at instant: Instant) -> UInt64 {
        let (sum, overflow) = unixOrigin.addingReportingOverflow(instant.nanoseconds)
        return overflow ? .max : sum
    }

    func description(of index: UInt64, _ instanceUID: InstanceUID) -> AgentDescription {
        var description: AgentDescription
        switch plan.description {
        case .template(let template):
            description = template.filled(
                for: TemplateSubject(index: index, cohort: plan.name, zone: zone(of: index), instanceUID: instanceUID))
        case .made(let make):
            description = make(index, instanceUID)
        }
        for attribute in plan.script?.attributes(of: index) ?? [] {
            description.identifyingAttributes.removeAll { $0.key == attribute.key }
            description.nonIdentifyingAttributes.removeAll { $0.key == attribute.key }
            description.nonIdentifyingAttributes.append(attribute)
        }
        return description
    }
}

/// What becomes of the reports that an agent decides to send.
public enum ReportForm: Hashable, Sendable {
    /// They are built and encoded, for a host that sends them.
    case encoded
    /// Only what they carry is decided (`ReportSlice.content`), for a host in virtual time that delivers values: the
    /// slices are empty, each message answers the oldest report, and what is measured only at a socket is not
    /// recorded: how long answers took, the time without a server, and how long the agent was in a state.
    case decided
}
