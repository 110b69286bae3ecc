import Basis
import OpAMP

/// Taking remote configurations (Configuration; RemoteConfigStatus Message).
extension Agent {
    /// An offer came. What it makes of the status is reported with everything else that the message changed.
    mutating func configOffered(_ offer: AgentRemoteConfig, at now: Instant, _ effects: inout Effects) {
        guard capabilities.contains(.acceptsRemoteConfig) else { return effects.count(.undeclaredCapabilityUsed) }
        if let last = configuration?.lastOffer, last.hash == offer.configHash {
            // The agent has it, is at it, or has failed at it: in all three cases the server will receive or has received.
            return effects.count(.offerRepeated)
        }
        let config = effects.configCache.config(offer, of: cohort)
        if faults.has(.ignoresOffers) { return effects.fault(.ignoresOffers) }
        if has(.ignore, in: config) { return effects.count(.steered) }
        if let application = configuration?.application {
            effects.append(.config(stage(.superseded, wave: application.config.wave, at: now)))
        }
        let (span, outcome) = fate(of: config, &effects)
        let application = Configuration.Application(config: config, done: now + span, outcome: outcome)
        withConfiguration { $0.begin(application, at: now) }
        effects.append(.config(stage(.offered, wave: config.wave, at: now)))
        changed.insert(.remoteConfigStatus)
        workChanged(because: .configurationBegan, at: now, &effects)
        if config.problem != nil || span == .zero { finish(application, at: now, &effects) }
    }

    /// How long `config` takes to apply, and how that ends.
    private mutating func fate(
        of config: ReceivedConfig, _ effects: inout Effects
    ) -> (Nanoseconds, Configuration.Outcome) {
        if let problem = config.problem { return (.zero, .failure(problem.message)) }
        let plan = cohort.plan.remoteConfig
        var span = plan.applyTime.draw(&random)
        var outcome = Configuration.Outcome.success
        if random.chance(plan.failureOdds) { outcome = .failure("a component failed to start") }
        if faults.has(.appliesSlowly) {
            effects.fault(.appliesSlowly)
            span = span * 10
        }
        if faults.has(.failsToApply) {
            effects.fault(.failsToApply)
            outcome = .failure("a component failed to start")
        }
        for marker in config.markers where isMeant(by: marker, in: config) {
            switch marker.action {
            case .ignore, .die, .lie: break
            case .fail: outcome = .failure("told to fail")
            case .slow(let least): span = max(span, least)
            case .crash: outcome = .crash
            }
            effects.count(.steered)
        }
        return (span, outcome)
    }

    /// Whether a marker that is for a share of the agents is for this one: drawn by the seed for each offer.
    private func isMeant(by marker: ConfigMarker, in config: ReceivedConfig) -> Bool {
        guard marker.share < 1 else { return true }
        var draw = SeededRandom(seed: cohort.seed ^ config.wave, stream: index)
        return draw.chance(marker.share)
    }

    private func has(_ action: ConfigMarker.Action, in config: ReceivedConfig) -> Bool {
        config.markers.contains { $0.action == action && isMeant(by: $0, in: config) }
    }

    /// An application is done, one way or another; the status leaves at once.
    mutating func finish(_ application: Configuration.Application, at now: Instant, _ effects: inout Effects) {
        let config = application.config
        let before = configuration?.running
        let effectiveBefore = effectiveConfig
        switch application.outcome {
        case .success:
            let limit = cohort.plan.remoteConfig.historyLimit
            let lies = faults.has(.reportsOtherConfig) || has(.lie, in: config)
            withConfiguration {
                $0.applied(historyLimit: limit)
                $0.lies = lies
            }
            if faults.has(.reportsOtherConfig) { effects.fault(.reportsOtherConfig) }
            changed.insert(.remoteConfigStatus)
            // Another offer may come down to what runs already; only a liar would report that again.
            if lies || effectiveConfig != effectiveBefore { changed.insert(.effectiveConfig) }
            planDeath(of: config, at: now, &effects)
        case .failure(let message):
            withConfiguration { $0.failed(message) }
            changed.insert(.remoteConfigStatus)
            planRecovery(at: now)
        case .crash:
            withConfiguration { $0.failed("the agent crashed while it applied the configuration") }
            workChanged(because: .configurationEnded, at: now, &effects)
            return crash(at: now, &effects)
        }
        workChanged(because: .configurationEnded, at: now, &effects)
        var mustRestart = false
        if application.outcome == .success {
            mustRestart = notifyWatchers(from: before, to: config, at: now, &effects)
        }
        // While an answer is being processed the report waits until all of it is; otherwise it leaves now.
        if mustRestart || !isTakingAnswer { reportChanges(isUrgent: mustRestart, at: now, &effects) }
        if mustRestart { restart(because: .newConfiguration, at: now, &effects) }
    }

