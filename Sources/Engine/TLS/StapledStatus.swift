// Invariants of the unsafe memory in this file:
//  - Every OpenSSL object made here is freed before the method returns; the chain, the certificates and the stapled
//    bytes belong to the connection and are only read.

import COpenSSL
public import OpenSSL

/// The OCSP response that a server staples to its certificate (RFC 6960, RFC 6066 §8).
enum StapledStatus {
    /// How far clocks may differ, seconds.
    private static let clockSkew = 300

    /// What is wrong with the status stapled to a connection's handshake; nil: nothing.
    static func failure(of connection: OpaquePointer) -> TLSFailure? {
        var bytes: UnsafePointer<UInt8>?
        let count = copenssl_stapled_status(connection, &bytes)
        guard count > 0, bytes != nil else { return .statusMissing }
        guard let response = d2i_OCSP_RESPONSE(nil, &bytes, count) else { return .statusInvalid }
        defer { OCSP_RESPONSE_free(response) }
        guard OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL,
            let basic = OCSP_response_get1_basic(response)
        else { return .statusInvalid }
        defer { OCSP_BASICRESP_free(basic) }
        guard let chain = SSL_get0_verified_chain(connection), copenssl_certificate_count(chain) > 1,
            let leaf = copenssl_certificate(chain, 0), let issuer = copenssl_certificate(chain, 1),
            let context = SSL_get_SSL_CTX(connection), let store = SSL_CTX_get_cert_store(context),
            OCSP_basic_verify(basic, chain, store, 0) == 1
        else { return .statusInvalid }
        return verdict(of: basic, on: leaf, issuer)
    }

    private static func verdict(of basic: OpaquePointer, on leaf: OpaquePointer, _ issuer: OpaquePointer) -> TLSFailure?
    {
        guard let identifier = OCSP_cert_to_id(EVP_sha1(), leaf, issuer) else { return .statusInvalid }
        defer { OCSP_CERTID_free(identifier) }
        var status: Int32 = 0
        var reason: Int32 = 0
        var revokedAt: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        var from: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        var until: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
        guard OCSP_resp_find_status(basic, identifier, &status, &reason, &revokedAt, &from, &until) == 1,
            OCSP_check_validity(from, until, clockSkew, -1) == 1
        else { return .statusInvalid }
        switch status {
        case V_OCSP_CERTSTATUS_GOOD: return nil
        case V_OCSP_CERTSTATUS_REVOKED: return .revoked
        default: return .statusInvalid
        }
    }
}

extension CertificateAuthority {
    /// An OCSP response (DER) that a server may staple: the certificate is good, revoked, or none that the authority
    /// knows. Seconds from now say from when to when it holds.
    public func stapledStatus(
        for certificate: Certificate, isRevoked: Bool = false, isUnknown: Bool = false, notBefore: Int = -3600,
        notAfter: Int = 86_400
    ) throws(TLSError) -> [UInt8] {
        guard let basic = OCSP_BASICRESP_new(),
            let identifier = OCSP_cert_to_id(EVP_sha1(), certificate.pointer, self.certificate.pointer),
            let start = X509_gmtime_adj(nil, notBefore), let end = X509_gmtime_adj(nil, notAfter)
        else { throw .latest() }
        defer {
            OCSP_BASICRESP_free(basic)
            OCSP_CERTID_free(identifier)
            ASN1_TIME_free(start)
            ASN1_TIME_free(end)
        }
        let status =
            isRevoked
            ? V_OCSP_CERTSTATUS_REVOKED : isUnknown ? V_OCSP_CERTSTATUS_UNKNOWN : V_OCSP_CERTSTATUS_GOOD
        guard
            OCSP_basic_add1_status(
                basic, identifier, status, isRevoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0, isRevoked ? start : nil,
                start, end) != nil,
            OCSP_basic_sign(basic, self.certificate.pointer, key.pointer, key.signingDigest, nil, 0) == 1,
            let response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic)
        else { throw .latest() }
        defer { OCSP_RESPONSE_free(response) }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_OCSP_RESPONSE(response, &encoded)
        guard count > 0, let encoded else { throw .latest() }
        defer { copenssl_free(encoded) }
        return Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }
}
