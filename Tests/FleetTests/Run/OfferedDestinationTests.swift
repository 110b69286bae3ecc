import Engine
import Hosting
import OpAMP
import OpenSSL
import Testing

@testable import Fleet

/// Where offers of destinations for own telemetry lead (specification: TelemetryConnectionSettings).
@Suite("Destinations of own telemetry")
struct OfferedDestinationTests {
    private static let destinations = OfferedDestinations(nil, OfferedContexts(TLSProfile()))

    @Test(
        "A destination over TLS is reached under the certificate and the trust that were offered; bad ones lead nowhere"
    )
    func secured() async throws {
        let authority = try CertificateAuthority()
        let issued = try authority.issue(CertificateAuthority.Request(commonName: "agent", use: .client))
        var offer = TelemetryConnectionSettings(destinationEndpoint: "https://127.0.0.1:4318/v1/metrics")
        let plain = try await Self.destinations.resolve(offer)
        #expect(plain.tls != nil && plain.identity == nil)
        offer.certificate = TLSCertificate(
            cert: Array(issued.chainPEM.utf8), privateKey: Array(issued.key.pem.utf8))
        offer.tls = TLSConnectionSettings(caPEMContents: authority.certificate.pem)
        let route = try await Self.destinations.resolve(offer)
        #expect(route.identity != nil)
        #expect(route.tls != nil && route.tls !== plain.tls)
        offer.certificate = TLSCertificate(cert: Array(issued.chainPEM.utf8))
        let offer1 = offer
        await #expect(throws: OfferProblem.certificateUnusable) { try await Self.destinations.resolve(offer1) }
        offer.certificate = nil
        offer.tls = TLSConnectionSettings(caPEMContents: "nothing")
        let offer2 = offer
        await #expect(throws: OfferProblem.authoritiesUnusable) { try await Self.destinations.resolve(offer2) }
    }
}
