// Invariants of the unsafe memory in this file:
//  - Every OpenSSL object made here is either handed to an owner (`Certificate`) or freed before the method returns.

import COpenSSL

/// An authority that issues certificates on the fly: for tests, for fleets whose agents each show their own, and for
/// answers to certificate requests.
///
/// `@unchecked Sendable`: nothing in it changes after init.
public final class CertificateAuthority: @unchecked Sendable {
    /// What a certificate is to say.
    public struct Request: Sendable {
        /// Whom it may be used by.
        public enum Use: Hashable, Sendable {
            case server, client, both
        }

        public var commonName: String
        /// DNS names and IP addresses.
        public var hosts: [String] = []
        public var use = Use.both
        /// Seconds from now; negative: in the past.
        public var notBefore = -3600
        public var notAfter = 30 * 86_400

        public init(commonName: String, hosts: [String] = [], use: Use = .both) {
            self.commonName = commonName
            self.hosts = hosts
            self.use = use
        }
    }

    /// The authority's own certificate first, then those above it.
    public let chain: [Certificate]
    public let key: PrivateKey

    /// The authority's own certificate.
    public var certificate: Certificate { chain[0] }

    /// A new authority that signs itself.
    public init(commonName: String = "Muster authority", key given: PrivateKey? = nil) throws(TLSError) {
        let key = if let given { given } else { try PrivateKey.generate() }
        let request = Request(commonName: commonName)
        let certificate = try Self.make(
            request, subjectKey: key.pointer, issuer: nil, issuerKey: key, isAuthority: true)
        chain = [certificate]
        self.key = key
    }

    /// An existing authority, from its certificate (chain) and key.
    public init(identity: TLSIdentity) {
        chain = identity.chain
        key = identity.key
    }

    private init(chain: [Certificate], key: PrivateKey) {
        self.chain = chain
        self.key = key
    }

    /// An authority below this one.
    public func intermediate(
        commonName: String, notBefore: Int? = nil, notAfter: Int? = nil
    ) throws(TLSError) -> CertificateAuthority {
        let key = try PrivateKey.generate()
        var request = Request(commonName: commonName)
        request.notBefore = notBefore ?? request.notBefore
        request.notAfter = notAfter ?? request.notAfter
        let certificate = try Self.make(
            request, subjectKey: key.pointer, issuer: self.certificate, issuerKey: self.key,
            isAuthority: true)
        return CertificateAuthority(chain: [certificate] + chain, key: key)
    }

    /// A certificate for a new key, or for `key`: a fleet starts faster when a few keys serve all its agents. About
    /// 60 µs with P-256.
    public func issue(_ request: Request, key given: PrivateKey? = nil) throws(TLSError) -> TLSIdentity {
        let key = if let given { given } else { try PrivateKey.generate() }
        let certificate = try Self.make(
            request, subjectKey: key.pointer, issuer: self.certificate, issuerKey: self.key, isAuthority: false)
        return try TLSIdentity(chain: [certificate] + sentChain, key: key)
    }

    /// A self-signed certificate, as servers without an authority have.
    public static func selfSigned(_ request: Request, key given: PrivateKey? = nil) throws(TLSError) -> TLSIdentity {
        let key = if let given { given } else { try PrivateKey.generate() }
        let certificate = try make(
            request, subjectKey: key.pointer, issuer: nil, issuerKey: key, isAuthority: false)
        return try TLSIdentity(chain: [certificate], key: key)
    }

    /// The common name in a certificate request (PKCS #10, PEM); empty where it has none.
    public static func commonName(ofRequest pem: String) throws(TLSError) -> String {
        let found = PEM.read(pem, limit: 1) { PEM_read_bio_X509_REQ($0, nil, nil, nil) }
        guard let request = found.first else { throw .badRequest }
        defer { X509_REQ_free(request) }
        return CertificateName.text(of: X509_REQ_get_subject_name(request))
    }

    /// Answers a certificate request (PKCS #10, PEM): its key and common name, the rest as `request` says. PEM, with
    /// the chain towards the authority.
    public func answer(requestPEM: String, as request: Request? = nil) throws(TLSError) -> String {
        let found = PEM.read(requestPEM, limit: 1) { PEM_read_bio_X509_REQ($0, nil, nil, nil) }
        guard let wanted = found.first else { throw .badRequest }
        defer { X509_REQ_free(wanted) }
        guard let subjectKey = X509_REQ_get0_pubkey(wanted), X509_REQ_verify(wanted, subjectKey) == 1 else {
            ERR_clear_error()
            throw .badRequest
        }
        var request = request ?? Request(commonName: "", use: .client)
        if request.commonName.isEmpty {
            request.commonName = CertificateName.text(of: X509_REQ_get_subject_name(wanted))
        }
        let certificate = try Self.make(
            request, subjectKey: subjectKey, issuer: self.certificate, issuerKey: key, isAuthority: false)
        return ([certificate] + sentChain).map(\.pem).joined()
    }

