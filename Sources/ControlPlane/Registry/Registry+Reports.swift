public import Basis
internal import OpAMP

extension Registry {
    /// Takes in one report and sees that it is answered: exactly once, now or later, whatever is in it (spec: Status
    /// Reporting).
    ///
    /// On a connection that asked for no upgrade this is an HTTP poll, answered by one `.send` or one `.refuse`.
    /// - Parameter bytes: An AgentToServer message without WebSocket message header; not kept.
    public mutating func received(
        bytes: RawSpan, from id: ConnectionID, at now: Instant, _ effects: inout ServerEffects
    ) {
        guard let slot = receivingSlot(id) else { return }
        counts.reports += 1
        counts.bytesIn += UInt64(bytes.byteCount)
        do throws(DecodingError) {
            let view = try AgentToServerView(bytes)
            guard let uid = view.instanceUID.uid else {
                return badRequest(
                    nil, "instance_uid must be 16 bytes (AgentToServer.instance_uid)", on: slot, id, at: now, &effects)
            }
            if view.isHeartbeat, acknowledgesHeartbeat(of: uid, view, on: slot, id, at: now, &effects) { return }
            let facts = ReportFacts(
                uid: uid, view, in: bytes, needsLabels: !labels.isEmpty,
                keepsMessages: keepsMessages || plan.observesAgents, &decoder)
            classify(facts)
            takeIn(facts, from: slot, id, at: now, &effects)
        } catch {
            badRequest(nil, error.description, on: slot, id, at: now, &effects)
        }
    }

    /// A message arrived that is not even a report: wrong WebSocket message header, a text message, a body that could
    /// not be decompressed (spec: Bad Request).
    public mutating func receivedMalformed(
        _ reason: String, byteCount: Int, from id: ConnectionID, at now: Instant, _ effects: inout ServerEffects
    ) {
        guard let slot = receivingSlot(id) else { return }
        counts.reports += 1
        counts.bytesIn += UInt64(max(0, byteCount))
        badRequest(nil, reason, on: slot, id, at: now, &effects)
    }

    /// The slot of a connection over which reports may come. One that asked for no upgrade carries polls from now on.
    private mutating func receivingSlot(_ id: ConnectionID) -> Int? {
        guard let slot = connections.index(of: id) else {
            counts.strays += 1
            return nil
        }
        switch connections.slots[slot].stage {
        case .webSocket, .polling: return slot
        case .undecided:
            connections.slots[slot].stage = .polling
            return slot
        case .free, .upgrading, .ending:
            counts.strays += 1
            return nil
        }
    }

    private mutating func classify(_ facts: ReportFacts) {
        if facts.parts.isEmpty {
            counts.heartbeats += 1
        } else if facts.parts.contains(.agentDisconnect) {
            counts.agentDisconnects += 1
        } else if facts.parts.contains(.description) {
            counts.fullReports += 1
        } else {
            counts.statusReports += 1
        }
    }

    /// Replies BAD_REQUEST to a report counted as malformed.
    private mutating func badRequest(
        _ uid: InstanceUID?, _ reason: String, on slot: Int, _ id: ConnectionID, at now: Instant,
        _ effects: inout ServerEffects
    ) {
        counts.malformed += 1
        refuse(uid, reason, on: slot, id, at: now, &effects)
    }

    /// Replies BAD_REQUEST.
    mutating func refuse(
        _ uid: InstanceUID?, _ reason: String, on slot: Int, _ id: ConnectionID, at now: Instant,
        _ effects: inout ServerEffects
    ) {
        counts.badRequests += 1
        let error = ServerErrorResponse(type: .badRequest, errorMessage: reason)
        reply(.error(uid, AnswerExtra(error: error)), on: slot, id, at: now, &effects)
    }

    private mutating func takeIn(
        _ facts: ReportFacts, from slot: Int, _ id: ConnectionID, at now: Instant, _ effects: inout ServerEffects
    ) {
        let isAgentDisconnect = facts.parts.contains(.agentDisconnect)
        guard isAgentDisconnect || isAdmitted(facts, on: slot, id, at: now, &effects) else { return }
        var answer = Answer.acknowledgement(facts.uid)
        var parts = AnswerExtra.Parts()
        let index: Int
        switch recognise(facts, on: slot, id, at: now) {
        case .known(let agent): index = agent
        case .renamed(let agent):
            index = agent
            parts.newUID = agents.records[agent].uid
        case .full:
            counts.registryFull += 1
            return reply(.error(facts.uid, full), on: slot, id, at: now, &effects)
        }
        if connections.slots[slot].stage == .webSocket, !agents.records[index].traits.contains(.greeted) {
            observe(.connected, of: index, at: now, &effects)
        }
        followSequence(of: index, facts, &answer)
        note(facts, of: index, on: id, at: now, &effects)
        var isDeferred = false
        var decision = CertificateDecision.none
        if !isAgentDisconnect {
            decision = certificateDecision(on: facts, of: index)
            if let error = soleError(of: decision, on: slot) {
                release(index, on: slot)
                return reply(.error(facts.uid, error), on: slot, id, at: now, &effects)
            }
            addWishes(of: index, facts, on: slot, at: now, &answer, &parts, &effects)
        }
        greet(index, on: slot, &answer)
        if !parts.isEmpty { answer.extra = AnswerExtra(parts) }
        if answer.extra != nil || !answer.flags.isEmpty || answer.greets { answer.kind = .answer }
        if parts.command != nil { answer.namesCustomCapabilities = false }
        if plan.echoesSequence { name(facts.sequenceNumber, of: index, in: &answer) }
        if isAgentDisconnect {
            agents.records[index].traits.insert(.sentAgentDisconnect)
            if agents.records[index].connection != AgentTable.none {
                observe(.disconnected, of: index, at: now, &effects)
            }
            unbind(index)
        } else if case .issue(let request) = decision {
            isDeferred = requestCertificate(request, of: index, answering: answer, on: slot, id, &effects)
        }
        guard !isDeferred else { return }
        if !isAgentDisconnect { release(index, on: slot) }
        reply(answer, on: slot, id, at: now, &effects)
        // An error is said alone (ServerToAgent.error_response), so it follows the answer with the offers.
        if case .refuse(let error) = decision {
            push(Answer(uid: agents.records[index].uid, kind: .push, extra: error), on: slot, id, at: now, &effects)
        }
    }

