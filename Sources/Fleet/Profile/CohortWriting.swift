import AgentModel
import Basis

/// A cohort in YAML.
extension YAMLWriter {
    mutating func write(_ cohort: CohortProfile) {
        scalar("name", .text(cohort.name))
        scalar("weight", .exact(cohort.weight.description))
        words("zones", cohort.zones)
        mapping("attributes") { writer in
            writer.attributes("identifying", cohort.identifying)
            writer.attributes("non_identifying", cohort.nonIdentifying)
        }
        mapping("heartbeat") { writer in
            writer.scalar("enabled", .exact("\(cohort.heartbeat.enabled)"))
            writer.duration("interval", cohort.heartbeat.interval)
            writer.scalar("jitter", .exact(ShareText.format(cohort.heartbeat.jitter)))
            writer.scalar("phase", .exact(cohort.heartbeat.phase.rawValue))
        }
        mapping("batch") { writer in
            writer.duration("window", cohort.batch.window)
            writer.scalar("size", .exact("\(cohort.batch.size)"))
        }
        mapping("report") { writer in
            writer.scalar("effective_config", .exact(SizeText.format(cohort.report.effectiveConfigBytes)))
            writer.scalar("available_components", .exact("\(cohort.report.availableComponents)"))
            writer.scalar("health_pipelines", .exact("\(cohort.report.healthPipelines)"))
        }
        switch cohort.reconnect {
        case .opampGo: scalar("reconnect", .exact("opamp-go"))
        case .specMinimum: scalar("reconnect", .exact("spec-minimum"))
        case .longDelay(let minimum, let maximum):
            mapping("reconnect") { writer in
                writer.scalar("policy", .exact("long-delay"))
                writer.duration("minimum", minimum)
                writer.duration("maximum", maximum)
            }
        case .fixed(let delay):
            mapping("reconnect") { writer in
                writer.scalar("policy", .exact("fixed"))
                writer.duration("delay", delay)
            }
        }
        scalar("reconnect_report", .exact(cohort.reconnectReport.rawValue))
        switch cohort.mode {
        case .open: scalar("mode", .exact("open"))
        case .closed(let think):
            mapping("mode") { writer in
                writer.scalar("loop", .exact("closed"))
                writer.write("think", think)
            }
        }
        if cohort.gatewayMembers > 0 { mapping("gateway") { $0.scalar("members", .exact("\(cohort.gatewayMembers)")) } }
        mapping("remote_config") { $0.write(cohort.remoteConfig) }
        writeAbilities(of: cohort)
        writeTelemetry(of: cohort)
        if cohort.clientCertificate != .none { write(cohort.clientCertificate) }
        write(cohort.wire)
        // Where nothing befalls the agents, there is nothing to say of it.
        if cohort.health != HealthProfile() { mapping("health") { $0.write(cohort.health) } }
        if cohort.faults != FaultPlan() { mapping("faults") { $0.write(cohort.faults) } }
        mapping("restart") { writer in
            writer.scalar("form", .exact(cohort.restart.form.rawValue))
            writer.write("downtime", cohort.restart.downtime)
        }
    }

    private mutating func write(_ config: RemoteConfigPlan) {
        write("apply_time", config.applyTime)
        scalar("failure_share", .exact(ShareText.format(config.failureOdds)))
        if let settings = config.allowedSettings {
            words("allowed_settings", settings)
        } else {
            scalar("allowed_settings", .exact("any"))
        }
        scalar("history_limit", .exact("\(config.historyLimit)"))
        list("watchers", config.watchers) { writer, watcher in
            writer.scalar("setting", .text(watcher.setting))
            writer.scalar("reaction", .exact(RemoteConfigReading.word(for: watcher.reaction)))
        }
    }

    private mutating func write(_ health: HealthProfile) {
        duration("check_interval", health.checkInterval)
        duration("check_timeout", health.checkTimeout)
        scalar("failure_threshold", .exact("\(health.failureThreshold)"))
        list("afflictions", health.healthFaults) { writer, healthFault in
            switch healthFault.course {
            case .flapping(let up, let down):
                writer.mapping("flapping") { writer in
                    writer.write("up", up)
                    writer.write("down", down)
                }
            case .decay(let each): writer.write("decay", each)
            case .suddenDeath(let after): writer.write("sudden_death", after)
            case .outage(let from, let length):
                writer.mapping("outage") { writer in
                    writer.scalar("from", .exact(Self.text(from)))
                    if let length { writer.duration("for", length) }
                }
            }
            if let zone = healthFault.zone { writer.scalar("zone", .text(zone)) }
            if let version = healthFault.version { writer.scalar("version", .text(version)) }
            writer.scalar("share", .exact(ShareText.format(healthFault.share)))
            writer.scalar("hangs", .exact("\(healthFault.hangs)"))
        }
    }

    private mutating func write(_ faults: FaultPlan) {
        mapping("rates") { writer in
            for fault in Fault.allCases {
                if let rate = faults.rates[fault] { writer.scalar(fault.name, .exact(ShareText.format(rate))) }
            }
        }
        scalar("recurrence", .exact(ShareText.format(faults.recurrence)))
        write("time_to_death", faults.timeToDeath)
        write("time_to_recovery", faults.timeToRecovery)
        write("time_between_crashes", faults.timeBetweenCrashes)
        duration("clock_skew", faults.clockSkew)
        scalar("slow_reading", .exact(SizeText.format(faults.slowReadingRate)))
        scalar("oversized", .exact(SizeText.format(faults.oversizedBytes)))
    }

    private mutating func attributes(_ key: String, _ attributes: [AttributeTemplate]) {
        mapping(key) { writer in
            for attribute in attributes { writer.scalar(attribute.key, .text(attribute.text)) }
        }
    }
}