    /// What is sent along with a certificate: all but the self-signed top, which the peer has or does not trust.
    private var sentChain: [Certificate] { Array(chain.dropLast()) }

    /// A list (PEM) that withdraws `certificates`; seconds from now say from when to when it holds.
    public func revocationList(
        revoking certificates: [Certificate], notBefore: Int = -3600, notAfter: Int = 30 * 86_400
    ) throws(TLSError) -> String {
        guard let list = X509_CRL_new(), let start = X509_gmtime_adj(nil, notBefore),
            let end = X509_gmtime_adj(nil, notAfter)
        else { throw .latest() }
        defer {
            X509_CRL_free(list)
            ASN1_TIME_free(start)
            ASN1_TIME_free(end)
        }
        X509_CRL_set_version(list, 1)
        X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate.pointer))
        X509_CRL_set1_lastUpdate(list, start)
        X509_CRL_set1_nextUpdate(list, end)
        for certificate in certificates {
            guard let entry = X509_REVOKED_new() else { throw .latest() }
            X509_REVOKED_set_serialNumber(
                entry, UnsafeMutablePointer(mutating: X509_get0_serialNumber(certificate.pointer)))
            X509_REVOKED_set_revocationDate(entry, start)
            X509_CRL_add0_revoked(list, entry)
        }
        guard X509_CRL_sign(list, key.pointer, key.signingDigest) > 0 else { throw .latest() }
        return PEM.write { PEM_write_bio_X509_CRL($0, list) }
    }

    private static func make(
        _ request: Request, subjectKey: OpaquePointer, issuer: Certificate?, issuerKey: PrivateKey, isAuthority: Bool
    ) throws(TLSError) -> Certificate {
        guard let pointer = X509_new() else { throw .latest() }
        let certificate = Certificate(owning: pointer)
        let issuerPointer = issuer?.pointer ?? pointer
        X509_set_version(pointer, 2)
        setSerialNumber(of: pointer)
        X509_gmtime_adj(X509_getm_notBefore(pointer), request.notBefore)
        X509_gmtime_adj(X509_getm_notAfter(pointer), request.notAfter)
        if let name = X509_get_subject_name(pointer) { CertificateName.set(request.commonName, in: name) }
        X509_set_issuer_name(pointer, X509_get_subject_name(issuerPointer))
        guard X509_set_pubkey(pointer, subjectKey) == 1 else { throw .latest() }
        var extensions: [(Int32, String)] = [(NID_subject_key_identifier, "hash")]
        if isAuthority {
            extensions += [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
            ]
        } else {
            extensions += [(NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature")]
            let uses =
                switch request.use {
                case .server: "serverAuth"
                case .client: "clientAuth"
                case .both: "serverAuth,clientAuth"
                }
            extensions.append((NID_ext_key_usage, uses))
        }
        if !request.hosts.isEmpty {
            // A comma would begin another entry of OpenSSL's little language.
            let hosts = request.hosts.filter { !$0.contains(",") }
            let names = hosts.map { Self.isAddress($0) ? "IP:\($0)" : "DNS:\($0)" }
            extensions.append((NID_subject_alt_name, names.joined(separator: ",")))
        }
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuerPointer, pointer, nil, nil, 0)
        for (identifier, value) in extensions {
            guard let made = X509V3_EXT_conf_nid(nil, &context, identifier, value) else { throw .latest() }
            defer { X509_EXTENSION_free(made) }
            guard X509_add_ext(pointer, made, -1) == 1 else { throw .latest() }
        }
        guard X509_sign(pointer, issuerKey.pointer, issuerKey.signingDigest) > 0 else { throw .latest() }
        return certificate
    }

    /// Whether the text is an IPv4 or IPv6 address.
    private static func isAddress(_ host: String) -> Bool {
        guard let address = a2i_IPADDRESS(host) else {
            ERR_clear_error()
            return false
        }
        ASN1_OCTET_STRING_free(address)
        return true
    }

    /// 127 random bits, as RFC 5280 §4.1.2.2 allows at most 20 bytes.
    private static func setSerialNumber(of certificate: OpaquePointer) {
        guard let number = BN_new() else { return }
        defer { BN_free(number) }
        BN_rand(number, 127, 0, 0)
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate))
    }
}
