import Basis

/// A signature beside its file: who signed, how, as which package, and the signature itself. It is what Muster puts
/// into `DownloadableFile.signature`, whose bytes the specification leaves to the agent (Code Signing), and into `.sig`
/// files.
///
/// Six lines of text, each ended by a line feed:
///
///     muster-signature 2
///     algorithm: ecdsa-p256-sha256
///     signer: release
///     package: collector
///     version: 0.115.0
///     signature: <base64>
public struct DetachedSignature: Hashable, Sendable {
    public var algorithm: SignatureAlgorithm
    /// Whose key to check it with: 1 to 64 letters, digits, `-`, `_`, `.` and `@`.
    public var signer: String
    /// As what the file was signed.
    public var package: PackageName
    /// What the algorithm made of the `PackageStatement`; never empty.
    public var signature: [UInt8]

    /// More is no signature file: RSA of 16,384 bits needs a third of it.
    public static let largestText = 8 << 10
    static let heading = "muster-signature 2"
    /// Its signature is over the digest of the file alone.
    private static let oldHeading = "muster-signature 1"

    public init(algorithm: SignatureAlgorithm, signer: String, package: PackageName, signature: [UInt8]) {
        self.algorithm = algorithm
        self.signer = signer
        self.package = package
        self.signature = signature
    }

    /// Reads a signature strictly: these six lines in this order and nothing else, so that every signature has one
    /// text.
    public init(_ bytes: [UInt8]) throws(SignatureProblem) {
        guard bytes.count <= Self.largestText else { throw .tooLong }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let heading = lines.first.map(String.init)
        guard heading != Self.oldHeading else { throw .oldFormat }
        guard heading == Self.heading else { throw .noHeading }
        guard lines.count == 7, lines[6].isEmpty else { throw .badLines }
        let word = try Self.value(lines[1], of: "algorithm")
        guard let algorithm = SignatureAlgorithm(rawValue: word) else { throw .unknownAlgorithm }
        let signer = try Self.value(lines[2], of: "signer")
        guard Self.isSigner(signer) else { throw .badSigner }
        guard let name = SignedText.unescaped(try Self.value(lines[3], of: "package")),
            let version = SignedText.unescaped(try Self.value(lines[4], of: "version"))
        else { throw .badPackage }
        guard let signature = Base64.decode(try Self.value(lines[5], of: "signature")), !signature.isEmpty else {
            throw .badBase64
        }
        self.init(
            algorithm: algorithm, signer: signer, package: PackageName(name, version: version), signature: signature)
    }

    /// The signature's one text.
    public var text: String {
        """
        \(Self.heading)
        algorithm: \(algorithm.rawValue)
        signer: \(signer)
        package: \(SignedText.escaped(package.name))
        version: \(SignedText.escaped(package.version))
        signature: \(Base64.text(signature))

        """
    }

    /// Whether `text` may name a signer.
    public static func isSigner(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x40, 0x5F: true
                default: false
                }
            }
    }

    private static func value(_ line: Substring, of key: String) throws(SignatureProblem) -> String {
        guard line.hasPrefix("\(key): ") else { throw .badLines }
        return String(line.dropFirst(key.utf8.count + 2))
    }
}

/// Why bytes are no signature of ours.
public enum SignatureProblem: String, Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case tooLong = "too_long"
    case notText = "not_text"
    case noHeading = "no_heading"
    case oldFormat = "old_format"
    case badLines = "bad_lines"
    case unknownAlgorithm = "unknown_algorithm"
    case badSigner = "bad_signer"
    case badPackage = "bad_package"
    case badBase64 = "bad_base64"

    public var description: String {
        switch self {
        case .tooLong: "it is longer than \(DetachedSignature.largestText) bytes"
        case .notText: "it is not UTF-8 text"
        case .noHeading: "it does not begin with '\(DetachedSignature.heading)'"
        case .oldFormat:
            "it begins with 'muster-signature 1' and so is over the file alone, not over the package's name and "
                + "version; sign the file again with `muster sign package`"
        case .badLines: "it is not the six lines heading, algorithm, signer, package, version and signature"
        case .unknownAlgorithm: "its algorithm is unknown"
        case .badSigner: "its signer is not 1 to 64 letters, digits, '-', '_', '.' or '@'"
        case .badPackage: "its package or version is not written as `muster sign package` writes it"
        case .badBase64: "its signature is not base64"
        }
    }
}
