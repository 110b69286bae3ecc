import COpenSSL

/// Certificates, keys or settings given to Muster that OpenSSL cannot use: the user's to mend, before a run starts.
public enum TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file cannot be read.
    case unreadableFile(String)
    /// No certificate in what was given.
    case noCertificate
    /// No private key in what was given, or an encrypted one.
    case noPrivateKey
    /// No public key in what was given.
    case noPublicKey
    /// The key belongs to another certificate.
    case keyMismatch
    /// No usable revocation list in what was given.
    case noRevocationList
    /// Not a certificate request, or one whose signature does not fit.
    case badRequest
    /// No pinned key, authority or system store to trust by.
    case nothingTrusted
    /// No supported cipher suite has that name.
    case unknownCipherSuite(String)
    /// Names for ALPN have 1 to 255 bytes.
    case badProtocolName
    /// Anything else that OpenSSL says.
    case openSSL(String)

    /// The latest problem of OpenSSL on this thread.
    package static func latest() -> TLSError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        return .openSSL(copenssl_reason(code).map { String(cString: $0) } ?? "code \(code)")
    }

    public var description: String {
        switch self {
        case .unreadableFile(let path): "cannot read \(path)"
        case .noCertificate: "no PEM certificate found (-----BEGIN CERTIFICATE-----)"
        case .noPrivateKey: "no unencrypted PEM private key found (-----BEGIN PRIVATE KEY-----)"
        case .noPublicKey: "no PEM public key found (-----BEGIN PUBLIC KEY-----)"
        case .keyMismatch: "the private key does not belong to the certificate"
        case .noRevocationList: "no PEM revocation list found (-----BEGIN X509 CRL-----)"
        case .badRequest: "not a valid PEM certificate request"
        case .nothingTrusted: "nothing to trust the peer by: name authorities, pinned keys or the system's store"
        case .unknownCipherSuite(let name):
            "no cipher suite \"\(name)\"; use a name of the IANA's list, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        case .badProtocolName: "an application protocol's name has 1 to 255 bytes"
        case .openSSL(let reason): "OpenSSL: \(reason)"
        }
    }
}