    /// The steady path: a heartbeat as expected, from the agent that its connection had last, to whom there is nothing
    /// to say but that it arrived. Says the same as the long way round, without looking for anything.
    /// - Returns: Whether it was that, and is answered.
    private mutating func acknowledgesHeartbeat(
        of uid: InstanceUID, _ view: borrowing AgentToServerView, on slot: Int, _ id: ConnectionID, at now: Instant,
        _ effects: inout ServerEffects
    ) -> Bool {
        let index = connections.slots[slot].firstAgent
        guard index != AgentTable.none, agents.records[index].uid == uid,
            agents.records[index].sequenceNumber &+ 1 == view.sequenceNumber,
            agents.records[index].capabilities == view.capabilities,
            agents.records[index].settled == offers.generation,
            agents.records[index].traits.isSuperset(of: [.received, .stateComplete, .greeted]), plan.throttle.share <= 0
        else { return false }
        if let cell = agents.records[index].cell {
            guard cell.owner == shard else { return false }
            cell.publish(view.sequenceNumber)
        }
        agents.records[index].sequenceNumber = view.sequenceNumber
        agents.records[index].lastReport = now
        counts.heartbeats += 1
        var answer = Answer.acknowledgement(uid)
        if plan.echoesSequence { name(view.sequenceNumber, of: index, in: &answer) }
        reply(answer, on: slot, id, at: now, &effects)
        return true
    }

    /// Names the report that an answer is to, where the agent declares that it understands that. A command is said
    /// alone.
    private func name(_ sequenceNumber: UInt64, of index: Int, in answer: inout Answer) {
        var parts = answer.extra?.parts ?? AnswerExtra.Parts()
        guard parts.command == nil, parts.customMessage == nil,
            agents.records[index].customCapabilities?.cells.contains(CustomCapability.sequence) == true
        else { return }
        let message = CustomMessage(
            capability: CustomCapability.sequence, type: "answer", data: Array("\(sequenceNumber)".utf8))
        parts.customMessage = message.encoded()
        answer.extra = AnswerExtra(parts)
    }

    /// Whether a report is processed, or refused or throttled by the plan.
    private mutating func isAdmitted(
        _ facts: ReportFacts, on slot: Int, _ id: ConnectionID, at now: Instant, _ effects: inout ServerEffects
    ) -> Bool {
        if plan.refusals.share > 0, connections.slots[slot].stage == .polling, random.chance(plan.refusals.share) {
            refusePoll(on: slot, id, at: now, &effects)
            return false
        }
        if plan.throttle.share > 0, random.chance(plan.throttle.share) {
            counts.throttled += 1
            reply(.error(facts.uid, throttled), on: slot, id, at: now, &effects)
            return false
        }
        return true
    }

    /// The error that is the only answer to a report: a poll has but one, and a throttled agent is told nothing else.
    private func soleError(of decision: CertificateDecision, on slot: Int) -> AnswerExtra? {
        switch decision {
        case .none, .issue: nil
        case .refuse(let error): connections.slots[slot].stage == .polling ? error : nil
        case .throttle: throttled
        }
    }

    /// After a poll the agent is not bound to a connection, and may poll on another shard.
    private mutating func release(_ index: Int, on slot: Int) {
        if connections.slots[slot].stage == .polling { unbind(index) }
    }

    /// Adds what the server wants of the agent or has for it. A command is sent alone (spec: ServerToAgent.command), so
    /// where there is something else to say it waits.
    private mutating func addWishes(
        of index: Int, _ facts: ReportFacts, on slot: Int, at now: Instant, _ answer: inout Answer,
        _ parts: inout AnswerExtra.Parts, _ effects: inout ServerEffects
    ) {
        askForComponents(index, facts, &answer)
        let mayBeCommanded = parts.isEmpty && answer.flags.isEmpty && !facts.parts.contains(.settingsRequest)
        if mayBeCommanded, connections.slots[slot].stage == .polling, addNotice(to: index, &parts) { return }
        addOffers(to: index, hearing: facts.parts, at: now, &parts, &effects)
    }
}
