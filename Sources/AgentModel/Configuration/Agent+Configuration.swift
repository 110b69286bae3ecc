import Basis
import OpAMP

/// Processing remote configurations (Configuration; RemoteConfigStatus Message).
extension Agent {
    /// An offer was received. Its status is reported with everything else that the message changed.
    mutating func configOffered(_ offer: AgentRemoteConfig, at now: Instant, _ effects: inout Effects) {
        guard isNew(offer.config ?? AgentConfigMap(), offer.configHash, at: now, &effects) else { return }
        take(effects.configCache.config(offer, of: cohort), at: now, &effects)
    }

    /// The same of an offer that was read before, for many agents of the cohort.
    mutating func configOffered(_ config: ReceivedConfig, at now: Instant, _ effects: inout Effects) {
        guard isNew(config.offered, config.hash, at: now, &effects) else { return }
        take(config, at: now, &effects)
    }

    /// Whether an offer is one that the agent may take and does not have.
    private func isNew(
        _ files: @autoclosure () -> AgentConfigMap, _ hash: [UInt8], at now: Instant, _ effects: inout Effects
    ) -> Bool {
        guard capabilities.contains(.acceptsRemoteConfig) else {
            effects.count(.undeclaredCapabilityUsed)
            return false
        }
        if cohort.isScripted {
            cohort.plan.script?.told(of: index, .received, files: files(), hash: hash, at: now)
        }
        guard let last = extended?.value.configuration.lastOffer, last.hash == hash else { return true }
        // The agent has applied it, is applying it, or has failed to: the server receives or has received the status.
        effects.count(.offerRepeated)
        return false
    }

    private mutating func take(_ config: ReceivedConfig, at now: Instant, _ effects: inout Effects) {
        let usual = random
        let conduct =
            !cohort.isScripted
            ? nil : cohort.plan.script?.conduct(of: index, offered: config.offered, hash: config.hash)
        if let conduct { (faults, random) = (conduct.faults, conduct.random) }
        defer { if conduct != nil { random = usual } }
        if faults.has(.ignoresOffers) { return effects.fault(.ignoresOffers) }
        if has(.ignore, in: config) { return effects.count(.steered) }
        if let application = extended?.value.configuration.application {
            record(.superseded, of: application.config, at: now, &effects)
        }
        let (span, outcome) = plannedOutcome(of: config, &effects)
        let application = Configuration.Application(config: config, done: now + span, outcome: outcome)
        withConfiguration { $0.begin(application, at: now) }
        record(.received, of: config, at: now, &effects)
        changes.insert(.remoteConfigStatus)
        workChanged(because: .configurationBegan, at: now, &effects)
        if config.problem != nil || span == .zero { finish(application, at: now, &effects) }
    }

