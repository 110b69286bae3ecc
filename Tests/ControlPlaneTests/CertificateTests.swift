import Basis
import ControlPlane
import OpAMP
import OrderedCollections
import Testing

@Suite("Client certificates on request (spec: Agent-initiated CSR Flow)")
struct CertificateTests {
    let uid = InstanceUID.number(7)
    static let willing: AgentCapabilities = [
        .reportsStatus, .acceptsOpAMPConnectionSettings, .reportsConnectionSettingsStatus,
    ]
    static let certificate = TLSCertificate(cert: [1, 2, 3], caCert: [4])

    static func plan() -> ServerPlan {
        var plan = ServerPlan()
        plan.issuesCertificates = true
        plan.heartbeatInterval = .seconds(10)
        plan.advertisedEndpoint = "wss://server/v1/opamp"
        return plan
    }

    func request(_ sequence: UInt64, _ csr: [UInt8] = [9, 9], _ capabilities: AgentCapabilities = willing)
        -> AgentToServer
    {
        var report = AgentToServer.full(uid, sequence, capabilities)
        report.connectionSettingsRequest = ConnectionSettingsRequest(
            opamp: OpAMPConnectionSettingsRequest(certificateRequest: CertificateRequest(csr: csr)))
        return report
    }

    func request(in outcome: Rehearsal.Outcome) -> CertificateTicket? {
        outcome.rest.compactMap { effect in
            if case .certificateRequested(let ticket) = effect { ticket } else { nil }
        }.first
    }

    func issue(_ ticket: CertificateTicket, _ server: inout Rehearsal) -> Rehearsal.Outcome {
        server.perform { registry, now, effects in
            registry.issued(ticket, certificate: Self.certificate, at: now, &effects)
        }
    }

    @Test("The issued certificate is offered with the settings that stand for the agent")
    func issued() throws {
        var server = Rehearsal(Self.plan())
        let id = server.connect()
        let asked = server.send(request(1), over: id)
        #expect(asked.answer?.errorResponse == nil)
        let ticket = try #require(self.request(in: asked))
        #expect(ticket.request == [9, 9])
        #expect(ticket.uid == uid)
        let settings = try #require(issue(ticket, &server).answer?.connectionSettings)
        #expect(settings.opamp?.certificate == Self.certificate)
        #expect(settings.opamp?.heartbeatIntervalSeconds == 10)
        #expect(settings.opamp?.destinationEndpoint == "wss://server/v1/opamp")
        #expect(issue(ticket, &server).sent.isEmpty, "a ticket is good once")
        var report = AgentToServer.heartbeat(uid, 2, Self.willing)
        report.connectionSettingsStatus = ConnectionSettingsStatus(
            lastConnectionSettingsHash: settings.hash, status: .applied)
        #expect(server.send(report, over: id).answer?.connectionSettings == nil)
    }

    @Test("A later offer of settings keeps the certificate (spec: OpAMPConnectionSettings.certificate)")
    func laterOffer() throws {
        var server = Rehearsal(Self.plan())
        let id = server.connect()
        let ticket = try #require(self.request(in: server.send(request(1), over: id)))
        _ = issue(ticket, &server)
        let settings = ConnectionSettingsOffers(
            opamp: OpAMPConnectionSettings(destinationEndpoint: "wss://other/", heartbeatIntervalSeconds: 60))
        let outcome = try server.perform { registry, now, effects in
            try registry.offer(Offer(revision: 2, .connectionSettings(settings)), at: now, &effects)
        }
        let offered = try #require(outcome.answer?.connectionSettings?.opamp)
        #expect(offered.destinationEndpoint == "wss://other/")
        #expect(offered.certificate == Self.certificate)
    }

    @Test("Without a standing interval the offer says the usual one, because none would end the heartbeats")
    func usualInterval() throws {
        var plan = Self.plan()
        plan.heartbeatInterval = nil
        var server = Rehearsal(plan)
        let id = server.connect()
        let ticket = try #require(self.request(in: server.send(request(1), over: id)))
        #expect(issue(ticket, &server).answer?.connectionSettings?.opamp?.heartbeatIntervalSeconds == 30)
    }

    @Test("A declined request is reported as a bad request")
    func declined() throws {
        var server = Rehearsal(Self.plan())
        let id = server.connect()
        let ticket = try #require(self.request(in: server.send(request(1), over: id)))
        let outcome = server.perform { registry, now, effects in
            registry.declined(ticket, reason: "not today", at: now, &effects)
        }
        #expect(outcome.sent.first?.kind == .push)
        #expect(outcome.answer?.errorResponse == ServerErrorResponse(type: .badRequest, errorMessage: "not today"))
    }

