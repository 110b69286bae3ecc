public import Basis
import Matching
public import OpAMP

/// Processing what the server sends.
extension Agent {
    /// An invalid ServerToAgent was received. The connection is closed with the code for the reason, and opened again.
    public mutating func receivedMalformed(_ what: MalformedAnswer, at now: Instant, _ effects: inout Effects) {
        effects.count(.malformedAnswer)
        guard life.phase.session != nil else { return }
        let wait = backoff.rejected(reconnectPolicy(&effects), &random)
        close(
            code: what.closeCode, afterwards: .reconnect(at: now + wait), because: .malformedAnswer(what), at: now,
            &effects)
    }

    /// A ServerToAgent was received, still in its bytes. An acknowledgement, the usual case, is processed without
    /// allocation; anything else is copied out.
    public mutating func received(_ answer: borrowing ServerToAgentView, at now: Instant, _ effects: inout Effects) {
        guard answer.isAcknowledgement, acceptsMessages, isAddressedHere(answer.instanceUID) else {
            return received(answer.answer(), at: now, &effects)
        }
        receivedAcknowledgement(answer.capabilities, at: now, &effects)
    }

    /// An answer was received that has nothing but the capabilities of the server.
    package mutating func receivedAcknowledgement(
        _ capabilities: ServerCapabilities, at now: Instant, _ effects: inout Effects
    ) {
        matchAnswer(.bare, at: now, &effects)
        if !capabilities.isEmpty, life.phase.session != nil { serverCapabilities = capabilities }
        if !changes.isEmpty, !isHoldingChanges { reportChanges(at: now, &effects) }
        requestCertificate(at: now, &effects)
        messageTaken(at: now, &effects)
    }

    /// A ServerToAgent was received, as a value.
    public mutating func received(_ answer: ServerToAgent, at now: Instant, _ effects: inout Effects) {
        guard acceptsMessages else { return effects.count(.eventOutOfState) }
        // A message for another agent is no answer to this one.
        guard isAddressedHere(answer.instanceUID) else { return effects.count(.foreignMessage) }
        if let error = answer.errorResponse {
            let kind = matchAnswer(.error, at: now, &effects)
            refused(error, of: kind, isAlone: answer.isOnlyAnError, at: now, &effects)
        } else {
            matchAnswer(answer.isBare ? .bare : .offer, to: reportNumber(in: answer), at: now, &effects)
            if life.phase.session != nil { take(answer, at: now, &effects) }
        }
        messageTaken(at: now, &effects)
    }

    /// A message has been processed.
    @inline(__always)
    mutating func messageTaken(at now: Instant, _ effects: inout Effects) {
        if outstandingReports == 0 { sendNextOfClosedLoop(at: now, &effects) }
        if flags.contains(.leaving) { leaveIfAnswered(at: now, &effects) }
        setTimer(&effects)
    }

    /// Whether there is a connection to receive messages from.
    var acceptsMessages: Bool {
        switch life.phase {
        case .connected, .running, .configuring, .updating, .closing: return true
        case .initializing, .connecting, .backingOff, .restarting, .disconnected: return false
        }
    }

    /// Whether a message is for this agent: it has its uid, or none.
    public func isAddressee(of answer: borrowing ServerToAgentView) -> Bool { isAddressedHere(answer.instanceUID) }

    /// Whether a message is for this agent. One without a uid is: there is no other agent on the connection.
    func isAddressedHere(_ uid: InstanceUIDField) -> Bool {
        switch uid {
        case .absent: return true
        case .uid(let uid): return uid == instanceUID || uid == extended?.value.formerInstanceUID
        case .malformed: return false
        }
    }

    /// The server could not process a report (ServerErrorResponse).
    /// - Parameter kind: what was refused, as far as it is known.
    private mutating func refused(
        _ error: ServerErrorResponse, of kind: ReportKind?, isAlone: Bool, at now: Instant, _ effects: inout Effects
    ) {
        if !isAlone { effects.count(.errorWithContent) }
        switch error.type {
        case .badRequest:
            // Not sent again: the next report would be as malformed as this one (Bad Request).
            effects.count(.badRequest)
            changes.confirm()
            if flags.contains(.askedForCertificate), kind == .request { effects.count(.certificateRefused) }
            if case .connected = life.phase {
                _ = step(.firstReportAnswered(work), because: .firstAnswer, at: now, &effects)
            }
            leaveRefusedTrial(at: now, &effects)
        case .unavailable:
            effects.count(.unavailable)
            // As at an upgrade: a server that has no time for the agent on new settings is no reason to stay with them.
            guard life.phase.session != nil, !leaveRefusedTrial(at: now, &effects) else { return }
            throttled(error.retryInfo, at: now, &effects)
        case .unknown, .unrecognized:
            // Not sent again either (ServerErrorResponse.type).
            effects.count(.unknownError)
            changes.confirm()
            leaveRefusedTrial(at: now, &effects)
        }
    }

