import Basis
import ControlPlane
import Engine
import OpAMP
import OpenSSL

/// What is to become of the certificates of agents in a rotation.
public struct CertificateRotation: Hashable, Sendable {
    /// What is wrong with the new certificates, for the rehearsal of a rotation that fails.
    public enum Flaw: String, CaseIterable, Hashable, Sendable {
        /// They are past their time.
        case expired
        /// They are of an authority that the server does not trust.
        case unknownAuthority = "unknown-authority"
    }

    /// How long the new ones are good for, seconds; nil: as long as all that the server issues.
    public var lifetimeSeconds: Int?
    public var flaw: Flaw?

    public init(lifetimeSeconds: Int? = nil, flaw: Flaw? = nil) {
        self.lifetimeSeconds = lifetimeSeconds
        self.flaw = flaw
    }
}

/// Issues certificates on a shard of the server, a few a turn, so that a wave of requests does not hold up the answers
/// to reports. An endpoint without a connection: only its timer is used.
final class CertificateDesk: Endpoint, @unchecked Sendable {
    enum Demand {
        /// An agent has asked.
        case request(CertificateTicket)
        /// The server issues a certificate without a request.
        case renewal(InstanceUID, CertificateRotation)
    }

    private let security: ServerSecurity
    private weak var host: ServerHost?
    /// Bounded by the registry: requests by its limit, renewals by the agents that it knows.
    private var demands: [Demand] = []
    private var next = 0

    init(host: ServerHost, security: ServerSecurity) {
        self.host = host
        self.security = security
        super.init(shard: host.shard)
    }

    func add(_ new: [Demand]) {
        demands += new
        if timer == nil { setTimer(at: shard.now) }
    }

    override func timerFired(due: Instant) {
        guard let host else { return }
        let end = min(next + CertificateDesk.batch, demands.count)
        while next < end {
            meet(demands[next], host)
            next += 1
        }
        if next == demands.count {
            (demands, next) = ([], 0)
        } else {
            setTimer(at: shard.now)
        }
    }

    private func meet(_ demand: Demand, _ host: ServerHost) {
        switch demand {
        case .request(let ticket):
            do throws(TLSError) {
                let certificate = try security.answer(ticket.request, for: ticket.uid)
                host.steer { registry, now, effects in
                    registry.issued(ticket, certificate: certificate, at: now, &effects)
                }
            } catch {
                host.steer { registry, now, effects in
                    registry.declined(ticket, reason: "\(error)", at: now, &effects)
                }
            }
        case .renewal(let uid, let rotation):
            // What the authority cannot sign is not offered; it could not sign anything else either.
            guard let certificate = try? security.renewal(for: uid, rotation) else { return }
            host.steer { registry, now, effects in registry.renewed(certificate, for: uid, at: now, &effects) }
        }
    }

    /// Some two milliseconds' worth.
    private static let batch = 16
}

extension ServerSecurity {
    /// The certificate for a signing request (PKCS #10, PEM) of an agent (spec: Agent-initiated CSR Flow). It is for
    /// the agent that asks, whatever name the request has; one that names another agent is refused.
    func answer(_ request: [UInt8], for uid: InstanceUID) throws(TLSError) -> TLSCertificate {
        guard let authority, let text = String(validating: request, as: UTF8.self) else { throw .badRequest }
        let name = try CertificateAuthority.commonName(ofRequest: text)
        if name.utf8.count == uid.description.utf8.count, name.contains("-"), name.lowercased() != uid.description {
            throw .badRequest
        }
        var wanted = CertificateAuthority.Request(commonName: uid.description, use: .client)
        wanted.notAfter = certificateLifetimeSeconds
        return TLSCertificate(
            cert: Array(try authority.answer(requestPEM: text, as: wanted).utf8),
            caCert: Array(authority.certificate.pem.utf8))
    }

    /// A certificate with a new key.
    func renewal(for uid: InstanceUID, _ rotation: CertificateRotation) throws(TLSError) -> TLSCertificate {
        guard var authority else { throw .nothingTrusted }
        var wanted = CertificateAuthority.Request(commonName: uid.description, use: .client)
        wanted.notAfter = rotation.lifetimeSeconds ?? certificateLifetimeSeconds
        switch rotation.flaw {
        case .expired: (wanted.notBefore, wanted.notAfter) = (-7200, -3600)
        case .unknownAuthority: authority = try CertificateAuthority(commonName: "Somebody else's authority")
        case nil: break
        }
        let identity = try authority.issue(wanted)
        return TLSCertificate(
            cert: Array(identity.chainPEM.utf8), privateKey: Array(identity.key.pem.utf8),
            caCert: Array(authority.certificate.pem.utf8))
    }
}
