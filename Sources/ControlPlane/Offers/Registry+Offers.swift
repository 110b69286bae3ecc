public import Basis
public import OpAMP

/// An agent's report about an offer, for observers of a rollout.
public struct OfferReport: Hashable, Sendable {
    public var uid: InstanceUID
    public var kind: OfferKind
    /// The reported revision; nil if its hash is of no offer that is for the agent now.
    public var revision: UInt32?
    public var stage: OfferStage
    /// When the report arrived.
    public var at: Instant
}

/// How many agents of a shard are at which stage of an offer.
public struct OfferCounts: Hashable, Sendable {
    /// Agents that it is for and that accept it.
    public internal(set) var meant = 0
    /// Of those: sent on the present connection or reported.
    public internal(set) var sent = 0
    private var stages = [Int](repeating: 0, count: OfferStage.allCases.count)

    init() {}

    /// Of those meant: agents that last reported this stage under the offer's hash.
    public internal(set) subscript(stage: OfferStage) -> Int {
        get { stages[Int(stage.rawValue)] }
        set { stages[Int(stage.rawValue)] = newValue }
    }
}

extension Registry {
    /// Adds an offer: the connected agents that it is for get it now, in steps of about 1 MiB; the others when they
    /// connect or poll. With several shards each registry is given the same offers.
    public mutating func offer(
        _ offer: Offer, to selection: Selection = .all, at now: Instant, _ effects: inout ServerEffects
    ) throws(OfferError) {
        guard plan.capabilities.contains(offer.kind.capability) else { throw .notDeclared(offer.kind) }
        guard offer.encoded.count + 256 <= plan.messageLimit else {
            throw .tooLarge(byteCount: offer.encoded.count, limit: plan.messageLimit)
        }
        guard offers.add(offer, for: selection) else { throw .tooMany(limit: OfferBook.limit) }
        startPush(at: now, &effects)
    }

    /// Withdraws an offer: the agents that had it are offered the one before it that is for them. An offer without a
    /// predecessor cannot be undone; the agents keep it.
    public mutating func withdraw(
        _ kind: OfferKind, revision: UInt32, at now: Instant, _ effects: inout ServerEffects
    ) throws(OfferError) {
        guard offers.withdraw(kind, revision: revision) else { throw .unknownRevision(kind, revision) }
        startPush(at: now, &effects)
    }

    /// Changes whom an offer in force is for: agents are added to a selection by uid, or taken from it. What is meant
    /// for them then is sent to those that are connected, with `pushes` at once, else with the answer to their next
    /// report. Linear in the agents named.
    public mutating func retarget(
        _ kind: OfferKind, revision: UInt32, adding added: [InstanceUID] = [], removing removed: [InstanceUID] = [],
        pushes: Bool = true, at now: Instant, _ effects: inout ServerEffects
    ) throws(OfferError) {
        guard offers.retarget(kind, revision: revision, adding: added, removing: removed) else {
            throw .unknownRevision(kind, revision)
        }
        guard pushes else { return }
        for uid in added + removed {
            guard let index = agents.index(of: uid) else { continue }
            bringUpToDate(index, at: now, &effects)
        }
        arm(at: now, &effects)
    }

    /// What was offered of the kind, oldest first, and which of it are withdrawn.
    public func history(of kind: OfferKind) -> [TargetedOffer] {
        offers.history(of: kind)
    }

    /// How many agents of this shard are at which stage of the offer of the given kind and revision. Walks over all of
    /// them: for a display, not for a message.
    public func counts(of kind: OfferKind, revision: UInt32) -> OfferCounts {
        var counts = OfferCounts()
        for index in 0..<agents.bound where agents.isOccupied(index) {
            let record = agents.records[index]
            guard let offer = current(kind, for: record), offer.revision == revision,
                offer.encoded(for: record.capabilities) != nil
            else { continue }
            let progress = record.progress(of: kind)
            counts.meant += 1
            if progress.sent == offer.fingerprint || progress.reported == offer.fingerprint { counts.sent += 1 }
            if progress.reported == offer.fingerprint, let stage = progress.stage { counts[stage] += 1 }
        }
        return counts
    }

    /// The offer that is meant for the agent; connection settings with the agent's own certificate, where it has one.
    func current(_ kind: OfferKind, for record: AgentRecord) -> Offer? {
        let standing = offers.current(kind, for: record.uid) { key in labels.text(record.labels, key: key) }
        guard kind == .connectionSettings, let certificate = record.certificate else { return standing }
        return certificate.merged(into: standing, plan: plan)
    }