    private static let config = AgentRemoteConfig(
        config: AgentConfigMap(configMap: ["": AgentConfigFile(body: Array("a: 1".utf8))]))

    /// The first report with such a request, answered by a server that offers a configuration.
    private func firstReport(
        _ request: ConnectionSettingsRequest, issues: Bool, capabilities: AgentCapabilities = willing, polls: Bool
    ) throws -> (Rehearsal, Rehearsal.Outcome) {
        var plan = Self.plan()
        plan.issuesCertificates = issues
        var server = Rehearsal(plan)
        _ = try server.perform { registry, now, effects in
            try registry.offer(Offer(revision: 1, .remoteConfig(Self.config)), at: now, &effects)
        }
        let id = polls ? server.accept().id : server.connect()
        var report = AgentToServer(
            instanceUID: .uid(uid), sequenceNumber: 1, agentDescription: AgentDescription(),
            capabilities: capabilities.union(.acceptsRemoteConfig))
        report.connectionSettingsRequest = request
        let outcome = server.send(report, over: id)
        return (server, outcome)
    }

    @Test(
        "A first report with an empty or uninvited request is answered with the offers",
        arguments: [
            (ConnectionSettingsRequest(), true),
            (ConnectionSettingsRequest(opamp: OpAMPConnectionSettingsRequest()), true),
            (
                ConnectionSettingsRequest(
                    opamp: OpAMPConnectionSettingsRequest(certificateRequest: CertificateRequest(csr: []))), true
            ),
            (
                ConnectionSettingsRequest(
                    opamp: OpAMPConnectionSettingsRequest(certificateRequest: CertificateRequest(csr: [9]))), false
            ),
        ], [true, false])
    func notActionable(_ example: (request: ConnectionSettingsRequest, issues: Bool), polls: Bool) throws {
        let (server, outcome) = try firstReport(example.request, issues: example.issues, polls: polls)
        #expect(outcome.answer?.errorResponse == nil)
        #expect(outcome.answer?.remoteConfig?.config == Self.config.config)
        #expect(outcome.rest.isEmpty)
        #expect(server.counts.badRequests == 0 && server.counts.certificateRequests == 1)
    }

    @Test(
        "A request that cannot be met is refused after the answer with the offers; by poll, in its place",
        arguments: [([UInt8](repeating: 9, count: 20_000), willing), ([9], AgentCapabilities.reportsStatus)],
        [true, false])
    func impossible(_ example: (csr: [UInt8], capabilities: AgentCapabilities), polls: Bool) throws {
        let (server, outcome) = try firstReport(
            ConnectionSettingsRequest(
                opamp: OpAMPConnectionSettingsRequest(certificateRequest: CertificateRequest(csr: example.csr))),
            issues: true, capabilities: example.capabilities, polls: polls)
        #expect(outcome.sent.count == (polls ? 1 : 2))
        #expect(outcome.sent.last?.message.errorResponse?.type == .badRequest)
        #expect((outcome.sent.first?.message.remoteConfig != nil) == !polls)
        #expect(server.counts.badRequests == 1 && server.counts.certificateRequests == 1)
    }

    @Test("Over plain HTTP the answer to the request waits for the decision", arguments: [true, false], [1, 2])
    func byPoll(isIssued: Bool, shards: Int) throws {
        let directory = shards > 1 ? AgentDirectory() : nil
        var server = Rehearsal(Self.plan(), directory: directory)
        let id = server.accept().id
        let asked = server.send(request(1), over: id)
        #expect(asked.sent.isEmpty)
        #expect(server.counts.waiting == 1)
        let ticket = try #require(self.request(in: asked))
        let outcome =
            isIssued
            ? issue(ticket, &server)
            : server.perform { registry, now, effects in
                registry.declined(ticket, reason: "no", at: now, &effects)
            }
        #expect(outcome.answer?.connectionSettings?.opamp?.certificate == (isIssued ? Self.certificate : nil))
        #expect(outcome.answer?.errorResponse?.type == (isIssued ? nil : .badRequest))
        #expect(server.counts.waiting == 0)
        #expect(server.counts.answers == 1)
        let next = server.send(.heartbeat(uid, 2, Self.willing), over: id).answer
        #expect(next?.flags == [])
        #expect(next?.connectionSettings?.opamp?.certificate == nil)
    }

    @Test("A poll that ends before the decision is abandoned")
    func abandoned() throws {
        var server = Rehearsal(Self.plan())
        let id = server.accept().id
        let ticket = try #require(self.request(in: server.send(request(1), over: id)))
        _ = server.close(id)
        #expect(server.counts.abandoned == 1)
        #expect(server.counts.waiting == 0)
        #expect(issue(ticket, &server).sent.isEmpty)
    }
}
