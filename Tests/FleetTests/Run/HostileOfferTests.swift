import AgentModel
import Basis
import Engine
import Hosting
import Metrics
import OpAMP
import TestSupport
import Testing
import Transport

@testable import Fleet

/// Offers of connection settings that lead to a bad place: each is counted under its name, and the agents stay with the
/// server that they have.
@Suite("Offers of connection settings to bad places", .takingTurns)
struct HostileOfferTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        /// The endpoint, for the server's scheme and place.
        let endpoint: @Sendable (_ scheme: String, _ place: String) -> String
        /// What became of the offer.
        let outcome: Counter
        /// What counts the reason.
        let counter: Counter
        /// What the server does at the path `/there`.
        var reaction = HTTPReaction.status(404)
        var isSecure = false
        var tls: TLSConnectionSettings?
        var certificate: TLSCertificate?
        /// Whether the agents wait for their timeout.
        var isSilent: Bool { counter == .unanswered || counter == .upgradeTimedOut }
        var testDescription: String { name }

        init(
            _ name: String, _ outcome: Counter, _ counter: Counter, at reaction: HTTPReaction = .status(404),
            isSecure: Bool = false, tls: TLSConnectionSettings? = nil, certificate: TLSCertificate? = nil,
            _ endpoint: @escaping @Sendable (String, String) -> String
        ) {
            (self.name, self.outcome, self.counter) = (name, outcome, counter)
            (self.reaction, self.isSecure, self.endpoint) = (reaction, isSecure, endpoint)
            (self.tls, self.certificate) = (tls, certificate)
        }
    }

    private static let redirect = HTTPReaction.status(302, "Location: /there\r\n")

    static func rows(isPolling: Bool) -> [Row] { places(isPolling: isPolling) + unusable }

    private static func places(isPolling: Bool) -> [Row] {
        let refused: Counter = isPolling ? .requestRefused4xx : .upgradeRefused4xx
        let redirected: Counter = isPolling ? .requestRedirected : .upgradeRedirected
        let silent: Counter = isPolling ? .unanswered : .upgradeTimedOut
        let (own, other) = isPolling ? ("http", "ws") : ("ws", "http")
        return [
            Row("the server itself, each time anew", .settingsCommitted, .settingsOffered) { "\($0)://\($1)/v1/opamp" },
            Row("a port where nobody listens", .settingsReverted, .connectRefused) { scheme, _ in
                "\(scheme)://127.0.0.1:1/v1/opamp"
            },
            Row("a place that is silent", .settingsReverted, silent, at: .ignores) { "\($0)://\($1)/there" },
            Row("a place that refuses", .settingsReverted, refused) { "\($0)://\($1)/there" },
            Row("a place that redirects to itself", .settingsReverted, redirected, at: redirect) {
                "\($0)://\($1)/there"
            },
            Row("a place that resets TLS", .settingsReverted, .reset) { "\($0)s://\($1)/v1/opamp" },
            Row("a name that nobody has", .settingsReverted, .dnsFailure) { scheme, _ in
                "\(scheme)://no-such-host.invalid:4320/v1/opamp"
            },
            Row("another transport", .settingsReverted, .settingsUnusable) { "\(other)://\($1)/v1/opamp" },
            Row("what is no address", .settingsRejected, .settingsOffered) { _, _ in "nowhere" },
            Row("a place without TLS, from one with it", .settingsRejected, .settingsOffered, isSecure: true) {
                "\(own)://\($1)/v1/opamp"
            },
            Row(
                "a place whose certificate is not to be verified", .settingsRejected, .settingsOffered,
                tls: TLSConnectionSettings(insecureSkipVerify: true)
            ) { "\($0)s://\($1)/v1/opamp" },
        ]
    }

    /// What is wrong is in the settings, and not in the network.
    private static let unusable: [Row] = [
        Row(
            "a version of TLS that is too old", .settingsReverted, .settingsUnusable,
            tls: TLSConnectionSettings(minVersion: "1.0")
        ) { "\($0)s://\($1)/v1/opamp" },
        Row(
            "a cipher suite that nobody knows", .settingsReverted, .settingsUnusable,
            tls: TLSConnectionSettings(cipherSuites: ["TLS_NULL_WITH_EVERYTHING"])
        ) { "\($0)s://\($1)/v1/opamp" },
        Row(
            "an authority that is none", .settingsReverted, .settingsUnusable,
            tls: TLSConnectionSettings(caPEMContents: "nothing")
        ) { "\($0)s://\($1)/v1/opamp" },
        Row(
            "a certificate that is none, for a place without TLS", .settingsReverted, .settingsUnusable,
            certificate: TLSCertificate(cert: [1], privateKey: [2])
        ) { "\($0)://\($1)/v1/opamp" },
    ]

    @Test("over WebSocket are tried or rejected, and agents go on", arguments: rows(isPolling: false))
    func webSocket(_ row: Row) async throws { try await goesOn(row, isPolling: false) }

    @Test("over plain HTTP are tried or rejected, and agents go on", arguments: rows(isPolling: true))
    func polling(_ row: Row) async throws { try await goesOn(row, isPolling: true) }

    private func goesOn(_ row: Row, isPolling: Bool) async throws {
        let memory = MemoryRow(
            "offer: \(row.name)\(isPolling ? ", polls" : "")", counter: "\(row.outcome.name), \(row.counter.name)")
        defer { memory?.end() }
        let server = try ScriptedHTTPServer { request in
            guard request.head.target == "/v1/opamp" else { return row.reaction }
            let place = request.head.fields["Host"] ?? ""
            let settings = OpAMPConnectionSettings(
                destinationEndpoint: row.endpoint(isPolling ? "http" : "ws", place), certificate: row.certificate,
                tls: row.tls)
            // Another offer each time.
            let hash = withUnsafeBytes(of: UInt64(request.number).bigEndian) { Array($0) }
            let answer = ServerToAgent(
                connectionSettings: ConnectionSettingsOffers(hash: hash, opamp: settings)
            ).encoded()
            guard !isPolling else { return .answer(answer) }
            var frame: [UInt8] = []
            WebSocketFrame.append(.binary, payload: ([0] + answer).span.bytes, mask: nil, to: &frame)
            return .upgrades(then: .answers(frame))
        }
        let transport: AgentTransport = isPolling ? .polling(PollingPlan(connections: 2)) : .webSocket
        let target = try SmallFleet.target(server.address, transport: transport)
        let targets = OfferedTargets(contexts: OfferedContexts(TLSProfile()), requests: nil)
        let fleet = try SmallFleet(2, at: target, offers: OfferRoutes(targets.resolve)) { plan in
            plan.capabilities.insert(.acceptsOpAMPConnectionSettings)
            plan.connectionSettings.connectsSecurely = row.isSecure
            plan.reconnect = .fixed(.milliseconds(20))
            // Short only where it is waited for: a busy machine is no silent server.
            let timeout = Nanoseconds.milliseconds(row.isSilent ? 300 : 10_000)
            (plan.connectTimeout, plan.answerTimeout) = (timeout, timeout)
            plan.sizes.effectiveConfigBytes = 256
            plan.sizes.availableComponents = 2
            if isPolling { plan.pollingInterval = .milliseconds(100) }
        }
        try await fleet.wait(until: "\(row.outcome.name) and \(row.counter.name)") {
            $0[row.outcome] >= 2 && $0[row.counter] >= 2 && $0[.agentsAnswered] == 2
        }
        let before = fleet.counters[.answersReceived]
        try await fleet.wait(until: "more answers") { $0[.answersReceived] >= before + 4 }
        // The end of the fleet ends the trials that are under way.
        let counters = fleet.counters
        await fleet.stop()
        await server.stop()
        let outcomes: [Counter] = [.settingsCommitted, .settingsReverted, .settingsRejected]
        for counter in outcomes where counter != row.outcome { #expect(counters[counter] == 0) }
        #expect(row.counter == .dnsFailure || counters[.dnsFailure] == 0)
    }
}