    /// The parts of the agent that watch a setting react to its change.
    /// - Returns: Whether the process has to restart for it.
    private mutating func notifyWatchers(
        from before: ReceivedConfig?, to config: ReceivedConfig, at now: Instant, _ effects: inout Effects
    ) -> Bool {
        let difference = (before?.entries ?? cohort.localEntries).difference(to: config.entries)
        var mustRestart = false
        for watcher in cohort.plan.remoteConfig.watchers where difference.touches(watcher.setting) {
            effects.count(.watcherNotified)
            switch watcher.reaction {
            case .restartPipelines: pipelinesRestarted(at: now)
            case .restartAgent: mustRestart = true
            }
        }
        return mustRestart
    }

    private mutating func planDeath(of config: ReceivedConfig, at now: Instant, _ effects: inout Effects) {
        var death: Nanoseconds?
        if faults.has(.diesAfterApplying) { death = cohort.plan.faults.timeToDeath.draw(&random) }
        for marker in config.markers where isMeant(by: marker, in: config) {
            if case .die(let after) = marker.action { death = min(after, death ?? after) }
        }
        if let death { withConfiguration { $0.dies = now + death } }
    }

    /// The process dies of the configuration it runs, and comes back with the last one that is known to be good.
    mutating func dieOfConfiguration(at now: Instant, _ effects: inout Effects) {
        if faults.has(.diesAfterApplying) { effects.fault(.diesAfterApplying) }
        withConfiguration { $0.rollBack("the agent died of the configuration and went back to the one before") }
        changed.formUnion([.remoteConfigStatus, .effectiveConfig])
        crash(at: now, &effects)
    }

    /// An agent that recovers tries a failed configuration again after a while.
    private mutating func planRecovery(at now: Instant) {
        guard faults.has(.recovers) else { return }
        let span = cohort.plan.faults.timeToRecovery.draw(&random)
        withConfiguration { $0.retries = now + span }
    }

    /// A failed configuration is applied once more, and this time it works.
    mutating func retryConfiguration(at now: Instant, _ effects: inout Effects) {
        withConfiguration { $0.retries = .distantFuture }
        guard case .error(let config, _, _)? = configuration?.state, config.problem == nil else { return }
        effects.fault(.recovers)
        let application = Configuration.Application(config: config, done: now, outcome: .success)
        withConfiguration { $0.begin(application, at: $0.offeredAt) }
        finish(application, at: now, &effects)
    }

    /// The status that a report carries.
    var remoteConfigStatus: RemoteConfigStatus {
        var status = configuration?.status ?? RemoteConfigStatus()
        if faults.has(.reportsWrongHash), !status.lastRemoteConfigHash.isEmpty {
            status.lastRemoteConfigHash[0] ^= 0xFF
        }
        return status
    }

    /// The effective configuration that a report carries.
    var effectiveConfig: EffectiveConfig {
        guard let configuration, let running = configuration.running, !configuration.lies else {
            return EffectiveConfig(configMap: cohort.localConfig)
        }
        return EffectiveConfig(configMap: running.effective)
    }

    /// Records how far the offer has got, when a report has left that says so.
    mutating func noteConfigReported(_ fields: StatusFields, at now: Instant, _ effects: inout Effects) {
        guard fields.contains(.remoteConfigStatus) || fields.contains(.effectiveConfig),
            let configuration, let config = configuration.lastOffer
        else { return }
        let saysStatus = fields.contains(.remoteConfigStatus)
        if faults.has(.reportsWrongHash), saysStatus { effects.fault(.reportsWrongHash) }
        var stages: [(Configuration.Reported, ConfigStage.Kind)] = []
        switch configuration.state {
        case .notConfigured: break
        case .configuring, .updating: if saysStatus { stages = [(.applying, .applying)] }
        case .error: if saysStatus { stages = [(.failed, .failed)] }
        case .configured:
            if saysStatus { stages = [(.applied, .applied)] }
            // Nothing of the effective configuration is left to be reported.
            let reportable = StatusFields.reportable(by: capabilities, to: serverCapabilities)
            let hasConverged = !changed.intersection(reportable).contains(.effectiveConfig)
            if hasConverged, saysStatus || configuration.reported == .applied, !configuration.lies {
                stages.append((.converged, .converged))
            }
        }
        for (reported, kind) in stages where reported > configuration.reported {
            withConfiguration { $0.reported = reported }
            effects.append(.config(stage(kind, wave: config.wave, at: now)))
        }
    }

    private func stage(_ kind: ConfigStage.Kind, wave: UInt64, at now: Instant) -> ConfigStage {
        ConfigStage(kind: kind, wave: wave, elapsed: now - (configuration?.offeredAt ?? now))
    }
}
