import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import Metrics
import Testing

@testable import Fleet

/// Whole runs in which certificates are asked for, rotated, withdrawn and end. Each event has seconds to take effect
/// in: a starved machine takes that long for a dozen handshakes.
@Suite("Runs with certificates in motion", .takingTurns)
struct CertificateRunTests {
    private static let agents = 12

    private static func profile(
        _ asked: ServerTLS.ClientCertificates = .require,
        _ events: [(at: Int64, action: TimedEvent.Action)], seconds: Int64 = 9
    ) -> Profile {
        var profile = Profile.standard
        profile.agents = agents
        profile.duration = .seconds(seconds)
        profile.drain = .seconds(5)
        profile.shards = 2
        profile.server = .embedded(EmbeddedServer(tls: ServerTLS(clientCertificates: asked)))
        profile.cohorts[0].heartbeat.interval = .milliseconds(500)
        profile.cohorts[0].clientCertificate = .issued(IssuedClientCertificate(keys: 2))
        profile.cohorts[0].reconnect = .fixed(.milliseconds(200))
        profile.events = events.map { TimedEvent(at: .after(.milliseconds($0.at)), action: $0.action) }
        return profile
    }

    private static func perform(_ profile: Profile) async throws -> RunSummary {
        let run = try await FleetRun(profile)
        return await run.perform(as: .test) { _ in }.summary
    }

    @Test("Agents without a certificate ask for one, come back under it, and it is what the server then knows them by")
    func request() async throws {
        // What is revoked later are the certificates that were issued: an agent that did not use its own would not
        // notice.
        var profile = Self.profile(.request, [(5_000, .revokeCertificates(.everybody))], seconds: 12)
        profile.cohorts[0].clientCertificate = .none
        profile.cohorts[0].connectionSettings.certificateRequest = true
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.agentsAnswered] == UInt64(Self.agents))
        #expect(summary.counters[.settingsCommitted] == UInt64(Self.agents))
        #expect(summary.counters[.settingsRejected] == 0)
        #expect(summary.named["peer alert: certificate revoked"] >= UInt64(Self.agents))
    }

    @Test("A rotated certificate is tried, kept, and used from then on; the former ones may be over by then")
    func rotation() async throws {
        let summary = try await Self.perform(
            Self.profile(
                .require,
                [
                    (1_500, .rotateCertificates(CertificateRotation(), to: .everybody)),
                    (6_000, .dropConnections(share: 1)),
                ], seconds: 11))
        #expect(summary.counters[.settingsCommitted] == UInt64(Self.agents))
        #expect(summary.counters[.settingsRejected] == 0)
        #expect(summary.counters[.tlsClientRefused] == 0)
        #expect(summary.phases.contains { $0.label == "certificate-rotation" })
        // Once for the trial, once after the drop.
        #expect(summary.counters[.reconnects] == UInt64(2 * Self.agents))
    }

    @Test(
        "A bad certificate is tried and dropped again: everybody is back under the former one",
        arguments: CertificateRotation.Flaw.allCases)
    func badRotation(flaw: CertificateRotation.Flaw) async throws {
        let summary = try await Self.perform(
            Self.profile(.require, [(1_500, .rotateCertificates(CertificateRotation(flaw: flaw), to: .everybody))]))
        #expect(summary.counters[.settingsCommitted] == 0)
        #expect(summary.counters[.settingsReverted] == UInt64(Self.agents))
        #expect(summary.counters[.tlsClientRefused] == UInt64(Self.agents))
        #expect(summary.counters[.reconnects] == UInt64(Self.agents))
        #expect(summary.counters[.agentDisconnects] >= UInt64(Self.agents))
    }

    @Test("A rotation in the middle of a configuration push: everybody has both in the end")
    func rotationDuringPush() async throws {
        let offer = ConfigOffer(files: [.init(name: "a.yaml", body: .text("receivers: {a: {}}\n"))], target: .everybody)
        var profile = Self.profile(
            .require,
            [(1_500, .offerConfig(offer)), (1_600, .rotateCertificates(CertificateRotation(), to: .everybody))],
            seconds: 11)
        profile.cohorts[0].remoteConfig.applyTime = .uniform(.milliseconds(100), .milliseconds(800))
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.settingsCommitted] == UInt64(Self.agents))
        #expect(summary.counters[.configsConverged] == UInt64(Self.agents))
        #expect(summary.counters[.tlsClientRefused] == 0)
    }

    @Test(
        "A revocation locks the agents out, resumable sessions or not, and each refusal is counted",
        arguments: [true, false])
    func revocation(resumes: Bool) async throws {
        var profile = Self.profile(.require, [(2_000, .revokeCertificates(.everybody))])
        profile.tls = TLSProfile(resumes: resumes)
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.agentsAnswered] == UInt64(Self.agents))
        #expect(summary.named["peer alert: certificate revoked"] >= UInt64(Self.agents))
        #expect(summary.counters[.tlsClientRefused] == summary.named["peer alert: certificate revoked"])
        #expect(summary.counters[.reconnects] == 0)
        #expect(summary.counters[.closedByServer] == UInt64(Self.agents))
    }

    @Test("At the expiry cliff those are locked out whose certificates are over, and only those")
    func expiryCliff() async throws {
        let events: [(Int64, TimedEvent.Action)] = [(8_000, .dropConnections(share: 1))]
        var profile = Self.profile(.require, events, seconds: 12)
        // A session that is resumed is not judged again.
        profile.tls = TLSProfile(resumes: false)
        var brief = profile.cohorts[0]
        brief.name = "brief"
        brief.clientCertificate = .issued(IssuedClientCertificate(keys: 2, lifetime: .seconds(6)))
        profile.cohorts.append(brief)
        let summary = try await Self.perform(profile)
        #expect(summary.counters[.reconnects] == UInt64(Self.agents / 2))
        #expect(summary.named["peer alert: certificate expired"] >= UInt64(Self.agents / 2))
    }

    @Test("Events about certificates that the server could not carry out are contradictions")
    func contradictions() {
        let slips: [(String, Bool)] = [
            ("events: [{at: 1s, rotate_certificates: 50%}]", false),
            ("events: [{at: 1s, revoke_certificates: 50%}]", false),
            ("tls: {}\nevents: [{at: 1s, revoke_certificates: 50%}]", false),
            ("tls: {}\nevents: [{at: 1s, rotate_certificates: {to: 50%, lifetime: 1m, flaw: expired}}]", true),
            ("tls: {}\nconnection_settings: {opamp: false}\nevents: [{at: 1s, rotate_certificates: 50%}]", false),
            (
                """
                server: {embedded: {tls: {client_certificates: require}}}\nevents: [{at: 1s, \
                revoke_certificates: 5%}]
                """,
                true
            ),
            ("connection_settings: {opamp: false, certificate_request: true}", false),
            ("client_certificate: {per: agent}", false), ("tls: {}\nclient_certificate: {per: agent}", true),
            ("server: wss://h\nclient_certificate: {per: agent}", false), ("server: ws://h\ntls: {}", false),
        ]
        for (text, isFine) in slips {
            let profile = try? ProfileReader().read(text: "duration: 10s\n\(text)", source: "test")
            #expect((profile != nil) == isFine, "\(text)")
        }
    }
}
