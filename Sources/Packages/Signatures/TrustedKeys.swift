/// The keys that an agent checks packages with, by signer (spec: Code Signing). The signature says who signed; only
/// that signer's key, and only with the key's own algorithm, can confirm it.
public struct TrustedKeys: Sendable {
    private var keys: [String: VerifyingKey] = [:]

    /// Nobody is trusted.
    public init() {}

    /// - Parameter pems: each signer's public key as PEM text.
    /// - Throws: the first key that cannot be used, with its signer.
    public init(pems: [String: String]) throws(UntrustworthyKey) {
        for (signer, pem) in pems {
            guard DetachedSignature.isSigner(signer) else {
                throw UntrustworthyKey(signer: signer, reason: .badSigner(signer))
            }
            do {
                keys[signer] = try VerifyingKey(pem: pem)
            } catch {
                throw UntrustworthyKey(signer: signer, reason: error)
            }
        }
    }

    public var isEmpty: Bool { keys.isEmpty }

    /// Trusts one more signer.
    public mutating func trust(_ key: VerifyingKey, of signer: String) {
        keys[signer] = key
    }

    /// The verdict on `signature`, the bytes that came with an offer of the package and the file of the statement.
    public func judge(_ signature: [UInt8], of statement: PackageStatement) -> SignatureVerdict {
        if signature.isEmpty { return .unsigned }
        let detached: DetachedSignature
        do { detached = try DetachedSignature(signature) } catch { return .malformed(error) }
        guard let key = keys[detached.signer] else { return .unknownSigner(detached.signer) }
        guard key.algorithm == detached.algorithm else { return .wrongAlgorithm(signer: detached.signer) }
        let signed = PackageStatement(detached.package, digest: statement.digest)
        guard key.verifies(detached.signature, of: signed) else { return .invalid(signer: detached.signer) }
        guard signed == statement else { return .otherPackage(signer: detached.signer, detached.package) }
        return .valid(signer: detached.signer)
    }
}

/// A key in the set of trusted ones that cannot be used.
public struct UntrustworthyKey: Error, Hashable, Sendable, CustomStringConvertible {
    public let signer: String
    public let reason: PackageKeyError

    public var description: String { "the trusted key of '\(signer)': \(reason)" }
}

/// Whether a file is signed by a trusted signer.
public enum SignatureVerdict: Hashable, Sendable {
    case valid(signer: String)
    case unsigned
    case malformed(SignatureProblem)
    case unknownSigner(String)
    /// The signer is known, but signs with another algorithm.
    case wrongAlgorithm(signer: String)
    case invalid(signer: String)
    /// The signature is valid, for another package or another version than the file was offered as.
    case otherPackage(signer: String, PackageName)

    /// The name under which it is counted.
    public var name: String {
        switch self {
        case .valid: "signature_valid"
        case .unsigned: "signature_absent"
        case .malformed(let problem): "signature_\(problem.rawValue)"
        case .unknownSigner: "signature_unknown_signer"
        case .wrongAlgorithm: "signature_wrong_algorithm"
        case .invalid: "signature_invalid"
        case .otherPackage: "signature_other_package"
        }
    }

    /// In words, for the status that the agent reports.
    public var words: String {
        switch self {
        case .valid(let signer): "the file's signature by '\(signer)' is valid"
        case .unsigned: "the file is not signed"
        case .malformed(let problem): "the file's signature cannot be read: \(problem)"
        case .unknownSigner(let signer): "the file's signature is by '\(signer)', whom the agent does not trust"
        case .wrongAlgorithm(let signer): "the file's signature is not of the algorithm that '\(signer)' signs with"
        case .invalid(let signer): "the file's signature by '\(signer)' is not valid"
        case .otherPackage(let signer, let package):
            "'\(signer)' has signed the file as version '\(package.version)' of '\(package.name)', not as it is offered"
        }
    }
}
