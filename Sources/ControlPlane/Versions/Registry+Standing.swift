public import Basis
public import OpAMP
public import Rollout

/// How many agents a layer or a channel is for, and how many of them a change gives something else.
public struct TouchedAgents: Hashable, Sendable {
    public var meant = 0
    public var changed = 0

    public init() {}

    public static func + (left: TouchedAgents, right: TouchedAgents) -> TouchedAgents {
        var sum = left
        sum.meant += right.meant
        sum.changed += right.changed
        return sum
    }
}

/// What an agent is meant to have of the layers and the channels.
public struct ServedAgent: Sendable {
    public var layers: [String]
    public var channel: String?
    /// What is offered to it; nil: nothing is.
    public var configuration: Offer?
    public var packages: Offer?
    /// Whether it reported the configuration's hash last.
    public var hasReportedConfiguration: Bool
}

extension Registry {
    /// Serves other layers and channels: connected agents for which that makes a difference are offered it now, the
    /// others when they connect or poll. An agent that an offer of its own is for keeps that one.
    /// - Throws: where the server does not declare such offers.
    public mutating func stand(
        _ standing: StandingOffers, at now: Instant, _ effects: inout ServerEffects
    ) throws(OfferError) {
        for kind in [OfferKind.remoteConfig, .packages] where !plan.capabilities.contains(kind.capability) {
            throw .notDeclared(kind)
        }
        // Of two changes that arrive in the wrong order the later one is served.
        guard standing.revision > offers.standing?.revision ?? 0 else { return }
        offers.stand(standing)
        startPush(at: now, &effects)
    }

    /// How many of the agents of this shard are touched where layers and channels are replaced by others. Walks over
    /// all of them: for a display, not for a message.
    public func touched(by standing: StandingOffers, _ name: VersionBook.Name) -> TouchedAgents {
        var count = TouchedAgents()
        let kind: OfferKind = name.kind == .layer ? .remoteConfig : .packages
        for index in 0..<agents.bound where agents.isOccupied(index) && isOurs(index) {
            let record = agents.records[index]
            let label = { (key: String) in labels.text(record.labels, key: key) }
            guard standing.isMet(name, by: record.uid, label: label) else { continue }
            count.meant += 1
            let before = offers.standing?.offer(kind, for: record.uid, label: label)
            if before?.fingerprint != standing.offer(kind, for: record.uid, label: label)?.fingerprint {
                count.changed += 1
            }
        }
        return count
    }

    /// What an agent is meant to have; nil: this shard does not know it.
    public func served(_ uid: InstanceUID) -> ServedAgent? {
        guard let index = agents.index(of: uid), isOurs(index) else { return nil }
        let record = agents.records[index]
        let names = offers.standing?.names(for: uid) { key in labels.text(record.labels, key: key) }
        let configuration = current(.remoteConfig, for: record)
        return ServedAgent(
            layers: names?.layers ?? [], channel: names?.channel, configuration: configuration,
            packages: current(.packages, for: record),
            hasReportedConfiguration: configuration?.fingerprint == record.remoteConfig.reported)
    }
}
