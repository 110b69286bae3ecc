// Invariants of the unsafe memory in this file:
//  - A certificate owns one reference to an OpenSSL object, which is never changed after init and is freed in deinit.
//    OpenSSL's reference counts are atomic, and reading a certificate is thread-safe.

import COpenSSL

/// An X.509 certificate.
///
/// `@unchecked Sendable`: the object behind it is never changed, and its reference count is atomic.
public final class Certificate: @unchecked Sendable {
    package let pointer: OpaquePointer

    /// Takes over one reference.
    package init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        X509_free(pointer)
    }

    /// The certificates in a PEM text, in order.
    public static func parse(pem: String) throws(TLSError) -> [Certificate] {
        let found = PEM.read(pem) { PEM_read_bio_X509($0, nil, nil, nil).map { Certificate(owning: $0) } }
        guard !found.isEmpty else { throw .noCertificate }
        return found
    }

    /// The certificate as PEM text.
    public var pem: String {
        PEM.write { PEM_write_bio_X509($0, pointer) }
    }

    /// The SHA-256 digest of the SubjectPublicKeyInfo: what `TLSTrust.pinnedKeys` names.
    public var keyDigest: [UInt8] {
        Self.keyDigest(of: pointer) ?? []
    }

    /// The certificate's bytes (DER).
    public var der: [UInt8] {
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(pointer, &encoded)
        guard count > 0, let encoded else { return [] }
        defer { copenssl_free(encoded) }
        return Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }

    /// The certificate that these bytes (DER) are.
    public convenience init(der: [UInt8]) throws(TLSError) {
        let made = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var position = bytes.baseAddress
            return d2i_X509(nil, &position, bytes.count)
        }
        ERR_clear_error()
        guard let made else { throw .noCertificate }
        self.init(owning: made)
    }

    /// The serial number, hexadecimal.
    public var serialNumber: String {
        guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(pointer), nil) else { return "" }
        defer { BN_free(number) }
        guard let text = BN_bn2hex(number) else { return "" }
        defer { copenssl_free(text) }
        return String(cString: text)
    }

    /// The subject's common name.
    public var commonName: String {
        CertificateName.text(of: X509_get_subject_name(pointer))
    }

    package static func keyDigest(of certificate: OpaquePointer) -> [UInt8]? {
        guard let key = X509_get_X509_PUBKEY(certificate) else { return nil }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_PUBKEY(key, &encoded)
        guard count > 0, let encoded else { return nil }
        defer { copenssl_free(encoded) }
        return SHA256.hash(of: UnsafeRawBufferPointer(start: encoded, count: Int(count)))
    }
}

/// A certificate with its chain and its private key: what one side shows the other.
public struct TLSIdentity: Sendable {
    /// The own certificate first, then the ones that lead from it towards an authority.
    public let chain: [Certificate]
    public let key: PrivateKey

    public init(chain: [Certificate], key: PrivateKey) throws(TLSError) {
        guard let leaf = chain.first else { throw .noCertificate }
        guard X509_check_private_key(leaf.pointer, key.pointer) == 1 else {
            ERR_clear_error()
            throw .keyMismatch
        }
        self.chain = chain
        self.key = key
    }

    /// From PEM texts, as files hold them.
    public init(chainPEM: String, keyPEM: String) throws(TLSError) {
        try self.init(chain: Certificate.parse(pem: chainPEM), key: PrivateKey.parse(pem: keyPEM))
    }

    /// The own certificate.
    public var certificate: Certificate { chain[0] }

    /// The chain as PEM text.
    public var chainPEM: String { chain.map(\.pem).joined() }
}
