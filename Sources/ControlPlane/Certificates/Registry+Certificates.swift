public import Basis
public import OpAMP

/// An HTTP poll with a certificate request: its answer waits for the decision, because nothing could be sent later.
struct DeferredAnswer: Sendable {
    var agent: InstanceUID
    /// Of the agent, when it asked.
    var capabilities: AgentCapabilities
    var connection: ConnectionID
    var answer: Answer
}

extension Registry {
    /// Requests that wait for a decision at once; more are answered UNAVAILABLE, so that a wave of them is bounded.
    static let certificateRequestLimit = 100_000
    /// The size of a request, bytes: one with a key of 16,384 bits and many names fits.
    static let certificateRequestBytes = 16 << 10

    /// The certificate was issued: the agent is offered OpAMP connection settings with it. The private key stays with
    /// the agent, so `certificate.privateKey` is to be empty. A ticket that was decided already is ignored.
    public mutating func issued(
        _ ticket: CertificateTicket, certificate: TLSCertificate, at now: Instant, _ effects: inout ServerEffects
    ) {
        guard tickets.remove(ticket.number) != nil else { return }
        counts.certificatesIssued += 1
        if let deferred = takeDeferred(ticket.number) {
            guard let slot = resume(deferred) else { return }
            let offer = IssuedCertificate(certificate).merged(into: standingSettings(for: ticket.uid), plan: plan)
            remember(certificate, offer, for: ticket.uid)
            leave(ticket.uid)
            var parts = deferred.answer.extra?.parts ?? AnswerExtra.Parts()
            parts.connectionSettings = offer.encoded(for: deferred.capabilities)
            var answer = deferred.answer
            answer.kind = .answer
            answer.extra = AnswerExtra(parts)
            counts.settingsOffers += 1
            return reply(answer, on: slot, deferred.connection, at: now, &effects)
        }
        guard let index = agents.index(of: ticket.uid), isOurs(index) else { return }
        agents.records[index].certificate = IssuedCertificate(certificate)
        agents.records[index].settled = 0
        bringUpToDate(index, at: now, &effects)
        arm(at: now, &effects)
    }

    /// There will be no certificate (spec: Agent-initiated CSR Flow: BAD_REQUEST). A ticket that was decided already is
    /// ignored.
    public mutating func declined(
        _ ticket: CertificateTicket, reason: String, at now: Instant, _ effects: inout ServerEffects
    ) {
        guard tickets.remove(ticket.number) != nil else { return }
        if let deferred = takeDeferred(ticket.number) {
            guard let slot = resume(deferred) else { return }
            leave(ticket.uid)
            return refuse(deferred.answer.uid, reason, on: slot, deferred.connection, at: now, &effects)
        }
        guard let slot = connections.index(of: ticket.connection), connections.slots[slot].stage == .webSocket else {
            return
        }
        let error = AnswerExtra(error: ServerErrorResponse(type: .badRequest, errorMessage: reason))
        push(Answer(uid: ticket.uid, kind: .push, extra: error), on: slot, ticket.connection, at: now, &effects)
    }

    /// What becomes of the connection_settings_request of a report.
    enum CertificateDecision {
        /// Nothing that the server could act on: there is no request, it is empty, or the server issues no certificates
        /// and has not said that it does. The report is answered like any other (ConnectionSettingsRequest.opamp).
        case none
        /// A certificate is to be issued for the signing request.
        case issue([UInt8])
        case refuse(AnswerExtra)
        /// Too many requests wait already: the agent is to come again (Throttling).
        case throttle
    }

