internal import Basis
internal import OpAMP

extension Registry {
    /// Compares the report's number with the last one, and asks for the full state where something was missed (spec:
    /// Agent Status Compression).
    mutating func followSequence(of index: Int, _ facts: ReportFacts, _ answer: inout Answer) {
        let isKnown = agents.records[index].traits.contains(.received)
        if !(facts.isBare && isKnown) {
            if isKnown, facts.sequenceNumber != agents.records[index].sequenceNumber &+ 1 {
                let isRepeat = facts.sequenceNumber == agents.records[index].sequenceNumber
                if isRepeat { counts.repeats += 1 } else { counts.gaps += 1 }
                agents.records[index].traits.remove(.stateComplete)
                agents.records[index].fullStateAsks = 0
            }
            agents.records[index].sequenceNumber = facts.sequenceNumber
            agents.records[index].cell?.publish(facts.sequenceNumber)
        }
        if !facts.capabilities.isEmpty, agents.records[index].capabilities != facts.capabilities {
            agents.records[index].capabilities = facts.capabilities
            agents.records[index].settled = 0
        }
        agents.records[index].traits.insert(.received)
        guard !agents.records[index].traits.contains(.stateComplete), !facts.parts.contains(.agentDisconnect) else {
            return
        }
        let asks = agents.records[index].fullStateAsks
        // The reply to the question has the description; some parts an agent may declare and yet never have.
        let isComplete = asks == 0 ? !facts.isCompressed : facts.parts.contains(.description)
        if isComplete || asks >= Self.fullStateAsks {
            agents.records[index].traits.insert(.stateComplete)
            agents.records[index].fullStateAsks = 0
        } else {
            agents.records[index].fullStateAsks = asks + 1
            answer.flags.insert(.reportFullState)
            counts.fullStateRequests += 1
        }
    }

    /// How often in a row the full state is asked for before the server makes do with what it has: an agent that cannot
    /// give it would otherwise be asked for ever, and at full speed by one that replies at once.
    static let fullStateAsks: UInt8 = 3

    /// Stores what the report says.
    mutating func note(
        _ facts: ReportFacts, of index: Int, on id: ConnectionID, at now: Instant, _ effects: inout ServerEffects
    ) {
        agents.records[index].lastReport = now
        guard !facts.parts.isEmpty else { return }
        if facts.parts.contains(.description), agents.records[index].description != facts.description {
            keep(facts.description, facts.encodedDescription, of: index, \.description)
            if let description = facts.labels {
                agents.records[index].labels = labels.row(for: description)
                if agents.records[index].labels == nil { counts.namesDiscarded += 1 }
            }
            agents.records[index].settled = 0
        }
        if facts.parts.contains(.health) {
            keep(facts.health, facts.encodedHealth, of: index, \.health)
            if agents.records[index].traits.contains(.healthy) != facts.isHealthy {
                observe(facts.isHealthy ? .healthy : .unhealthy, of: index, at: now, &effects)
            }
            set(.healthy, of: index, to: facts.isHealthy)
            observeHealth(facts, of: index, at: now, &effects)
        }
        if facts.parts.contains(.effectiveConfig) {
            keep(facts.effectiveConfig, facts.encodedEffectiveConfig, of: index, \.effectiveConfig)
        }
        if facts.parts.contains(.remoteConfigStatus) {
            receive(facts.remoteConfig, of: index, .remoteConfig, \.remoteConfig, at: now, &effects)
            observeStatus(facts, of: index, at: now, &effects)
        }
        if facts.parts.contains(.packageStatuses) {
            receive(facts.packages, of: index, .packages, \.packages, at: now, &effects)
        }
        if facts.parts.contains(.settingsStatus) {
            receive(facts.settings, of: index, .connectionSettings, \.settings, at: now, &effects)
        }
        if facts.parts.contains(.customCapabilities) {
            agents.records[index].customCapabilities = customs.shared(facts.customCapabilities)
            if agents.records[index].customCapabilities == nil { counts.namesDiscarded += 1 }
        }
        if let message = facts.customMessage { receive(message, of: index, on: id, &effects) }
    }

    private mutating func set(_ trait: AgentRecord.Traits, of index: Int, to isSet: Bool) {
        if isSet { agents.records[index].traits.insert(trait) } else { agents.records[index].traits.remove(trait) }
    }

    /// Passes a custom message on; those of capabilities that the server does not have are ignored (spec:
    /// CustomCapabilities).
    private mutating func receive(
        _ message: CustomMessage, of index: Int, on id: ConnectionID, _ effects: inout ServerEffects
    ) {
        guard plan.customCapabilities.contains(message.capability) else {
            counts.customIgnored += 1
            return
        }
        counts.customReceived += 1
        if case .paused(let isPaused)? = CustomReply(message) { set(.paused, of: index, to: isPaused) }
        effects.list.append(
            .received(ReceivedCustomMessages(uid: agents.records[index].uid, connection: id, message: message)))
    }

    /// The server's capabilities go into the first answer to an agent on a connection (spec:
    /// ServerToAgent.capabilities); plain HTTP has no connections, so there into every one.
    mutating func greet(_ index: Int, on slot: Int, _ answer: inout Answer) {
        guard connections.slots[slot].stage == .polling || !agents.records[index].traits.contains(.greeted) else {
            return
        }
        agents.records[index].traits.insert(.greeted)
        answer.greets = true
        answer.namesCustomCapabilities = encoder.customCapabilities != nil
    }

    /// Asks for the details of available components whose hash is new to the server (spec: AvailableComponents, Initial
    /// Handshake).
    mutating func askForComponents(_ index: Int, _ facts: ReportFacts, _ answer: inout Answer) {
        guard facts.parts.contains(.components) else { return }
        agents.records[index].components = facts.components
        if facts.hasComponentDetails {
            components.learn(facts.components)
        } else if plan.asksForComponents, agents.records[index].capabilities.contains(.reportsAvailableComponents),
            !components.knows(facts.components)
        {
            answer.flags.insert(.reportAvailableComponents)
            counts.componentRequests += 1
        }
    }
}

/// The hashes of available components that were reported in full.
struct KnownComponents: Sendable {
    /// Agents of one build share a hash, so a fleet has few; beyond this many, further ones are not asked for.
    static let limit = 65_536

    private var hashes: Set<Fingerprint> = []

    mutating func learn(_ hash: Fingerprint) {
        if hashes.count < Self.limit { hashes.insert(hash) }
    }

    func knows(_ hash: Fingerprint) -> Bool {
        hashes.contains(hash) || hashes.count >= Self.limit
    }
}