    /// Stores an agent's report about an offer, and notifies observers of a change.
    mutating func receive(
        _ status: ReportFacts.OfferStatus, of index: Int, _ kind: OfferKind,
        _ path: WritableKeyPath<AgentRecord, OfferProgress>, at now: Instant, _ effects: inout ServerEffects
    ) {
        let former = agents.records[index][keyPath: path]
        agents.records[index][keyPath: path].reported = status.hash
        agents.records[index][keyPath: path].stage = status.stage
        guard plan.observesOffers, former.reported != status.hash || former.stage != status.stage,
            let stage = status.stage
        else { return }
        let record = agents.records[index]
        let revision = current(kind, for: record).flatMap { $0.fingerprint == status.hash ? $0.revision : nil }
        effects.list.append(
            .reported(OfferReport(uid: record.uid, kind: kind, revision: revision, stage: stage, at: now)))
    }

    /// Adds what the agent should have and has not reported (spec: RemoteConfigStatus.last_remote_config_hash,
    /// ConnectionSettingsStatus.last_connection_settings_hash, PackageStatuses.server_provided_all_packages_hash).
    /// - Parameter received: What the report that is being answered says; empty in a push.
    mutating func addOffers(
        to index: Int, hearing received: ReportFacts.Parts, at now: Instant, _ parts: inout AnswerExtra.Parts,
        _ effects: inout ServerEffects
    ) {
        let isSettled = agents.records[index].settled == offers.generation
        if isSettled, received.isDisjoint(with: [.remoteConfigStatus, .packageStatuses, .settingsStatus]) { return }
        agents.records[index].settled = offers.generation
        guard !offers.isEmpty || agents.records[index].certificate != nil else { return }
        if let bytes = due(.remoteConfig, \.remoteConfig, of: index, again: received.contains(.remoteConfigStatus)) {
            parts.remoteConfig = bytes
            counts.configOffers += 1
            if let revision = current(.remoteConfig, for: agents.records[index])?.revision {
                observe(.sent(revision: revision), of: index, at: now, &effects)
            }
        }
        if let bytes = due(.packages, \.packages, of: index, again: received.contains(.packageStatuses)) {
            parts.packages = bytes
            counts.packageOffers += 1
        }
        if let bytes = due(.connectionSettings, \.settings, of: index, again: received.contains(.settingsStatus)) {
            parts.connectionSettings = bytes
            counts.settingsOffers += 1
        }
    }

    /// One kind of offer, where the agent is to get it now.
    /// - Parameter again: Whether the agent just reported a hash, so that another one than the offer's means that it
    ///   has to be offered again.
    private mutating func due(
        _ kind: OfferKind, _ path: WritableKeyPath<AgentRecord, OfferProgress>, of index: Int, again: Bool
    ) -> [UInt8]? {
        guard let offer = current(kind, for: agents.records[index]) else { return nil }
        let progress = agents.records[index][keyPath: path]
        guard progress.reported != offer.fingerprint else { return nil }
        let isRepeated = progress.sent == offer.fingerprint
        guard !isRepeated || again else { return nil }
        guard !isRepeated || progress.times < Self.timesOffered else {
            counts.offersExhausted += 1
            return nil
        }
        guard let bytes = offer.encoded(for: agents.records[index].capabilities) else { return nil }
        agents.records[index][keyPath: path].sent = offer.fingerprint
        agents.records[index][keyPath: path].times = isRepeated ? progress.times + 1 : 1
        return bytes
    }

    /// How often an agent that keeps reporting another hash is offered the same thing on one connection: without a
    /// bound, one that reports at once would be offered it for ever, at full speed.
    static let timesOffered: UInt8 = 16
}

extension OfferKind {
    /// What a server has to declare to make such offers.
    var capability: ServerCapabilities {
        switch self {
        case .remoteConfig: .offersRemoteConfig
        case .packages: .offersPackages
        case .connectionSettings: .offersConnectionSettings
        }
    }
}

extension AgentRecord {
    func progress(of kind: OfferKind) -> OfferProgress {
        switch kind {
        case .remoteConfig: remoteConfig
        case .packages: packages
        case .connectionSettings: settings
        }
    }
}

extension ServerPlan {
    /// The revision of the offer that the plan's heartbeat interval makes.
    public static let heartbeatRevision = UInt32.max

    /// The interval as an offer; nil when the plan has none, or the server is not to offer connection settings.
    var heartbeatSettings: Offer? {
        guard let heartbeatInterval, capabilities.contains(.offersConnectionSettings) else { return nil }
        let settings = OpAMPConnectionSettings(
            destinationEndpoint: advertisedEndpoint, heartbeatIntervalSeconds: Self.wholeSeconds(heartbeatInterval))
        return Offer(
            revision: Self.heartbeatRevision, .connectionSettings(ConnectionSettingsOffers(opamp: settings)))
    }

    /// At least one second: zero would switch heartbeats off (spec: heartbeat_interval_seconds).
    static func wholeSeconds(_ interval: Nanoseconds) -> UInt64 {
        UInt64(max(1, interval.seconds.rounded()))
    }
}
