import COpenSSL
public import TLSRecords

/// Why TLS was not agreed on, or a certificate not accepted. The first group is our judgement of the peer's
/// certificate, the second the peer's of us, the third neither's certificate.
public enum TLSFailure: Hashable, Sendable {
    /// The certificate's time is over.
    case expired
    /// The certificate's time has not begun.
    case notYetValid
    /// The certificate is for another host.
    case wrongHost
    /// Nobody we trust has signed the certificate.
    case unknownAuthority
    /// The certificate is signed by itself and we do not trust it.
    case selfSigned
    /// A signature in the chain does not fit.
    case badSignature
    /// A certificate in the chain may not sign others.
    case notAnAuthority
    /// The certificate is not meant for this use (server or client).
    case wrongPurpose
    /// The certificate has been withdrawn: by the revocation list, or by the stapled status.
    case revoked
    /// There is no revocation list of the certificate's authority.
    case revocationListMissing
    /// The revocation list is too old, or not yet valid.
    case revocationListExpired
    /// The revocation list's signature does not fit.
    case revocationListForged
    /// A stapled status was demanded and not sent.
    case statusMissing
    /// The stapled status does not fit: signature, certificate, time or form.
    case statusInvalid
    /// The key is none of the pinned ones.
    case pinMismatch
    /// A key or digest is below the security level asked for.
    case tooWeak
    /// Another verdict of OpenSSL (X509_V_ERR_…).
    case certificate(code: Int32)
    /// We asked for a certificate and got none.
    case certificateMissing

    /// The peer ended the connection with an alert; its number (RFC 8446 §6).
    case alert(UInt8)

    /// No version of TLS that both sides allow.
    case versionMismatch
    /// No cipher that both sides allow.
    case cipherMismatch
    /// No application protocol (ALPN) that both sides know.
    case protocolMismatch
    /// What came is not TLS: most likely a plaintext port.
    case notTLS
    /// The peer closed in the middle of the handshake.
    case interrupted
    /// The peer has broken a rule of TLS records after the handshake (RFC 8446 §5).
    case record(RecordFailure)
    /// Any other error of OpenSSL, by its code.
    case other(code: UInt32)

    /// The failure for a verdict on a certificate.
    init(verdict: Int) {
        switch Int32(clamping: verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .wrongHost
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            self = .unknownAuthority
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: self = .selfSigned
        case X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE: self = .badSignature
        case X509_V_ERR_INVALID_CA, X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
            self = .notAnAuthority
        case X509_V_ERR_INVALID_PURPOSE: self = .wrongPurpose
        case X509_V_ERR_CERT_REVOKED: self = .revoked
        case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER: self = .revocationListMissing
        case X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID: self = .revocationListExpired
        case X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE: self = .revocationListForged
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK: self = .tooWeak
        case X509_V_ERR_APPLICATION_VERIFICATION: self = .pinMismatch
        case let code: self = .certificate(code: code)
        }
    }

    /// The failure for an error of OpenSSL, apart from verdicts on certificates.
    init(error: UInt) {
        guard copenssl_error_library(error) == ERR_LIB_SSL else {
            self = .other(code: UInt32(truncatingIfNeeded: error))
            return
        }
        let reason = copenssl_error_reason(error)
        switch reason {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_WRONG_SSL_VERSION: self = .versionMismatch
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SHARED_GROUPS, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
            self = .cipherMismatch
        case SSL_R_NO_APPLICATION_PROTOCOL: self = .protocolMismatch
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: self = .certificateMissing
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: self = .notTLS
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: self = .interrupted
        case SSL_R_INVALID_STATUS_RESPONSE: self = .statusInvalid
        case Self.alertReasons: self = .alert(UInt8(truncatingIfNeeded: reason - Self.alertReasons.lowerBound))
        default: self = .other(code: UInt32(truncatingIfNeeded: error))
        }
    }

    /// The alerts handshake_failure and certificate_required (RFC 8446, section 6.2).
    static let handshakeFailure = TLSFailure.alert(40)
    static let certificateRequired = TLSFailure.alert(116)

    /// OpenSSL's reasons for an alert received: the alert's number above a thousand.
    private static let alertReasons: Range<Int32> = 1000..<1256

    /// A stable name for counting; alerts that RFC 8446 names have their own.
    public var name: String {
        switch self {
        case .expired: "certificate expired"
        case .notYetValid: "certificate not yet valid"
        case .wrongHost: "certificate for another host"
        case .unknownAuthority: "unknown certificate authority"
        case .selfSigned: "self-signed certificate"
        case .badSignature: "bad certificate signature"
        case .notAnAuthority: "certificate signed by a non-authority"
        case .wrongPurpose: "certificate for another purpose"
        case .revoked: "certificate revoked"
        case .revocationListMissing: "revocation list missing"
        case .revocationListExpired: "revocation list expired"
        case .revocationListForged: "revocation list forged"
        case .statusMissing: "stapled status missing"
        case .statusInvalid: "stapled status invalid"
        case .pinMismatch: "pinned key mismatch"
        case .tooWeak: "certificate too weak"
        case .certificate: "certificate not accepted"
        case .certificateMissing: "no peer certificate"
        case .alert(let number): Self.alertNames[number].map { "peer alert: \($0)" } ?? "peer alert: other"
        case .versionMismatch: "no common TLS version"
        case .cipherMismatch: "no common TLS cipher"
        case .protocolMismatch: "no common application protocol"
        case .notTLS: "peer does not speak TLS"
        case .interrupted: "closed in TLS handshake"
        case .record: "invalid TLS record"
        case .other: "other TLS error"
        }
    }

    private static let alertNames: [UInt8: String] = [
        10: "unexpected message", 20: "bad record", 40: "handshake failure", 42: "bad certificate",
        43: "unsupported certificate", 44: "certificate revoked", 45: "certificate expired", 46: "certificate unknown",
        47: "illegal parameter", 48: "unknown authority", 49: "access denied", 50: "decode error", 51: "decrypt error",
        70: "protocol version", 71: "insufficient security", 80: "internal error", 86: "inappropriate fallback",
        90: "user cancelled", 109: "missing extension", 112: "unrecognized name", 113: "bad certificate status",
        115: "unknown pre-shared key", 116: "certificate required", 120: "no application protocol",
    ]

    /// Every name that `name` can answer with.
    static let knownNames: [String] =
        [
            .expired, .notYetValid, .wrongHost, .unknownAuthority, .selfSigned, .badSignature, .notAnAuthority,
            .wrongPurpose, .revoked, .revocationListMissing, .revocationListExpired, .revocationListForged,
            .statusMissing, .statusInvalid,
            .pinMismatch, .tooWeak, .certificate(code: 0), .certificateMissing, .versionMismatch, .cipherMismatch,
            .protocolMismatch, .notTLS, .interrupted, .record(.badRecord), .other(code: 0),
        ].map(\TLSFailure.name)
        + alertNames.keys.sorted().map { TLSFailure.alert($0).name } + [TLSFailure.alert(255).name]
}

extension TLSFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .certificate(let code): "\(name): \(String(cString: X509_verify_cert_error_string(Int(code))))"
        case .other(let code): "\(name): \(copenssl_reason(UInt(code)).map { String(cString: $0) } ?? "code \(code)")"
        case .record(let failure): "\(name): \(failure)"
        case .alert(let number) where Self.alertNames[number] == nil: "\(name) (\(number))"
        default: name
        }
    }
}
