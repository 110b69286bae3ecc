import OpenSSL

/// A key that signs packages. Its PEM text is secret and not shown.
public final class SigningKey: Sendable {
    private let key: PrivateKey
    public let algorithm: SignatureAlgorithm

    private init(_ key: PrivateKey) throws(PackageKeyError) {
        guard let algorithm = key.kind.flatMap(SignatureAlgorithm.init(of:)) else { throw .unsuitable }
        self.key = key
        self.algorithm = algorithm
    }

    /// A new key. RSA takes some 300 ms, the others less than one.
    public static func generate(_ algorithm: SignatureAlgorithm) throws(PackageKeyError) -> SigningKey {
        let key: PrivateKey
        do { key = try PrivateKey.generate(algorithm.newKey) } catch { throw .openSSL(error.description) }
        return try SigningKey(key)
    }

    /// The first key in a PEM text; encrypted ones are not read.
    public convenience init(pem: String) throws(PackageKeyError) {
        guard let key = try? PrivateKey.parse(pem: pem) else { throw .noPrivateKey }
        try self.init(key)
    }

    /// The key as PEM text (PKCS #8). A secret.
    public var pem: String { key.pem }

    /// What others check this key's signatures with.
    public var publicKey: VerifyingKey { VerifyingKey(key.publicKey, algorithm) }

    /// Signs a file as the file of a package.
    public func sign(_ statement: PackageStatement, as signer: String) throws(PackageKeyError) -> DetachedSignature {
        guard DetachedSignature.isSigner(signer) else { throw .badSigner(signer) }
        let signature: [UInt8]
        do { signature = try key.signature(ofDigest: statement.textDigest) } catch {
            throw .openSSL(error.description)
        }
        return DetachedSignature(
            algorithm: algorithm, signer: signer, package: statement.package, signature: signature)
    }
}

/// A key that checks signatures of packages.
public final class VerifyingKey: Sendable {
    private let key: PublicKey
    public let algorithm: SignatureAlgorithm

    fileprivate init(_ key: PublicKey, _ algorithm: SignatureAlgorithm) {
        self.key = key
        self.algorithm = algorithm
    }

    /// The first public key in a PEM text (SubjectPublicKeyInfo).
    public convenience init(pem: String) throws(PackageKeyError) {
        guard let key = try? PublicKey.parse(pem: pem) else { throw .noPublicKey }
        guard let algorithm = key.kind.flatMap(SignatureAlgorithm.init(of:)) else { throw .unsuitable }
        self.init(key, algorithm)
    }

    /// The key as PEM text.
    public var pem: String { key.pem }

    /// Whether `signature` is this key's of the statement. Some 100 µs.
    public func verifies(_ signature: [UInt8], of statement: PackageStatement) -> Bool {
        key.verifies(signature, ofDigest: statement.textDigest)
    }
}

/// Keys that cannot be used: the user's to mend.
public enum PackageKeyError: Error, Hashable, Sendable, CustomStringConvertible {
    case noPrivateKey
    case noPublicKey
    /// A key of another kind or too small.
    case unsuitable
    case badSigner(String)
    /// Any other problem of OpenSSL, with its reason.
    case openSSL(String)

    public var description: String {
        switch self {
        case .noPrivateKey: "no unencrypted PEM private key found (-----BEGIN PRIVATE KEY-----)"
        case .noPublicKey: "no PEM public key found (-----BEGIN PUBLIC KEY-----)"
        case .unsuitable: "the key is not P-256, Ed25519 or RSA of 2,048 to 16,384 bits; `muster sign keys` makes one"
        case .badSigner(let name): "'\(name)' cannot name a signer: use 1 to 64 letters, digits, '-', '_', '.' or '@'"
        case .openSSL(let reason): reason
        }
    }
}

extension SignatureAlgorithm {
    /// The algorithm that a key is for; nil for keys that no package is signed with.
    fileprivate init?(of kind: KeyKind) {
        switch kind {
        case .p256: self = .ecdsaP256
        case .ed25519: self = .ed25519
        case .rsa(let bits):
            guard (2_048...16_384).contains(bits) else { return nil }
            self = .rsaPSS
        }
    }

    fileprivate var newKey: KeyKind {
        switch self {
        case .ecdsaP256: .p256
        case .ed25519: .ed25519
        case .rsaPSS: .rsa(bits: 3_072)
        }
    }
}
