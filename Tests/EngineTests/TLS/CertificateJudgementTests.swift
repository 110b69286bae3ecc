import Basis
import Engine
import OpenSSL
import Testing

@Suite("Certificates", .timeLimit(.minutes(5)))
struct CertificateJudgementTests {
    /// One way in which a certificate can be right or wrong.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What the client makes of it; nil: it is fine.
        var failure: TLSFailure?
        /// What the server then receives; nil: it is fine.
        var alert: UInt8?
        var make: @Sendable (CertificateAuthority) throws -> (TLSServerOptions, TLSClientOptions)

        init(
            _ description: String, _ failure: TLSFailure?, alert: UInt8? = nil,
            _ make: @escaping @Sendable (CertificateAuthority) throws -> (TLSServerOptions, TLSClientOptions)
        ) {
            testDescription = description
            self.failure = failure
            self.alert = alert
            self.make = make
        }
    }

    private static func request(
        hosts: [String] = ["127.0.0.1"], use: CertificateAuthority.Request.Use = .server, notBefore: Int = -3600,
        notAfter: Int = 3600
    ) -> CertificateAuthority.Request {
        var request = CertificateAuthority.Request(commonName: "server", hosts: hosts, use: use)
        request.notBefore = notBefore
        request.notAfter = notAfter
        return request
    }

    private static func trusting(_ authority: CertificateAuthority) -> TLSClientOptions {
        TLSClientOptions(trust: .authorities(authority.certificate.pem))
    }

    static let cases: [Case] = [
        Case("fine", nil) { (TLSServerOptions(identity: try $0.issue(request())), trusting($0)) },
        Case("fine, through an intermediate authority", nil) { authority in
            let below = try authority.intermediate(commonName: "below")
            return (TLSServerOptions(identity: try below.issue(request())), trusting(authority))
        },
        Case("expired", .expired, alert: 45) { authority in
            (
                TLSServerOptions(identity: try authority.issue(request(notBefore: -7200, notAfter: -3600))),
                trusting(authority)
            )
        },
        Case("not yet valid", .notYetValid, alert: 42) { authority in
            (
                TLSServerOptions(identity: try authority.issue(request(notBefore: 3600, notAfter: 7200))),
                trusting(authority)
            )
        },
        Case("another address", .wrongHost, alert: 42) { authority in
            (TLSServerOptions(identity: try authority.issue(request(hosts: ["127.0.0.9"]))), trusting(authority))
        },
        Case("a name in place of the address", .wrongHost, alert: 42) { authority in
            (TLSServerOptions(identity: try authority.issue(request(hosts: ["server.test"]))), trusting(authority))
        },
        Case("another address, host check off", nil) { authority in
            var options = trusting(authority)
            options.verifiesHost = false
            return (TLSServerOptions(identity: try authority.issue(request(hosts: ["127.0.0.9"]))), options)
        },
        Case("an unknown authority", .unknownAuthority, alert: 48) { authority in
            let other = try CertificateAuthority(commonName: "other")
            return (TLSServerOptions(identity: try other.issue(request())), trusting(authority))
        },
        Case("an unknown authority of the same name", .badSignature, alert: 51) { authority in
            let other = try CertificateAuthority()
            return (TLSServerOptions(identity: try other.issue(request())), trusting(authority))
        },
        Case("an unknown authority, by the system's store", .unknownAuthority, alert: 48) { authority in
            (TLSServerOptions(identity: try authority.issue(request())), TLSClientOptions(trust: .system))
        },
        Case("signed by itself", .selfSigned, alert: 48) { authority in
            (TLSServerOptions(identity: try CertificateAuthority.selfSigned(request())), trusting(authority))
        },
        Case("anything, verification skipped", nil) { _ in
            (
                TLSServerOptions(identity: try CertificateAuthority.selfSigned(request())),
                TLSClientOptions(trust: .anybody)
            )
        },
        Case("a missing intermediate", .unknownAuthority, alert: 48) { authority in
            let below = try authority.intermediate(commonName: "below")
            let full = try below.issue(request())
            let bare = try TLSIdentity(chain: [full.certificate], key: full.key)
            return (TLSServerOptions(identity: bare), trusting(authority))
        },
        Case("signed by a certificate that is no authority", .notAnAuthority, alert: 48) { authority in
            let leaf = try authority.issue(request())
            let pretender = CertificateAuthority(identity: leaf)
            var wanted = request()
            wanted.commonName = "forged"
            let forged = try pretender.issue(wanted)
            let identity = try TLSIdentity(chain: [forged.certificate, leaf.certificate], key: forged.key)
            return (TLSServerOptions(identity: identity), trusting(authority))
        },
        Case("a client's certificate", .wrongPurpose, alert: 43) { authority in
            (TLSServerOptions(identity: try authority.issue(request(use: .client))), trusting(authority))
        },
        Case("on the revocation list", .revoked, alert: 44) { authority in
            let identity = try authority.issue(request())
            var options = trusting(authority)
            options.trust.revocationList = try authority.revocationList(revoking: [identity.certificate])
            return (TLSServerOptions(identity: identity), options)
        },
        Case("not on the revocation list", nil) { authority in
            let other = try authority.issue(request())
            var options = trusting(authority)
            options.trust.revocationList = try authority.revocationList(revoking: [other.certificate])
            return (TLSServerOptions(identity: try authority.issue(request())), options)
        },
        Case("a revocation list that is too old", .revocationListExpired, alert: 45) { authority in
            var options = trusting(authority)
            options.trust.revocationList = try authority.revocationList(revoking: [], notBefore: -7200, notAfter: -3600)
            return (TLSServerOptions(identity: try authority.issue(request())), options)
        },
        Case("a revocation list of another authority", .revocationListMissing, alert: 48) { authority in
            var options = trusting(authority)
            options.trust.revocationList = try CertificateAuthority(commonName: "other").revocationList(revoking: [])
            return (TLSServerOptions(identity: try authority.issue(request())), options)
        },
        Case("the pinned key", nil) { authority in
            let identity = try authority.issue(request(hosts: ["elsewhere"]))
            var options = TLSClientOptions(trust: .pinnedKeys([identity.certificate.keyDigest]))
            options.verifiesHost = false
            return (TLSServerOptions(identity: identity), options)
        },
        Case("another key than the pinned one", .pinMismatch) { authority in
            var options = trusting(authority)
            options.trust.pinnedKeys = [try authority.issue(request()).certificate.keyDigest]
            return (TLSServerOptions(identity: try authority.issue(request())), options)
        },
        Case("the pinned key, but expired, with authorities", .expired, alert: 45) { authority in
            let identity = try authority.issue(request(notBefore: -7200, notAfter: -3600))
            var options = trusting(authority)
            options.trust.pinnedKeys = [identity.certificate.keyDigest]
            return (TLSServerOptions(identity: identity), options)
        },
        Case("a good stapled status", nil) { authority in
            try stapled(authority) { try authority.stapledStatus(for: $0) }
        },
        Case("no stapled status", .statusMissing, alert: 113) { authority in
            try stapled(authority) { _ in nil }
        },
        Case("a stapled status that says revoked", .revoked, alert: 113) { authority in
            try stapled(authority) { try authority.stapledStatus(for: $0, isRevoked: true) }
        },
        Case("a stapled status that is too old", .statusInvalid, alert: 113) { authority in
            try stapled(authority) { try authority.stapledStatus(for: $0, notBefore: -7200, notAfter: -3600) }
        },
        Case("a stapled status for another certificate", .statusInvalid, alert: 113) { authority in
            try stapled(authority) { _ in try authority.stapledStatus(for: authority.issue(request()).certificate) }
        },
        Case("a stapled status by another authority", .statusInvalid, alert: 113) { authority in
            let other = try CertificateAuthority(commonName: "other")
            return try stapled(authority) { try other.stapledStatus(for: $0) }
        },
        Case("a stapled status that is none", .statusInvalid, alert: 113) { authority in
            try stapled(authority) { _ in [1, 2, 3] }
        },
        Case("a stapled status that does not know the certificate", .statusInvalid, alert: 113) { authority in
            try stapled(authority) { try authority.stapledStatus(for: $0, isUnknown: true) }
        },
        Case("a stapled status that is not yet good", .statusInvalid, alert: 113) { authority in
            try stapled(authority) { try authority.stapledStatus(for: $0, notBefore: 7200, notAfter: 9000) }
        },
        Case("a stapled answer that says to try later", .statusInvalid, alert: 113) { authority in
            // OCSPResponse with nothing but responseStatus tryLater (RFC 6960, section 4.2.1).
            try stapled(authority) { _ in [0x30, 0x03, 0x0A, 0x01, 0x03] }
        },
        Case("a stapled status that was cut", .statusInvalid, alert: 113) { authority in
            try stapled(authority) { try authority.stapledStatus(for: $0).dropLast() }
        },
        Case("a stapled status changed from revoked to good", .statusInvalid, alert: 113) { authority in
            try stapled(authority) { try forged(authority.stapledStatus(for: $0, isRevoked: true)) }
        },
        Case("an authority below that is over", .expired, alert: 45) { authority in
            let below = try authority.intermediate(commonName: "below", notBefore: -7200, notAfter: -3600)
            return (TLSServerOptions(identity: try below.issue(request())), trusting(authority))
        },
        Case("a revocation list that is not yet good", .revocationListExpired, alert: 42) { authority in
            var options = trusting(authority)
            options.trust.revocationList = try authority.revocationList(revoking: [], notBefore: 3600, notAfter: 7200)
            return (TLSServerOptions(identity: try authority.issue(request())), options)
        },
        Case("a revocation list with a wrong signature", .revocationListForged, alert: 51) { authority in
            var options = trusting(authority)
            // An authority of the same name, with another key.
            options.trust.revocationList = try CertificateAuthority().revocationList(revoking: [])
            return (TLSServerOptions(identity: try authority.issue(request())), options)
        },
        Case("the pinned key, signed by itself", nil) { _ in
            let identity = try CertificateAuthority.selfSigned(request())
            return (
                TLSServerOptions(identity: identity),
                TLSClientOptions(trust: .pinnedKeys([identity.certificate.keyDigest]))
            )
        },
    ]

    /// A status with one byte of its verdict changed: its signature does not fit any more.
    private static func forged(_ status: [UInt8]) throws -> [UInt8] {
        // CertStatus revoked: [1] IMPLICIT RevokedInfo, whose time it is that is changed here.
        let start = try #require(status.firstRange(of: [0xA1]))
        var forged = status
        forged[start.upperBound + 5] ^= 1
        return forged
    }

    private static func stapled(
        _ authority: CertificateAuthority, _ status: (Certificate) throws -> [UInt8]?
    ) throws -> (TLSServerOptions, TLSClientOptions) {
        var server = TLSServerOptions(identity: try authority.issue(request()))
        server.stapledStatus = try status(server.identity.certificate)
        var client = trusting(authority)
        client.requiresStapledStatus = true
        return (server, client)
    }

    @Test("A server's certificate is judged for what it is", arguments: cases)
    func serverCertificate(_ each: Case) async throws {
        let authority = try CertificateAuthority()
        let (server, options) = try each.make(authority)
        for version in [TLSVersion.tls12, .tls13] {
            var options = options
            options.versions = version...version
            let outcome = try await tlsOutcome(server, client: TLSClientContext(options))
            if let failure = each.failure {
                #expect(outcome.client == .tls(failure), "\(version)")
                if let alert = each.alert { #expect(outcome.server == .tls(.alert(alert)), "\(version)") }
            } else {
                #expect(outcome.client == nil, "\(version)")
            }
        }
    }

    /// One way in which a client's certificate can be right or wrong.
    static let clientCases: [(String, TLSFailure?)] = [
        ("fine", nil), ("none", .certificateMissing), ("expired", .expired), ("unknown authority", .unknownAuthority),
        ("for servers", .wrongPurpose), ("revoked", .revoked), ("none, optional", nil), ("own, per connection", nil),
        ("not yet valid", .notYetValid), ("signed by itself", .selfSigned),
        ("without its intermediate", .unknownAuthority),
        ("revocation list out of date", .revocationListExpired), ("forged", .badSignature),
        ("unknown authority, optional", .unknownAuthority),
    ]

    @Test("A client's certificate is judged for what it is", arguments: clientCases, [TLSVersion.tls12, .tls13])
    func clientCertificate(each: (String, TLSFailure?), version: TLSVersion) async throws {
        let authority = try CertificateAuthority()
        let other = try CertificateAuthority(commonName: "other")
        var request = CertificateAuthority.Request(commonName: "agent-1", use: .client)
        if each.0 == "expired" { (request.notBefore, request.notAfter) = (-7200, -3600) }
        if each.0 == "not yet valid" { (request.notBefore, request.notAfter) = (3600, 7200) }
        if each.0 == "for servers" { request.use = .server }
        let identity: TLSIdentity
        switch each.0 {
        case "unknown authority", "unknown authority, optional": identity = try other.issue(request)
        case "signed by itself": identity = try CertificateAuthority.selfSigned(request)
        case "forged": identity = try CertificateAuthority().issue(request)
        case "without its intermediate":
            let full = try authority.intermediate(commonName: "below").issue(request)
            identity = try TLSIdentity(chain: [full.certificate], key: full.key)
        default: identity = try authority.issue(request)
        }
        var trust = TLSTrust.authorities(authority.certificate.pem)
        if each.0 == "revoked" { trust.revocationList = try authority.revocationList(revoking: [identity.certificate]) }
        if each.0 == "revocation list out of date" {
            trust.revocationList = try authority.revocationList(revoking: [], notBefore: -7200, notAfter: -3600)
        }
        var server = TLSServerOptions(identity: try authority.issue(Self.request()))
        server.clientCertificates = each.0.hasSuffix(", optional") ? .optional(trust) : .required(trust)
        server.versions = version...version
        var options = Self.trusting(authority)
        if !each.0.hasPrefix("none") && each.0 != "own, per connection" { options.identity = identity }
        let own = each.0 == "own, per connection" ? identity : nil
        let outcome = try await tlsOutcome(server, client: TLSClientContext(options), identity: own)
        if let failure = each.1 {
            #expect(outcome.server == .tls(failure))
            // Also in TLS 1.2, whose alert for it says only that the handshake failed.
            if failure == .certificateMissing { #expect(outcome.client == .tls(.alert(116))) }
            guard case .tls(.alert) = outcome.client else {
                Issue.record("the client was not told: \(String(describing: outcome.client))")
                return
            }
        } else {
            #expect(outcome.client == nil)
            #expect(outcome.peerName == (each.0 == "none, optional" ? nil : "agent-1"))
        }
    }

    @Test("A certificate request is answered with a certificate that works, for the requester's key and name")
    func certificateRequest() async throws {
        let authority = try CertificateAuthority()
        let key = try PrivateKey.generate()
        let request = try key.certificateRequest(commonName: "agent-7")
        let chain = try Certificate.parse(pem: authority.answer(requestPEM: request))
        let identity = try TLSIdentity(chain: chain, key: key)
        #expect(identity.certificate.commonName == "agent-7")
        var server = TLSServerOptions(identity: try authority.issue(Self.request()))
        server.clientCertificates = .required(.authorities(authority.certificate.pem))
        let outcome = try await tlsOutcome(
            server, client: TLSClientContext(Self.trusting(authority)), identity: identity)
        #expect(outcome.client == nil)
        #expect(outcome.peerName == "agent-7")
        #expect(throws: TLSError.badRequest) { try authority.answer(requestPEM: "nonsense") }
    }

    @Test("Keys of every kind serve", arguments: [KeyKind.p256, .ed25519, .rsa(bits: 2048)])
    func keyKinds(kind: KeyKind) async throws {
        let authority = try CertificateAuthority(key: .generate(kind))
        let identity = try authority.issue(Self.request(), key: .generate(kind))
        let copy = try TLSIdentity(chainPEM: identity.chainPEM, keyPEM: identity.key.pem)
        #expect(copy.certificate.serialNumber == identity.certificate.serialNumber)
        let outcome = try await tlsOutcome(
            TLSServerOptions(identity: copy), client: TLSClientContext(Self.trusting(authority)))
        #expect(outcome.client == nil)
    }

    @Test("What cannot be used is refused before a run starts, by name")
    func configurationErrors() throws {
        let authority = try CertificateAuthority()
        let identity = try authority.issue(Self.request())
        #expect(throws: TLSError.noCertificate) { try Certificate.parse(pem: "nothing here") }
        #expect(throws: TLSError.noPrivateKey) { try PrivateKey.parse(pem: identity.chainPEM) }
        #expect(throws: TLSError.keyMismatch) { try TLSIdentity(chain: identity.chain, key: .generate()) }
        #expect(throws: TLSError.noCertificate) { try TLSClientContext(TLSClientOptions(trust: .authorities("x"))) }
        #expect(throws: TLSError.nothingTrusted) { try TLSClientContext(TLSClientOptions(trust: .pinnedKeys([]))) }
        var options = Self.trusting(authority)
        options.trust.revocationList = "x"
        #expect(throws: TLSError.noRevocationList) { try TLSClientContext(options) }
        options = Self.trusting(authority)
        options.applicationProtocols = [""]
        #expect(throws: TLSError.badProtocolName) { try TLSClientContext(options) }
    }

    @Test("Every failure of TLS has a known, distinct name")
    func names() {
        let failures: [TLSFailure] = [
            .expired, .wrongHost, .revoked, .alert(48), .alert(200), .certificate(code: 99), .notTLS,
        ]
        #expect(failures.allSatisfy { CloseCause.knownNames.contains(CloseCause.tls($0).name) })
        #expect(Set(failures.map(\.name)).count == failures.count)
        #expect(Set(CloseCause.knownNames).count == CloseCause.knownNames.count)
    }
}