    /// How long `config` takes to apply, and how that ends.
    private mutating func plannedOutcome(
        of config: ReceivedConfig, _ effects: inout Effects
    ) -> (Nanoseconds, Configuration.Outcome) {
        if let problem = config.problem { return (.zero, .failure(problem.message)) }
        var span = cohort.plan.remoteConfig.applyTime.draw(&random)
        var outcome = Configuration.Outcome.success
        if random.chance(cohort.plan.remoteConfig.failureOdds) { outcome = .failure(Configuration.componentFailed) }
        if faults.has(.appliesSlowly) {
            effects.fault(.appliesSlowly)
            span = span * 10
        }
        if faults.has(.failsToApply) {
            effects.fault(.failsToApply)
            outcome = .failure(Configuration.componentFailed)
        }
        for marker in config.markers where isMeant(by: marker, in: config) {
            switch marker.action {
            case .ignore, .die, .lie: break
            case .fail: outcome = .failure(Configuration.failedByMarker)
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
        var draw = SeededRandom(seed: cohort.seed ^ config.number, stream: index)
        return draw.chance(marker.share)
    }

    private func has(_ action: ConfigMarker.Action, in config: ReceivedConfig) -> Bool {
        config.markers.contains { $0.action == action && isMeant(by: $0, in: config) }
    }

    /// An application has ended; the status is reported at once.
    mutating func finish(_ application: Configuration.Application, at now: Instant, _ effects: inout Effects) {
        let config = application.config
        let before = extended?.value.configuration.running
        let (filesBefore, markBefore) = (effectiveFiles, effectiveMark)
        switch application.outcome {
        case .success:
            let limit = cohort.plan.remoteConfig.historyLimit
            let conduct =
                !cohort.isScripted
                ? nil : cohort.plan.script?.conduct(of: index, applied: config.offered, hash: config.hash)
            if let conduct { faults = conduct.faults }
            let lies = faults.has(.reportsOtherConfig) || has(.lie, in: config)
            withConfiguration {
                $0.applied(historyLimit: limit)
                $0.lies = lies
            }
            if faults.has(.reportsOtherConfig) { effects.fault(.reportsOtherConfig) }
            changes.insert(.remoteConfigStatus)
            // Another offer may be equal to what runs already; only an agent that reports a wrong configuration would
            // report that again.
            if lies || effectiveMark != markBefore || effectiveFiles != filesBefore { changes.insert(.effectiveConfig) }
            planCrash(of: config, conduct, at: now)
            tellScript(lies ? .mismatched : .applied, of: config, at: now)
        case .failure(let message):
            withConfiguration { $0.failed(message) }
            changes.insert(.remoteConfigStatus)
            planRecovery(at: now)
            tellScript(.failed, of: config, at: now)
        case .crash:
            withConfiguration { $0.failed(Configuration.crashedApplying) }
            workChanged(because: .configurationEnded, at: now, &effects)
            return crash(at: now, &effects)
        }
        workChanged(because: .configurationEnded, at: now, &effects)
        var mustRestart = false
        if application.outcome == .success {
            mustRestart = notifyWatchers(from: before, to: config, at: now, &effects)
        }
        // While an answer is being processed the report waits until all of it is; otherwise it is sent now.
        if mustRestart || !isTakingAnswer { reportChanges(isUrgent: mustRestart, at: now, &effects) }
        if mustRestart { restart(because: .newConfiguration, at: now, &effects) }
    }

    /// The parts of the agent that watch a setting react to its change.
    /// - Returns: Whether the process has to restart for it.
    private mutating func notifyWatchers(
        from before: ReceivedConfig?, to config: ReceivedConfig, at now: Instant, _ effects: inout Effects
    ) -> Bool {
        guard !cohort.plan.remoteConfig.watchers.isEmpty else { return false }
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

    private func tellScript(_ step: AgentScriptStep, of config: ReceivedConfig, at now: Instant) {
        guard cohort.isScripted else { return }
        cohort.plan.script?.told(of: index, step, files: config.offered, hash: config.hash, at: now)
    }

    private mutating func planCrash(of config: ReceivedConfig, _ conduct: AgentConduct?, at now: Instant) {
        var crash: Nanoseconds?
        if faults.has(.diesAfterApplying) {
            if var conduct {
                crash = (conduct.timeToDeath ?? cohort.plan.faults.timeToDeath).draw(&conduct.random)
            } else {
                crash = cohort.plan.faults.timeToDeath.draw(&random)
            }
        }
        for marker in config.markers where isMeant(by: marker, in: config) {
            if case .die(let after) = marker.action { crash = min(after, crash ?? after) }
        }
        if let crash { withConfiguration { $0.dies = now + crash } }
    }

    /// The process crashes because of the configuration it runs, and restarts with the last one that is known to be
    /// good.
    mutating func crashOfConfiguration(at now: Instant, _ effects: inout Effects) {
        if faults.has(.diesAfterApplying) { effects.fault(.diesAfterApplying) }
        if let config = extended?.value.configuration.running { tellScript(.failed, of: config, at: now) }
        withConfiguration {
            $0.rollBack(Configuration.crashedRunning)
        }
        changes.insert([.remoteConfigStatus, .effectiveConfig])
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
        guard case .error(let config, _, _)? = extended?.value.configuration.state, config.problem == nil else {
            return
        }
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
    var effectiveConfig: EffectiveConfig { EffectiveConfig(configMap: effectiveFiles) }

    private var effectiveFiles: AgentConfigMap {
        guard let extended, !extended.value.configuration.lies, let running = extended.value.configuration.running
        else { return cohort.localConfig }
        return running.effective
    }

    /// Different for files that begin or end differently, so that few have to be compared.
    private var effectiveMark: UInt64 {
        guard let extended, !extended.value.configuration.lies, let running = extended.value.configuration.running
        else { return cohort.localMark }
        return running.mark
    }

    /// Records the stages of the offer that a report has just sent to the server.
    mutating func noteConfigReported(_ fields: StatusFields, at now: Instant, _ effects: inout Effects) {
        let saysStatus = fields.contains(.remoteConfigStatus)
        guard saysStatus || fields.contains(.effectiveConfig),
            let config = extended?.value.configuration.lastOffer
        else { return }
        if saysStatus, faults.has(.reportsWrongHash) { effects.fault(.reportsWrongHash) }
        let (stage, hasConverged) = stagesReported(saysStatus: saysStatus)
        if let stage { recordReported(stage, of: config, at: now, &effects) }
        if hasConverged { recordReported(.converged, of: config, at: now, &effects) }
    }

    private func stagesReported(saysStatus: Bool) -> (OfferStage?, hasConverged: Bool) {
        guard let extended else { return (nil, false) }
        if extended.value.configuration.isApplying { return (saysStatus ? .applying : nil, false) }
        if extended.value.configuration.hasFailed { return (saysStatus ? .failed : nil, false) }
        guard extended.value.configuration.isApplied else { return (nil, false) }
        // Nothing of the effective configuration is left to be reported.
        let hasConverged =
            !reportableChanges.contains(.effectiveConfig)
            && (saysStatus || extended.value.configuration.reported == .applied)
            && !extended.value.configuration.lies
        return (saysStatus ? .applied : nil, hasConverged)
    }

    private mutating func recordReported(
        _ stage: OfferStage, of config: ReceivedConfig, at now: Instant, _ effects: inout Effects
    ) {
        guard withConfiguration({ $0.hasReported(stage) }) else { return }
        record(stage, of: config, at: now, &effects)
    }

    private func record(
        _ stage: OfferStage, of config: ReceivedConfig, at now: Instant, _ effects: inout Effects
    ) {
        let elapsed = now - (extended?.value.configuration.offeredAt ?? now)
        effects.append(
            .offer(OfferStep(kind: .remoteConfig, stage: stage, number: config.number, elapsed: elapsed)))
    }
}
