// Invariants of the unsafe memory in this file:
//  - A key owns one reference to an EVP_PKEY that nothing changes after init and deinit frees; OpenSSL's reference counts
//    are atomic and using a key is thread-safe, which is why keys are Sendable.
//  - Contexts and BIOs are freed before the call that made them returns; OpenSSL keeps no pointer to a buffer given to it.

import COpenSSL

/// A key that signs packages. Its PEM text is a secret; nothing else of it shows.
public final class SigningKey: @unchecked Sendable {
    fileprivate let pointer: OpaquePointer
    public let algorithm: SignatureAlgorithm

    private init(owning pointer: OpaquePointer, _ algorithm: SignatureAlgorithm) {
        self.pointer = pointer
        self.algorithm = algorithm
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// A new key. RSA takes some 300 ms, the others less than one.
    public static func generate(_ algorithm: SignatureAlgorithm) throws(PackageKeyError) -> SigningKey {
        let made =
            switch algorithm {
            case .ecdsaP256: copenssl_generate_p256()
            case .rsaPSS: copenssl_generate_rsa(3_072)
            case .ed25519: copenssl_generate_ed25519()
            }
        guard let made else { throw .openSSL(latestComplaint()) }
        return SigningKey(owning: made, algorithm)
    }

    /// The first key in a PEM text; encrypted ones are not read.
    public convenience init(pem: String) throws(PackageKeyError) {
        let refusePassword:
            @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
                { _, _, _, _ in -1 }
        guard let found = PEMText.read(pem, { PEM_read_bio_PrivateKey($0, nil, refusePassword, nil) }) else {
            throw .noPrivateKey
        }
        guard let algorithm = SignatureAlgorithm(of: found) else {
            EVP_PKEY_free(found)
            throw .unsuitable
        }
        self.init(owning: found, algorithm)
    }

    /// The key as PEM text (PKCS #8). A secret.
    public var pem: String { PEMText.write { PEM_write_bio_PrivateKey($0, pointer, nil, nil, 0, nil, nil) } }

    /// What others check this key's signatures with.
    public var publicKey: VerifyingKey {
        EVP_PKEY_up_ref(pointer)
        return VerifyingKey(owning: pointer, algorithm)
    }

    /// Signs the file with this SHA-256.
    public func sign(digest: [UInt8], as signer: String) throws(PackageKeyError) -> DetachedSignature {
        guard DetachedSignature.isSigner(signer) else { throw .badSigner(signer) }
        var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(pointer)))
        var count = signature.count
        let isMade: Bool
        switch algorithm {
        case .ed25519:
            guard let context = EVP_MD_CTX_new() else { throw .openSSL(latestComplaint()) }
            defer { EVP_MD_CTX_free(context) }
            isMade =
                EVP_DigestSignInit(context, nil, nil, nil, pointer) == 1
                && EVP_DigestSign(context, &signature, &count, digest, digest.count) == 1
        case .ecdsaP256, .rsaPSS:
            guard let context = EVP_PKEY_CTX_new(pointer, nil) else { throw .openSSL(latestComplaint()) }
            defer { EVP_PKEY_CTX_free(context) }
            isMade =
                EVP_PKEY_sign_init(context) == 1
                && algorithm.prepare(context, saltLength: RSA_PSS_SALTLEN_DIGEST)
                && EVP_PKEY_sign(context, &signature, &count, digest, digest.count) == 1
        }
        guard isMade else { throw .openSSL(latestComplaint()) }
        return DetachedSignature(algorithm: algorithm, signer: signer, signature: Array(signature.prefix(count)))
    }
}

/// A key that checks signatures of packages.
public final class VerifyingKey: @unchecked Sendable {
    private let pointer: OpaquePointer
    public let algorithm: SignatureAlgorithm

    fileprivate init(owning pointer: OpaquePointer, _ algorithm: SignatureAlgorithm) {
        self.pointer = pointer
        self.algorithm = algorithm
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// The first public key in a PEM text (SubjectPublicKeyInfo).
    public convenience init(pem: String) throws(PackageKeyError) {
        guard let found = PEMText.read(pem, { PEM_read_bio_PUBKEY($0, nil, nil, nil) }) else { throw .noPublicKey }
        guard let algorithm = SignatureAlgorithm(of: found) else {
            EVP_PKEY_free(found)
            throw .unsuitable
        }
        self.init(owning: found, algorithm)
    }

    /// The key as PEM text.
    public var pem: String { PEMText.write { PEM_write_bio_PUBKEY($0, pointer) } }

    /// Whether `signature` is this key's of the file with that SHA-256. Some 100 µs.
    public func verifies(_ signature: [UInt8], digest: [UInt8]) -> Bool {
        // What does not fit leaves problems behind that belong to nobody.
        defer { ERR_clear_error() }
        switch algorithm {
        case .ed25519:
            guard let context = EVP_MD_CTX_new() else { return false }
            defer { EVP_MD_CTX_free(context) }
            return EVP_DigestVerifyInit(context, nil, nil, nil, pointer) == 1
                && EVP_DigestVerify(context, signature, signature.count, digest, digest.count) == 1
        case .ecdsaP256, .rsaPSS:
            guard let context = EVP_PKEY_CTX_new(pointer, nil) else { return false }
            defer { EVP_PKEY_CTX_free(context) }
            return EVP_PKEY_verify_init(context) == 1 && algorithm.prepare(context, saltLength: RSA_PSS_SALTLEN_DIGEST)
                && EVP_PKEY_verify(context, signature, signature.count, digest, digest.count) == 1
        }
    }
}

/// Keys that cannot be used: the user's to mend.
public enum PackageKeyError: Error, Hashable, Sendable, CustomStringConvertible {
    case noPrivateKey
    case noPublicKey
    /// A key of another kind or too small.
    case unsuitable
    case badSigner(String)
    /// Anything else that OpenSSL says.
    case openSSL(String)

    public var description: String {
        switch self {
        case .noPrivateKey: "no unencrypted PEM private key found (-----BEGIN PRIVATE KEY-----)"
        case .noPublicKey: "no PEM public key found (-----BEGIN PUBLIC KEY-----)"
        case .unsuitable: "the key is not P-256, Ed25519 or RSA of 2,048 to 16,384 bits; `muster sign keys` makes one"
        case .badSigner(let name): "'\(name)' cannot name a signer: use 1 to 64 letters, digits, '-', '_', '.' or '@'"
        case .openSSL(let reason): "OpenSSL: \(reason)"
        }
    }
}

extension SignatureAlgorithm {
    /// The algorithm that a key is for; nil for keys that no package is signed with.
    fileprivate init?(of key: OpaquePointer) {
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_ED25519:
            self = .ed25519
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS:
            guard (2_048...16_384).contains(EVP_PKEY_get_bits(key)) else { return nil }
            self = .rsaPSS
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 64)
            guard EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1,
                String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) == "prime256v1"
            else { return nil }
            self = .ecdsaP256
        default:
            return nil
        }
    }

    fileprivate func prepare(_ context: OpaquePointer, saltLength: Int32) -> Bool {
        if self == .rsaPSS {
            guard EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(context, saltLength) == 1
            else { return false }
        }
        return EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
    }
}

/// PEM text to objects and back.
private enum PEMText {
    static func read(_ text: String, _ parse: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        var text = text
        return text.withUTF8 { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer {
                BIO_free(bio)
                ERR_clear_error()
            }
            return parse(bio)
        }
    }

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

/// What OpenSSL said last on this thread.
private func latestComplaint() -> String {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    return copenssl_reason(code).map { String(cString: $0) } ?? "code \(code)"
}
