public import AgentModel
public import Basis
import ControlPlane
import OpAMP

extension CohortPlan {
    /// What the agents of a profile's cohort are and do.
    ///
    /// Every agent describes itself as an OpenTelemetry Collector; the cohort's own attributes are added, and take the
    /// place of those with the same key. An attribute whose text is no template (only in a profile that was not read
    /// from text) is left out.
    /// - Parameters:
    ///   - duration: the run's, for times that are a share of it.
    ///   - runStart: where the run's times are counted from.
    ///   - polling: how the agents poll; nil where they have WebSockets.
    public init(
        cohort: CohortProfile, limits: ProfileLimits, duration: Nanoseconds = .zero, runStart: Instant = .zero,
        polling: PollingProfile? = nil
    ) {
        self.init(name: cohort.name)
        var template = DescriptionTemplate.collector
        if let version = cohort.startingVersion {
            template.identifying.take([AttributeTemplate(key: DescriptionTemplate.versionKey, text: version)])
        }
        template.identifying.take(cohort.identifying)
        template.nonIdentifying.take(cohort.nonIdentifying)
        description = .template(template)
        zones = cohort.zones
        heartbeat = HeartbeatPlan(
            interval: cohort.heartbeat.interval, jitter: cohort.heartbeat.jitter,
            phase: cohort.heartbeat.phase)
        reconnect = cohort.reconnect
        reconnectReport = cohort.reconnectReport
        load = cohort.mode
        pings = cohort.pings
        gatewayMembers = cohort.gatewayMembers
        remoteConfig = cohort.remoteConfig
        packages = cohort.packages.plan
        connectionSettings.dropsCertificate = cohort.connectionSettings.dropsCertificate
        connectionSettings.allowsPlaintextEndpoints = cohort.connectionSettings.allowsPlaintextOffers
        connectionSettings.allowsUnverifiedServers = cohort.connectionSettings.allowsUnverifiedOffers
        custom = CustomPlan(responders: cohort.customAbilities.map(CustomResponder.init))
        telemetry = TelemetryPlan(interval: cohort.ownTelemetry.interval)
        capabilities = AgentCapabilities(of: cohort)
        capabilityChanges = cohort.capabilityChanges.map { change in
            CapabilityChange(
                after: change.after, added: AgentCapabilities(change.adds), removed: AgentCapabilities(change.removes))
        }.sorted { $0.after < $1.after }
        health = HealthPlan(
            checkInterval: cohort.health.checkInterval, checkTimeout: cohort.health.checkTimeout,
            failureThreshold: cohort.health.failureThreshold,
            healthFaults: cohort.health.healthFaults.map { healthFault in
                let model = HealthModel(healthFault.course, duration: duration, runStart: runStart)
                return HealthPlan.HealthFault(
                    model, share: healthFault.share, zone: healthFault.zone, version: healthFault.version,
                    hangs: healthFault.hangs)
            })
        faults = cohort.faults
        restartTime = cohort.restart.downtime
        restartForm = cohort.restart.form
        sizes = cohort.report
        answerTimeout = limits.answerTimeout
        connectTimeout = limits.connectTimeout
        maximumReportBytes = limits.messageBytes
        minRoundTrip = cohort.link.minRoundTrip
        closeTimeout = closeTimeout + cohort.link.usualRoundTrip
        batch = cohort.batch
        lifetime = cohort.lifetime.map { TimedLeave(after: $0, cohort.leave) }
        connectionAge = cohort.connectionAge.map { TimedLeave(after: $0, LeavePlan(mixed: cohort.connectionEnd)) }
        if let polling {
            pollingInterval = polling.interval(of: cohort.heartbeat)
            // An agent_disconnect over plain HTTP may first have to wait for a connection.
            closeTimeout = closeTimeout + polling.acquireTimeout
        }
    }
}

extension AgentCapabilities {
    /// What the agents of a cohort declare.
    fileprivate init(of cohort: CohortProfile) {
        self = .collector
        if !cohort.heartbeat.enabled { remove(.reportsHeartbeat) }
        if cohort.packages.accepted { formUnion([.acceptsPackages, .reportsPackageStatuses]) }
        let settings = cohort.connectionSettings
        if settings.opamp { insert(.acceptsOpAMPConnectionSettings) }
        if settings.other { insert(.acceptsOtherConnectionSettings) }
        for signal in cohort.ownTelemetry.signals {
            switch signal {
            case .metrics: insert(.reportsOwnMetrics)
            case .traces: insert(.reportsOwnTraces)
            case .logs: insert(.reportsOwnLogs)
            }
        }
        if settings.opamp || settings.other || !cohort.ownTelemetry.signals.isEmpty {
            insert(.reportsConnectionSettingsStatus)
        }
    }

    /// The capabilities with these names in profiles.
    fileprivate init(_ words: [CapabilityWord]) {
        self = []
        for word in words {
            switch word {
            case .acceptsRemoteConfig: insert(.acceptsRemoteConfig)
            case .reportsEffectiveConfig: insert(.reportsEffectiveConfig)
            case .acceptsPackages: insert(.acceptsPackages)
            case .reportsPackageStatuses: insert(.reportsPackageStatuses)
            case .reportsOwnTraces: insert(.reportsOwnTraces)
            case .reportsOwnMetrics: insert(.reportsOwnMetrics)
            case .reportsOwnLogs: insert(.reportsOwnLogs)
            case .acceptsOpAMPConnectionSettings: insert(.acceptsOpAMPConnectionSettings)
            case .acceptsOtherConnectionSettings: insert(.acceptsOtherConnectionSettings)
            case .acceptsRestartCommand: insert(.acceptsRestartCommand)
            case .reportsHealth: insert(.reportsHealth)
            case .reportsRemoteConfig: insert(.reportsRemoteConfig)
            case .reportsHeartbeat: insert(.reportsHeartbeat)
            case .reportsAvailableComponents: insert(.reportsAvailableComponents)
            case .reportsConnectionSettingsStatus: insert(.reportsConnectionSettingsStatus)
            }
        }
    }
}

extension CustomResponder {
    fileprivate init(_ ability: CustomAbility) {
        switch ability {
        case .echo: self = .echo(capability: CustomCapability.echo)
        case .sequence: self = .numberedAnswers(capability: CustomCapability.sequence)
        case .pause: self = .pauseResume(capability: CustomCapability.pause)
        case .discovery: self = .discovery(capability: CustomCapability.discovery, services: Self.servicesFound)
        }
    }

    /// A host of the usual kind.
    private static let servicesFound = 5
}

extension HealthModel {
    fileprivate init(_ course: HealthProfile.Course, duration: Nanoseconds, runStart: Instant) {
        switch course {
        case .flapping(let up, let down): self = .flapping(up: up, down: down)
        case .decay(let each): self = .decay(each: each)
        case .suddenDeath(let after): self = .suddenDeath(after: after)
        case .outage(let from, let length):
            self = .outage(from: runStart + from.offset(in: duration) - .zero, lasting: length)
        }
    }
}

extension [DescriptionTemplate.Attribute] {
    fileprivate mutating func take(_ attributes: [AttributeTemplate]) {
        for attribute in attributes {
            guard let value = try? Template(attribute.text) else { continue }
            if let index = firstIndex(where: { $0.key == attribute.key }) {
                self[index].value = value
            } else {
                append(DescriptionTemplate.Attribute(key: attribute.key, value: value))
            }
        }
    }
}
