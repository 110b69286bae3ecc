public import Basis
public import OpAMP
import OrderedCollections

/// What the server has learned about one agent or done for it, for whoever controls a rollout.
public struct AgentObservation: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The first report on a new connection.
        case connected
        case disconnected
        case healthy
        case unhealthy
        /// Which of `ServerPlan.watchedComponents` are unhealthy, a bit each, as a report of its health says.
        case components(unhealthy: UInt8)
        /// The time of its health by the agent's own clock, in nanoseconds of UNIX time.
        case clock(UInt64)
        /// The configuration of this revision was sent.
        case sent(revision: UInt32)
        /// The agent reported a stage of the configuration of this revision; nil: of one that was never offered.
        /// `matches`: its effective configuration has the files that were offered, as far as the report says.
        case status(OfferStage, revision: UInt32?, matches: Bool)
    }

    public var uid: InstanceUID
    public var kind: Kind
    public var at: Instant

    public init(uid: InstanceUID, kind: Kind, at: Instant) {
        self.uid = uid
        self.kind = kind
        self.at = at
    }
}

extension Registry {
    /// Notes an observation, where somebody wants it.
    mutating func observe(
        _ kind: @autoclosure () -> AgentObservation.Kind, of index: Int, at now: Instant, _ effects: inout ServerEffects
    ) {
        guard plan.observesAgents else { return }
        effects.list.append(.observed(AgentObservation(uid: agents.records[index].uid, kind: kind(), at: now)))
    }

    /// Notes which watched components a report says to be unhealthy, and what its agent takes for the time.
    mutating func observeHealth(
        _ facts: ReportFacts, of index: Int, at now: Instant, _ effects: inout ServerEffects
    ) {
        guard plan.observesAgents, plan.observesClocks || !plan.watchedComponents.isEmpty,
            let health = try? ComponentHealth(decoding: facts.encodedHealth)
        else { return }
        let time = health.statusTimeUnixNano
        if plan.observesClocks { observe(.clock(time), of: index, at: now, &effects) }
        guard !plan.watchedComponents.isEmpty else { return }
        let unhealthy = health.unhealthy(among: plan.watchedComponents)
        observe(.components(unhealthy: unhealthy), of: index, at: now, &effects)
    }

    /// Notes what a report says about its configuration.
    mutating func observeStatus(_ facts: ReportFacts, of index: Int, at now: Instant, _ effects: inout ServerEffects) {
        guard plan.observesAgents, let stage = facts.remoteConfig.stage else { return }
        let known = offers.history(of: .remoteConfig).last { $0.offer.fingerprint == facts.remoteConfig.hash }
        var matches = true
        if stage == .applied, facts.parts.contains(.effectiveConfig), let offer = known?.offer {
            matches = offer.isPart(of: facts.encodedEffectiveConfig)
        }
        observe(.status(stage, revision: known?.offer.revision, matches: matches), of: index, at: now, &effects)
    }
}

extension Offer {
    /// Whether each file of an offered configuration is in an effective one.
    /// - Parameter bytes: an encoded EffectiveConfig; one that cannot be read has nothing in it.
    fileprivate func isPart(of bytes: [UInt8]) -> Bool {
        guard case .remoteConfig(let config) = content else { return true }
        let effective = try? EffectiveConfig(decoding: bytes)
        let files = effective?.configMap?.configMap ?? [:]
        return (config.config ?? AgentConfigMap()).configMap.allSatisfy { files[$0.key]?.body == $0.value.body }
    }
}
