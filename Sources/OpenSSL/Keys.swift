// Invariants of the unsafe memory in this file:
//  - A key owns one reference to an EVP_PKEY that nothing changes after init and deinit frees; OpenSSL's reference
//    counts are atomic and using a key is thread-safe, which is why keys are Sendable.
//  - Contexts are freed before the call that made them returns; OpenSSL keeps no pointer to a buffer given to it.

import COpenSSL

/// The kinds of keys that can be made and that sign.
public enum KeyKind: Hashable, Sendable {
    case p256, ed25519
    case rsa(bits: Int)

    /// The kind of an OpenSSL key; nil for others.
    fileprivate init?(of key: OpaquePointer) {
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_ED25519:
            self = .ed25519
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS:
            self = .rsa(bits: Int(EVP_PKEY_get_bits(key)))
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 64)
            guard EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1,
                String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) == "prime256v1"
            else { return nil }
            self = .p256
        default:
            return nil
        }
    }
}

/// A private key. Its PEM text is a secret.
///
/// `@unchecked Sendable`: the object behind it is never changed, and its reference count is atomic.
public final class PrivateKey: @unchecked Sendable {

    package let pointer: OpaquePointer

    package init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// A new key. P-256 takes some 20 µs, RSA with 2,048 bits some 100 ms.
    public static func generate(_ kind: KeyKind = .p256) throws(TLSError) -> PrivateKey {
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

    /// What it can sign with; nil for a key of another kind.
    public var kind: KeyKind? { KeyKind(of: pointer) }

    /// What others check this key's signatures with.
    public var publicKey: PublicKey {
        EVP_PKEY_up_ref(pointer)
        return PublicKey(owning: pointer)
    }

    /// A signature of the SHA-256 digest of a file: ECDSA, RSA-PSS with a salt as long as the digest, or Ed25519 of the
    /// digest's 32 bytes.
    public func signature(ofDigest digest: [UInt8]) throws(TLSError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(pointer)))
        var count = signature.count
        let isMade: Bool
        if kind == .ed25519 {
            guard let context = EVP_MD_CTX_new() else { throw .latest() }
            defer { EVP_MD_CTX_free(context) }
            isMade =
                EVP_DigestSignInit(context, nil, nil, nil, pointer) == 1
                && EVP_DigestSign(context, &signature, &count, digest, digest.count) == 1
        } else {
            guard let context = EVP_PKEY_CTX_new(pointer, nil) else { throw .latest() }
            defer { EVP_PKEY_CTX_free(context) }
            isMade =
                EVP_PKEY_sign_init(context) == 1 && prepareSignature(context, kind)
                && EVP_PKEY_sign(context, &signature, &count, digest, digest.count) == 1
        }
        guard isMade else { throw .latest() }
        return Array(signature.prefix(count))
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
    package var signingDigest: OpaquePointer? {
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

/// A public key, which checks signatures.
///
/// `@unchecked Sendable`: as `PrivateKey`.
public final class PublicKey: @unchecked Sendable {
    private let pointer: OpaquePointer

    fileprivate init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// The first public key in a PEM text (SubjectPublicKeyInfo).
    public static func parse(pem: String) throws(TLSError) -> PublicKey {
        let found = PEM.read(pem, limit: 1) {
            PEM_read_bio_PUBKEY($0, nil, nil, nil).map { PublicKey(owning: $0) }
        }
        guard let key = found.first else { throw .noPublicKey }
        return key
    }

    /// What it can check; nil for a key of another kind.
    public var kind: KeyKind? { KeyKind(of: pointer) }

    /// The key as PEM text.
    public var pem: String { PEM.write { PEM_write_bio_PUBKEY($0, pointer) } }

    /// Whether `signature` is this key's of the file with that SHA-256 digest, as `PrivateKey.signature` makes it. Some
    /// 100 µs.
    public func verifies(_ signature: [UInt8], ofDigest digest: [UInt8]) -> Bool {
        // An invalid signature leaves errors in OpenSSL's queue, which must be cleared.
        defer { ERR_clear_error() }
        if kind == .ed25519 {
            guard let context = EVP_MD_CTX_new() else { return false }
            defer { EVP_MD_CTX_free(context) }
            return EVP_DigestVerifyInit(context, nil, nil, nil, pointer) == 1
                && EVP_DigestVerify(context, signature, signature.count, digest, digest.count) == 1
        }
        guard let context = EVP_PKEY_CTX_new(pointer, nil) else { return false }
        defer { EVP_PKEY_CTX_free(context) }
        return EVP_PKEY_verify_init(context) == 1 && prepareSignature(context, kind)
            && EVP_PKEY_verify(context, signature, signature.count, digest, digest.count) == 1
    }
}

/// Sets padding and digest for a signature, or the check of one.
private func prepareSignature(_ context: OpaquePointer, _ kind: KeyKind?) -> Bool {
    if case .rsa = kind {
        guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1,
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
        else { return false }
    }
    return EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
}
