import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Connection settings (spec: Connection Settings Management)")
struct ConnectionSettingsTests {
    func plan(_ change: (inout CohortPlan) -> Void = { _ in }) -> CohortPlan {
        .with {
            $0.capabilities.formUnion([
                .acceptsOpAMPConnectionSettings, .reportsConnectionSettingsStatus, .reportsOwnMetrics,
                .acceptsOtherConnectionSettings,
            ])
            $0.heartbeat = HeartbeatPlan(interval: .seconds(30), phase: .fromConnection)
            change(&$0)
        }
    }

    func offer(
        _ hash: [UInt8], endpoint: String = "ws://other:4320/v1/opamp", certificate: TLSCertificate? = nil
    ) -> ServerToAgent {
        ServerToAgent(
            connectionSettings: ConnectionSettingsOffers(
                hash: hash,
                opamp: OpAMPConnectionSettings(
                    destinationEndpoint: endpoint, certificate: certificate, heartbeatIntervalSeconds: 30)))
    }

    func targets(_ steps: [Effect]) -> [ConnectionTarget] {
        steps.compactMap { if case .connectTo(let target) = $0 { target } else { nil } }
    }

    @Test(
        "An agent that is connected over TLS refuses an endpoint without TLS, unless the plan allows it",
        arguments: [
            ("ws://other:4320/", true, false, false), ("WS://other:4320/", true, false, false),
            ("http://other/", true, false, false), ("ws://other:4320/", true, true, true),
            ("ws://other:4320/", false, false, true), ("wss://other:4320/", true, false, true),
            ("WSS://other:4320/", true, false, true), ("WSS://other:4320/", false, false, true),
        ])
    func plaintext(endpoint: String, connectsSecurely: Bool, isAllowed: Bool, isTried: Bool) throws {
        var script = AgentScript(
            plan {
                $0.connectionSettings.connectsSecurely = connectsSecurely
                $0.connectionSettings.allowsPlaintextEndpoints = isAllowed
            })
        script.run()
        script.receive(offer([1], endpoint: endpoint))
        let status = try #require(script.sent.first?.report.connectionSettingsStatus)
        #expect(status.status == (isTried ? .applying : .failed), "\(status.errorMessage)")
        #expect(script.counts(.settingsRejected) == (isTried ? 0 : 1))
        #expect(status.errorMessage.contains("without TLS") == !isTried)
    }

