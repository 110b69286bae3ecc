import Basis
import OTLP
import OpAMP
import OrderedCollections

/// Processing offers of connection settings, and requesting a certificate.
extension Agent {
    /// An offer was received. Settings of the OpAMP connection are only recorded here; `switchConnection` changes to
    /// them once the report about them has been sent.
    mutating func settingsOffered(
        _ offer: ConnectionSettingsOffers, at now: Instant, _ effects: inout Effects
    ) {
        var keeper = connectionSettings ?? ConnectionSettingsKeeper()
        guard !keeper.knows(offer) else { return effects.count(.offerRepeated) }
        var problem: String?
        var tries = false
        let formerInterval = schedule.interval
        if let opamp = offer.opamp {
            if opamp.changesTheConnection {
                if capabilities.contains(.acceptsOpAMPConnectionSettings) {
                    problem = self.problem(with: opamp)
                    tries = problem == nil
                } else {
                    effects.count(.undeclaredCapabilityUsed)
                    problem = "the agent does not accept OpAMP connection settings"
                }
            }
            // Settings that are refused are refused with their interval; an agent that does not accept such settings
            // still has its own.
            if problem == nil || !capabilities.contains(.acceptsOpAMPConnectionSettings) {
                heartbeatIntervalOffered(.seconds(Int64(clamping: opamp.heartbeatIntervalSeconds)), at: now)
                if !tries { keeper.intervalOffered(seconds: opamp.heartbeatIntervalSeconds) }
            }
        }
        takeTelemetry(offer, &problem, at: now, &effects)
        if !offer.otherConnections.isEmpty {
            if capabilities.contains(.acceptsOtherConnectionSettings) {
                keeper.take(offer.otherConnections)
            } else {
                effects.count(.undeclaredCapabilityUsed)
                problem = problem ?? "the agent does not accept settings of other connections"
            }
        }
        keeper.offeredAt = now
        keeper.isPersonal = offer.opamp?.certificate != nil
        record(.received, keeper, hash: offer.hash, at: now, &effects)
        if let problem {
            keeper.failed(offer.hash, problem)
            effects.count(.settingsRejected)
            record(.failed, keeper, hash: offer.hash, at: now, &effects)
        } else if tries, let opamp = offer.opamp {
            keeper.beginTrial(
                of: opamp, hash: offer.hash, formerly: formerInterval,
                dropsCertificate: cohort.plan.connectionSettings.dropsCertificate)
            record(.applying, keeper, hash: offer.hash, at: now, &effects)
        } else {
            keeper.applied(offer.hash)
            record(.applied, keeper, hash: offer.hash, at: now, &effects)
        }
        // An offer of heartbeats alone is kept only if it has a hash to be reported.
        guard connectionSettings != nil || !offer.isOnlyHeartbeat || !offer.hash.isEmpty else { return }
        withExtendedState { $0.connectionSettings = Boxed(keeper) }
        if !offer.hash.isEmpty { changes.insert(.connectionSettingsStatus) }
    }

    /// Records a stage of the offer. Offers without a hash cannot be distinguished, so they are not recorded.
    private func record(
        _ stage: OfferStage, _ keeper: ConnectionSettingsKeeper, hash: [UInt8], at now: Instant,
        _ effects: inout Effects
    ) {
        guard !hash.isEmpty else { return }
        let number = keeper.isPersonal ? nil : hash.offerNumber
        // What is in force has converged: nothing else of it is reported.
        for stage in stage == .applied ? [stage, .converged] : [stage] {
            effects.append(
                .offer(
                    OfferStep(
                        kind: .connectionSettings, stage: stage, number: number, elapsed: now - keeper.offeredAt)))
        }
    }

    var connectionSettings: ConnectionSettingsKeeper? { extended?.value.connectionSettings?.value }

    private mutating func takeTelemetry(
        _ offer: ConnectionSettingsOffers, _ problem: inout String?, at now: Instant, _ effects: inout Effects
    ) {
        let offered: [(TelemetrySignal, TelemetryConnectionSettings?)] = [
            (.metrics, offer.ownMetrics), (.traces, offer.ownTraces), (.logs, offer.ownLogs),
        ]
        for (signal, settings) in offered {
            guard let settings else { continue }
            if capabilities.contains(signal.capability) {
                let why = telemetryOffered(signal, settings, at: now, &effects)
                problem = problem ?? why
            } else {
                effects.count(.undeclaredCapabilityUsed)
                problem = problem ?? "the agent does not report its own \(signal)"
            }
        }
    }

    /// Why the settings are not even worth a trial; `nil` where they are.
    private func problem(with settings: OpAMPConnectionSettings) -> String? {
        let endpoint = settings.destinationEndpoint
        if !endpoint.isEmpty {
            guard let isSecure = Self.isSecure(endpoint) else {
                return "the endpoint is neither a WebSocket nor an HTTP address"
            }
            if !isSecure, connectsSecurely, !cohort.plan.connectionSettings.allowsPlaintextEndpoints {
                return "the endpoint is without TLS, and the present connection is over TLS"
            }
        }
        if let problem = problem(with: settings.tls) { return problem }
        if let proxy = settings.proxy, proxy.url.isEmpty { return "the proxy has no address" }
        guard let certificate = settings.certificate else { return nil }
        let plan = cohort.plan.connectionSettings
        if !plan.persistsCertificates { return "the agent cannot keep a certificate over a restart" }
        if certificate.cert.isEmpty { return "the certificate is empty" }
        // The key of a certificate that was asked for stays with the agent (Agent-initiated CSR Flow).
        if certificate.privateKey.isEmpty, plan.certificateRequest == nil {
            return "the certificate has no key, and the agent has not requested it"
        }
        return nil
    }