    /// A server that answers settings on trial with an error refuses the agent on them: back to the old ones.
    /// - Returns: Whether settings were on trial.
    @discardableResult
    private mutating func leaveRefusedTrial(at now: Instant, _ effects: inout Effects) -> Bool {
        guard life.phase.session != nil,
            revertSettings("the server refused the agent on the new settings", at: now, &effects)
        else { return false }
        close(code: 1000, afterwards: .reconnect(at: now), because: .newConnectionSettings, at: now, &effects)
        return true
    }

    /// The server is overloaded: disconnect, wait, reconnect (Throttling).
    private mutating func throttled(_ retry: RetryInfo?, at now: Instant, _ effects: inout Effects) {
        guard honoursThrottling else {
            if faults.has(.ignoresThrottling) { effects.fault(.ignoresThrottling) }
            return
        }
        let asked = retry.map { Nanoseconds(Int64(clamping: $0.retryAfterNanoseconds)) }
        let wait = backoff.throttled(reconnectPolicy(&effects), asked: asked, &random)
        close(code: 1000, afterwards: .reconnect(at: now + wait), because: .throttled, at: now, &effects)
    }

    /// Processes a message that is no error.
    private mutating func take(_ answer: ServerToAgent, at now: Instant, _ effects: inout Effects) {
        if !answer.capabilities.isEmpty { serverCapabilities = answer.capabilities }
        // A command makes the agent ignore everything beside it (ServerToAgent.command).
        if let command = answer.command, commanded(command, at: now, &effects) { return }
        flags.insert(.takingAnswer)
        if answer.flags.contains(.reportFullState) {
            effects.count(.fullStateRequested)
            changes.insert(.full)
        }
        if answer.flags.contains(.reportAvailableComponents) {
            effects.count(.componentsRequested)
            changes.insert(.componentList)
        }
        if let offer = answer.connectionSettings { settingsOffered(offer, at: now, &effects) }
        if let identification = answer.agentIdentification { identified(identification, &effects) }
        if let offer = answer.remoteConfig { configOffered(offer, at: now, &effects) }
        if let offer = answer.packagesAvailable { packagesOffered(offer, at: now, &effects) }
        flags.remove(.takingAnswer)
        reportChanges(kind(for: answer.flags), at: now, &effects)
        if let message = answer.customMessage { customMessageCame(message, at: now, &effects) }
        requestCertificate(at: now, &effects)
        switchConnection(at: now, &effects)
    }

    private func kind(for flags: ServerToAgentFlags) -> ReportKind {
        if flags.contains(.reportFullState) { return .fullState }
        return flags.contains(.reportAvailableComponents) ? .components : .status
    }

    /// The server gave the agent another identity, to be used from now on (ServerToAgent.agent_identification).
    private mutating func identified(_ identification: AgentIdentification, _ effects: inout Effects) {
        switch identification.newInstanceUID {
        case .absent:
            break
        case .malformed:
            effects.count(.badInstanceUIDAssigned)
        case .uid(let uid):
            guard uid.high | uid.low != 0 else { return effects.count(.badInstanceUIDAssigned) }
            effects.count(.instanceUIDAssigned)
            flags.remove(.wantsInstanceUID)
            guard uid != instanceUID else { return }
            let former = instanceUID
            withExtendedState { $0.formerInstanceUID = former }
            instanceUID = uid
            // A certificate that names the former uid is of no use any more (Using instance_uid in the CSR).
            flags.remove(.askedForCertificate)
            if cohort.plan.description.namesInstanceUID { changes.insert(.description) }
        }
    }
}

extension ServerToAgent {
    /// Whether nothing but the addressee and the error is set, as must be (ServerToAgent.error_response).
    fileprivate var isOnlyAnError: Bool { isBare && capabilities.isEmpty }

    /// Whether it asks for nothing and offers nothing.
    fileprivate var isBare: Bool {
        remoteConfig == nil && connectionSettings == nil && packagesAvailable == nil && flags.isEmpty
            && agentIdentification == nil && command == nil && customCapabilities == nil && customMessage == nil
    }
}