    /// Decides on the request of a report that was taken in.
    mutating func certificateDecision(on facts: ReportFacts, of index: Int) -> CertificateDecision {
        guard facts.parts.contains(.settingsRequest) else { return .none }
        counts.certificateRequests += 1
        guard plan.issuesCertificates, encoder.capabilities.contains(.acceptsConnectionSettingsRequest),
            let request = facts.certificateRequest, !request.isEmpty
        else { return .none }
        if let flaw = flaw(in: request, of: index) {
            counts.badRequests += 1
            return .refuse(AnswerExtra(error: ServerErrorResponse(type: .badRequest, errorMessage: flaw)))
        }
        guard tickets.count < min(Self.certificateRequestLimit, plan.queueLimit) else {
            counts.throttled += 1
            return .throttle
        }
        return .issue(request)
    }

    private func flaw(in request: [UInt8], of index: Int) -> String? {
        guard request.count <= Self.certificateRequestBytes else {
            return
                "the signing request has \(request.count) bytes; \(Self.certificateRequestBytes) are allowed"
        }
        guard agents.records[index].capabilities.contains(.acceptsOpAMPConnectionSettings) else {
            return "a certificate cannot be offered to an agent without AcceptsOpAMPConnectionSettings"
        }
        return nil
    }

    /// Hands the request on.
    /// - Returns: Whether the answer to the report waits for the decision.
    mutating func requestCertificate(
        _ request: [UInt8], of index: Int, answering answer: Answer, on slot: Int, _ id: ConnectionID,
        _ effects: inout ServerEffects
    ) -> Bool {
        nextTicket += 1
        let uid = agents.records[index].uid
        let ticket = CertificateTicket(number: nextTicket, uid: uid, connection: id, request: request)
        tickets.insert(ticket.number)
        effects.list.append(.certificateRequested(ticket))
        guard connections.slots[slot].stage == .polling else { return false }
        deferred[ticket.number] = DeferredAnswer(
            agent: uid, capabilities: agents.records[index].capabilities, connection: id, answer: answer)
        deferredTickets[id, default: []].insert(ticket.number)
        connections.slots[slot].waiting += 1
        counts.waiting += 1
        return true
    }

    /// Answers that waited for a decision on a connection that ended are abandoned.
    mutating func abandonDeferred(on id: ConnectionID) {
        for number in deferredTickets.removeValue(forKey: id) ?? [] {
            guard let waiting = deferred.removeValue(forKey: number) else { continue }
            tickets.remove(number)
            leave(waiting.agent)
            counts.waiting -= 1
            counts.abandoned += 1
        }
    }

    private mutating func takeDeferred(_ number: UInt64) -> DeferredAnswer? {
        guard let waiting = deferred.removeValue(forKey: number) else { return nil }
        deferredTickets[waiting.connection]?.remove(number)
        if deferredTickets[waiting.connection]?.isEmpty == true { deferredTickets[waiting.connection] = nil }
        return waiting
    }

    /// The slot on which a deferred answer can be given.
    private mutating func resume(_ waiting: DeferredAnswer) -> Int? {
        counts.waiting -= 1
        guard let slot = connections.index(of: waiting.connection) else {
            counts.abandoned += 1
            return nil
        }
        connections.slots[slot].waiting -= 1
        guard connections.slots[slot].stage != .ending else {
            counts.abandoned += 1
            return nil
        }
        return slot
    }

    private func standingSettings(for uid: InstanceUID) -> Offer? {
        offers.current(.connectionSettings, for: uid) { key in
            agents.index(of: uid).flatMap { labels.text(agents.records[$0].labels, key: key) }
        }
    }

    /// A polling agent whose answer was deferred is not this shard's any longer.
    private mutating func leave(_ uid: InstanceUID) {
        guard let index = agents.index(of: uid), agents.records[index].connection == AgentTable.none else { return }
        unbind(index)
    }

    /// Keeps the certificate with the agent, so that it is in later offers too.
    private mutating func remember(_ certificate: TLSCertificate, _ offer: Offer, for uid: InstanceUID) {
        guard let index = agents.index(of: uid), isOurs(index) else { return }
        agents.records[index].certificate = IssuedCertificate(certificate)
        agents.records[index].settings.sent = offer.fingerprint
        agents.records[index].settings.times = 1
    }
}
