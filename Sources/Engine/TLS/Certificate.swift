// Invariants of the unsafe memory in this file:
//  - `Certificate` and `PrivateKey` own one reference to an OpenSSL object, which is never changed after init and is
//    freed in deinit. OpenSSL's reference counts are atomic, and reading a certificate or using a key is thread-safe.

import COpenSSL

/// An X.509 certificate.
///
/// `@unchecked Sendable`: the object behind it is never changed, and its reference count is atomic.
public final class Certificate: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over one reference.
    init(owning pointer: OpaquePointer) {
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

    static func keyDigest(of certificate: OpaquePointer) -> [UInt8]? {
        guard let key = X509_get_X509_PUBKEY(certificate) else { return nil }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509_PUBKEY(key, &encoded)
        guard count > 0, let encoded else { return nil }
        defer { copenssl_free(encoded) }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(encoded, Int(count), &digest, nil, EVP_sha256(), nil) == 1 else { return nil }
        return digest
    }
}

/// A private key.
///
/// `@unchecked Sendable`: as `Certificate`.
public final class PrivateKey: @unchecked Sendable {
    /// Kinds of keys that can be made.
    public enum Kind: Hashable, Sendable {
        case p256, ed25519
        case rsa(bits: Int)
    }

    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// A new key. P-256 takes some 20 µs, RSA with 2,048 bits some 100 ms.
    public static func generate(_ kind: Kind = .p256) throws(TLSError) -> PrivateKey {
        let made =
            switch kind {
            case .p256: copenssl_generate_p256()
            case .ed25519: copenssl_generate_ed25519()
            case .rsa(let bits): copenssl_generate_rsa(max(bits, 1024))
            }
        guard let made else { throw TLSError.latest() }
        return PrivateKey(owning: made)
    }

    /// The first key in a PEM text; encrypted ones are not read.
    public static func parse(pem: String) throws(TLSError) -> PrivateKey {
        let refusePassword:
            @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
                { _, _, _, _ in -1 }
        let found = PEM.read(pem, limit: 1) {
            PEM_read_bio_PrivateKey($0, nil, refusePassword, nil).map { PrivateKey(owning: $0) }
        }
        guard let key = found.first else { throw .noPrivateKey }
        return key
    }

    /// Whether the certificate is for this key.
    public func fits(_ certificate: Certificate) -> Bool {
        let answer = X509_check_private_key(certificate.pointer, pointer)
        ERR_clear_error()
        return answer == 1
    }

    /// The key as PEM text (PKCS #8). A secret.
    public var pem: String {
        PEM.write { PEM_write_bio_PrivateKey($0, pointer, nil, nil, 0, nil, nil) }
    }

    /// The digest to sign with: Ed25519 has its own.
    var signingDigest: OpaquePointer? {
        EVP_PKEY_get_base_id(pointer) == EVP_PKEY_ED25519 ? nil : EVP_sha256()
    }

    /// A certificate request (PKCS #10, PEM) for `commonName`, signed with this key.
    public func certificateRequest(commonName: String) throws(TLSError) -> String {
        guard let request = X509_REQ_new(), let name = X509_REQ_get_subject_name(request) else { throw .latest() }
        defer { X509_REQ_free(request) }
        CertificateName.set(commonName, in: name)
        guard X509_REQ_set_pubkey(request, pointer) == 1, X509_REQ_sign(request, pointer, signingDigest) > 0 else {
            throw .latest()
        }
        return PEM.write { PEM_write_bio_X509_REQ($0, request) }
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

/// PEM text to objects and back.
enum PEM {
    /// Objects read of one text: more authorities than any system trusts.
    private static let objectLimit = 4096

    /// Calls `next` on the text until it finds nothing more.
    static func read<Object>(_ text: String, limit: Int = objectLimit, next: (OpaquePointer) -> Object?) -> [Object] {
        var text = text
        return text.withUTF8 { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return [] }
            defer {
                BIO_free(bio)
                ERR_clear_error()
            }
            var objects: [Object] = []
            while objects.count < limit, let object = next(bio) { objects.append(object) }
            return objects
        }
    }

    /// What `put` writes.
    static func write(_ put: (OpaquePointer) -> Int32) -> String {
        guard let bio = copenssl_memory_bio() else { return "" }
        defer { BIO_free(bio) }
        guard put(bio) == 1 else { return "" }
        var bytes: UnsafeMutablePointer<CChar>?
        let count = copenssl_memory_bio_bytes(bio, &bytes)
        guard let bytes, count > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}