    @Test("The server that an offer led to over TLS cannot lead back to plaintext")
    func plaintextAfterwards() throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1], endpoint: "wss://other:4320/"))
        script.acknowledge()
        script.acknowledge()
        script.closed()
        script.opened()
        script.acknowledge(capabilities: .all)
        #expect(script.counts(.settingsCommitted) == 1)
        script.receive(offer([2], endpoint: "ws://third:4320/"))
        #expect(script.counts(.settingsRejected) == 1)
    }

    @Test(
        "An offer is reported as APPLYING, then the agent leaves, tries it, and keeps it once the server answers on it")
    func tryAndCommit() throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1]))
        #expect(script.sent.map(\.kind) == [.status, .agentDisconnect])
        #expect(
            script.sent.first?.report.connectionSettingsStatus
                == ConnectionSettingsStatus(lastConnectionSettingsHash: [1], status: .applying))
        #expect(script.steps.closeCodes == [1000])
        script.acknowledge()
        script.acknowledge()
        script.closed()
        let target = try #require(targets(script.steps).first)
        #expect(target.settings.destinationEndpoint == "ws://other:4320/v1/opamp")
        #expect(target.isCandidate)
        script.opened()
        #expect(script.agent.connectionSettings?.isTrying == true)
        script.acknowledge(capabilities: .all)
        #expect(
            script.sent.first?.report.connectionSettingsStatus
                == ConnectionSettingsStatus(lastConnectionSettingsHash: [1], status: .applied))
        #expect(script.counts(.settingsCommitted) == 1)
        script.lost()
        #expect(targets(script.steps).first?.isCandidate == false)
    }

    @Test(
        "Settings that do not connect are dropped: the agent returns to the former ones at once and reports FAILED",
        arguments: [0, 1, 2, 3, 4])
    func tryAndRevert(way: Int) throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1]))
        script.closed()
        #expect(script.agent.state == .connecting)
        switch way {
        case 0: script.failed(.refused)
        case 1: script.step { $0.upgradeRefused(status: 401, retryAfter: nil, at: $1, &$2) }
        case 2:
            script.opened()
            script.lost(.closedByServer(code: 1008))
        default:
            script.opened()
            let type: ServerErrorResponseType = way == 3 ? .unknown : .unavailable
            script.receive(ServerToAgent(errorResponse: ServerErrorResponse(type: type)))
            script.closed()
        }
        #expect(script.agent.state == .connecting)
        #expect(script.steps.connects == 1)
        #expect(targets(script.steps).isEmpty)
        script.opened()
        let status = try #require(script.sent.first?.report.connectionSettingsStatus)
        #expect(status.status == .failed && status.lastConnectionSettingsHash == [1] && !status.errorMessage.isEmpty)
        #expect(script.counts(.settingsReverted) == 1)
    }

    @Test("An offer with the hash of the last one is not processed again, whatever the outcome was")
    func repeated() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1]))
        script.closed()
        script.failed()
        script.opened()
        script.receive(offer([1]))
        #expect(script.sent.isEmpty)
        #expect(script.agent.state == .running)
        #expect(script.counts(.offerRepeated) == 1)
    }

    @Test("An endpoint without a WebSocket or HTTP address is rejected without a trial (spec: destination_endpoint)")
    func badEndpoint() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1], endpoint: "ftp://x"))
        #expect(script.sent.map(\.kind) == [.status])
        #expect(script.sent.first?.report.connectionSettingsStatus?.status == .failed)
        #expect(script.agent.state == .running)
    }

    @Test(
        "What cannot work is rejected without a trial, and its heartbeat interval with it",
        arguments: [
            (
                OpAMPConnectionSettings(certificate: TLSCertificate(privateKey: [1]), heartbeatIntervalSeconds: 1),
                "empty"
            ),
            (.init(certificate: TLSCertificate(cert: [1]), heartbeatIntervalSeconds: 1), "key"),
            (.init(heartbeatIntervalSeconds: 1, proxy: ProxyConnectionSettings()), "proxy"),
            (.init(heartbeatIntervalSeconds: 1, tls: TLSConnectionSettings(insecureSkipVerify: true)), "verification"),
            (.init(destinationEndpoint: "ftp://x", heartbeatIntervalSeconds: 1), "endpoint"),
        ])
    func unusable(settings: OpAMPConnectionSettings, reason: String) throws {
        var script = AgentScript(plan())
        script.run()
        script.receive(ServerToAgent(connectionSettings: ConnectionSettingsOffers(hash: [1], opamp: settings)))
        let status = try #require(script.sent.first?.report.connectionSettingsStatus)
        #expect(status.status == .failed)
        #expect(status.errorMessage.contains(reason), "\(status.errorMessage)")
        #expect(script.agent.state == .running)
        script.acknowledge()
        #expect(script.pass(.seconds(30), acknowledging: true).count == 1)
    }

    @Test(
        "The offered heartbeat interval is used during the trial and if the settings are kept, and dropped with them"
    )
    func intervalOnTrial() {
        func script(_ trial: (inout AgentScript) -> Void) -> AgentScript {
            var script = AgentScript(plan())
            script.run()
            script.receive(
                ServerToAgent(
                    connectionSettings: ConnectionSettingsOffers(
                        hash: [1],
                        opamp: OpAMPConnectionSettings(
                            destinationEndpoint: "ws://other/v1/opamp", heartbeatIntervalSeconds: 5))))
            script.closed()
            trial(&script)
            return script
        }
        var kept = script {
            $0.opened()
            $0.acknowledge()
        }
        #expect(kept.pass(.seconds(30), acknowledging: true).filter { $0.kind == .heartbeat }.count == 6)
        var dropped = script {
            $0.failed()
            $0.opened()
            $0.acknowledge()
        }
        #expect(dropped.pass(.seconds(30), acknowledging: true).filter { $0.kind == .heartbeat }.count == 1)
    }

    @Test(
        "A process that dies while it tries settings tries them again when it is back (step 3), and keeps what it kept")
    func candidateOutlivesACrash() {
        var script = AgentScript(
            plan {
                $0.faults.rates = [.crashes: 1]
                $0.faults.timeBetweenCrashes = .constant(.seconds(10))
                $0.restartTime = .constant(.seconds(1))
            })
        script.run()
        script.pass(.seconds(9), acknowledging: true)
        script.receive(offer([1]))
        script.closed()
        script.opened()
        script.pass(.seconds(1))
        #expect(script.agent.state == .restarting)
        script.pass(.seconds(1))
        #expect(targets(script.steps).map(\.isCandidate) == [true])
        script.opened()
        script.acknowledge()
        #expect(script.counts(.settingsCommitted) == 1)
        script.pass(.seconds(10), acknowledging: true)
        script.pass(.seconds(1))
        #expect(targets(script.steps).map(\.isCandidate) == [false])
        #expect(targets(script.steps).map(\.settings.destinationEndpoint) == ["ws://other:4320/v1/opamp"])
    }

    @Test("Settings without a hash are tried once, even if they are offered again")
    func withoutHash() {
        var script = AgentScript(plan())
        script.run()
        for round in 0..<5 {
            script.receive(offer([]))
            guard round == 0 else {
                #expect(script.agent.state == .running && script.sent.isEmpty)
                continue
            }
            #expect(script.agent.state == .closing)
            script.closed()
            script.failed()
            script.opened()
            script.acknowledge()
        }
        #expect(script.counts(.offerRepeated) == 4)
    }

    @Test("What an offer leaves out of endpoint, TLS and proxy stays as it was (spec: TLSConnectionSettings)")
    func leftOut() throws {
        var script = AgentScript(plan())
        script.run()
        func offer(_ hash: UInt8, _ change: (inout OpAMPConnectionSettings) -> Void) -> ServerToAgent {
            var opamp = OpAMPConnectionSettings(heartbeatIntervalSeconds: 30)
            change(&opamp)
            return ServerToAgent(connectionSettings: ConnectionSettingsOffers(hash: [hash], opamp: opamp))
        }
        script.receive(
            offer(1) {
                $0.destinationEndpoint = "wss://a/v1/opamp"
                $0.tls = TLSConnectionSettings(caPEMContents: "ca")
                $0.proxy = ProxyConnectionSettings(url: "http://proxy")
            })
        script.closed()
        script.opened()
        script.acknowledge()
        script.receive(offer(2) { $0.headers = Headers(headers: [Header(key: "a", value: "b")]) })
        script.closed()
        let target = try #require(targets(script.steps).first).settings
        #expect(target.destinationEndpoint == "wss://a/v1/opamp")
        #expect(target.tls?.caPEMContents == "ca" && target.proxy?.url == "http://proxy")
        #expect(target.headers?.headers.first?.key == "a")
    }

    @Test(
        "A heartbeat interval alone does not make the agent reconnect, and is reported as applied where it has a hash")
    func heartbeatOnly() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1], endpoint: ""))
        #expect(script.sent.first?.report.connectionSettingsStatus?.status == .applied)
        #expect(script.agent.state == .running)
        var silent = AgentScript(plan())
        silent.run()
        silent.receive(offer([], endpoint: ""))
        #expect(silent.sent.isEmpty)
    }

    @Test("An agent that does not accept OpAMP settings stays, and says so where it reports statuses")
    func undeclared() {
        var script = AgentScript(plan { $0.capabilities.remove(.acceptsOpAMPConnectionSettings) })
        script.run()
        script.receive(offer([1]))
        #expect(script.agent.state == .running)
        #expect(script.sent.first?.report.connectionSettingsStatus?.status == .failed)
        var silent = AgentScript()
        silent.run()
        silent.receive(offer([1]))
        #expect(silent.sent.isEmpty)
        #expect(silent.agent.state == .running)
    }

    @Test("Own telemetry is accepted if it is declared (spec: Own Telemetry Reporting)")
    func telemetry() {
        let settings = TelemetryConnectionSettings(destinationEndpoint: "https://backend:4318/v1/metrics")
        let metrics = ServerToAgent(connectionSettings: ConnectionSettingsOffers(hash: [4], ownMetrics: settings))
        var script = AgentScript(plan())
        script.run()
        script.receive(metrics)
        #expect(script.counts(.telemetryAccepted) == 1)
        #expect(script.sent.first?.report.connectionSettingsStatus?.status == .applied)
        #expect(script.agent.state == .running)
        var silent = AgentScript(plan { $0.capabilities.remove(.reportsOwnMetrics) })
        silent.run()
        silent.receive(metrics)
        #expect(silent.counts(.undeclaredCapabilityUsed) == 1)
        #expect(silent.counts(.telemetryAccepted) == 0)
        #expect(silent.sent.first?.report.connectionSettingsStatus?.status == .failed)
    }

    @Test("Settings with a certificate are for one agent: they are reported and belong to no wave")
    func personal() {
        var script = AgentScript(plan())
        script.run()
        script.receive(offer([1], certificate: TLSCertificate(cert: [1], privateKey: [2])))
        let steps = script.allSteps.offers
        #expect(!steps.isEmpty && steps.allSatisfy { $0.number == nil })
    }

    @Test("Each stage of an offer is reported as it happens: received, on trial, in use or dropped")
    func stages() throws {
        func stages(_ script: AgentScript) -> [OfferStage] { script.allSteps.offers.map(\.stage) }
        var kept = AgentScript(plan())
        kept.run()
        kept.receive(offer([1, 2, 3, 4, 5, 6, 7, 8, 9]))
        kept.now = kept.now + .seconds(2)
        kept.closed()
        kept.opened()
        kept.acknowledge()
        #expect(stages(kept) == [.received, .applying, .applied, .converged])
        let last = try #require(kept.allSteps.offers.last)
        #expect(last.elapsed == .seconds(2))
        #expect(last.number == 0x0102_0304_0506_0708)
        var dropped = AgentScript(plan())
        dropped.run()
        dropped.receive(offer([1]))
        dropped.closed()
        dropped.failed()
        #expect(stages(dropped) == [.received, .applying, .failed])
        var refused = AgentScript(plan())
        refused.run()
        refused.receive(offer([1], endpoint: "ftp://x"))
        refused.receive(offer([1], endpoint: "ftp://x"))
        #expect(stages(refused) == [.received, .failed])
    }

    @Test("Settings of other connections change only what they name (spec: OtherConnectionSettings)")
    func others() {
        var script = AgentScript(plan())
        script.run()
        func offer(_ hash: UInt8, _ settings: OtherConnectionSettings) -> ServerToAgent {
            ServerToAgent(
                connectionSettings: ConnectionSettingsOffers(hash: [hash], otherConnections: ["kafka": settings]))
        }
        script.receive(offer(1, OtherConnectionSettings(destinationEndpoint: "kafka:9092", otherSettings: ["a": "1"])))
        script.receive(offer(2, OtherConnectionSettings(certificate: TLSCertificate(cert: [7]))))
        let kept = script.agent.connectionSettings?.others["kafka"]
        #expect(kept?.destinationEndpoint == "kafka:9092")
        #expect(kept?.otherSettings == ["a": "1"])
        #expect(kept?.certificate?.cert == [7])
    }
}