    /// Why the settings of TLS are refused, whatever they are for.
    func problem(with tls: TLSConnectionSettings?) -> String? {
        guard tls?.insecureSkipVerify == true, !cohort.plan.connectionSettings.allowsUnverifiedServers else {
            return nil
        }
        return "the settings switch off the verification of the server's certificate"
    }

    /// Whether the agent's present server is reached over TLS: the one of the settings in force, or else the profile's.
    private var connectsSecurely: Bool {
        guard let endpoint = connectionSettings?.accepted?.destinationEndpoint, !endpoint.isEmpty else {
            return cohort.plan.connectionSettings.connectsSecurely
        }
        return Self.isSecure(endpoint) ?? false
    }

    /// Whether an endpoint is over TLS; nil for one that is neither a WebSocket nor an HTTP address. Schemes are
    /// compared without case (RFC 3986, section 3.1).
    private static func isSecure(_ endpoint: String) -> Bool? {
        guard let mark = endpoint.firstRange(of: "://") else { return nil }
        switch endpoint[..<mark.lowerBound].lowercased() {
        case "wss", "https": return true
        case "ws", "http": return false
        default: return nil
        }
    }

    /// Leaves the connection for settings that are to be tried, where there are any.
    mutating func switchConnection(at now: Instant, _ effects: inout Effects) {
        guard let keeper = connectionSettings, keeper.isWaiting, life.phase.session != nil else { return }
        withExtendedState { $0.connectionSettings?.value.leftForTrial() }
        close(code: 1000, afterwards: .reconnect(at: now), because: .newConnectionSettings, at: now, &effects)
    }

    /// The server answered on settings that were being tried: they are kept, and reported as APPLIED.
    mutating func commitSettings(at now: Instant, _ effects: inout Effects) {
        guard connectionSettings?.isTrying == true else { return }
        withExtendedState { $0.connectionSettings?.value.commit() }
        effects.count(.settingsCommitted)
        recordTrial(.applied, at: now, &effects)
        changes.insert(.connectionSettingsStatus)
    }

    /// The connection that was being tried does not work: back to the old one at once.
    /// - Returns: Whether a trial was under way.
    mutating func revertSettings(_ reason: String, at now: Instant, _ effects: inout Effects) -> Bool {
        guard let former = connectionSettings?.formerInterval else { return false }
        withExtendedState { $0.connectionSettings?.value.revert(reason) }
        changeInterval(to: former, at: now)
        effects.count(.settingsReverted)
        recordTrial(.failed, at: now, &effects)
        changes.insert(.connectionSettingsStatus)
        return true
    }

    private func recordTrial(_ stage: OfferStage, at now: Instant, _ effects: inout Effects) {
        guard let keeper = connectionSettings else { return }
        record(stage, keeper, hash: keeper.status.lastConnectionSettingsHash, at: now, &effects)
    }

    /// Requests the transport, with the agent's own settings if it has any.
    func openTransport(_ effects: inout Effects) {
        if let target = connectionSettings?.target {
            effects.append(.connectTo(target))
        } else {
            effects.append(.connect)
        }
    }

    /// The status that a report carries.
    var connectionSettingsStatus: ConnectionSettingsStatus {
        connectionSettings?.status ?? ConnectionSettingsStatus()
    }

    /// Asks the server for a client certificate, where the cohort does so and the server issues them, or does not say
    /// what it is capable of (Agent-initiated CSR Flow). Called after an answer.
    mutating func requestCertificate(at now: Instant, _ effects: inout Effects) {
        guard let makeRequest = cohort.plan.connectionSettings.certificateRequest,
            !flags.contains(.askedForCertificate),
            serverCapabilities.isEmpty || serverCapabilities.contains(.acceptsConnectionSettingsRequest),
            life.phase.session != nil
        else { return }
        flags.insert(.askedForCertificate)
        let request = ConnectionSettingsRequest(
            opamp: OpAMPConnectionSettingsRequest(
                certificateRequest: CertificateRequest(csr: makeRequest(index, instanceUID))))
        sendReport(.request, [], dueAt: now, at: now, &effects) { $0.connectionSettingsRequest = request }
    }
}

extension OpAMPConnectionSettings {
    /// Whether the settings ask for anything besides another heartbeat interval.
    var changesTheConnection: Bool {
        !destinationEndpoint.isEmpty || headers != nil || certificate != nil || tls != nil || proxy != nil
    }
}

extension ConnectionSettingsOffers {
    fileprivate var isOnlyHeartbeat: Bool {
        ownMetrics == nil && ownTraces == nil && ownLogs == nil && otherConnections.isEmpty
            && opamp?.changesTheConnection != true
    }
}
