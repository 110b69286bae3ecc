import Basis
import OpenSSL

/// What a signature of a package is over: name and version of the package and the SHA-256 of its file, so that a signed
/// file passes only as the package and the version that it was signed as (spec: Code Signing).
///
/// Four lines of text, each ended by a line feed:
///
///     muster-package 1
///     package: collector
///     version: 0.115.0
///     sha256: <64 hexadecimal digits>
public struct PackageStatement: Hashable, Sendable {
    public var package: PackageName
    /// The SHA-256 of the file.
    public var digest: [UInt8]

    public init(_ package: PackageName, digest: [UInt8]) {
        self.package = package
        self.digest = digest
    }

    /// The one text of the statement.
    public var text: String {
        """
        muster-package 1
        package: \(SignedText.escaped(package.name))
        version: \(SignedText.escaped(package.version))
        sha256: \(HexText.text(digest))

        """
    }

    /// The SHA-256 of the text: what the algorithms sign.
    var textDigest: [UInt8] { SHA256.hash(of: Array(text.utf8)) }
}

/// The name and the version that a package is offered, signed and installed by. Compared by their bytes.
public struct PackageName: Hashable, Sendable {
    public var name: String
    public var version: String

    public init(_ name: String, version: String) {
        self.name = name
        self.version = version
    }

    public static func == (one: PackageName, other: PackageName) -> Bool {
        one.name.utf8.elementsEqual(other.name.utf8) && one.version.utf8.elementsEqual(other.version.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(Array(name.utf8))
        hasher.combine(Array(version.utf8))
    }
}

/// Texts on a line of a statement or a signature: control characters and `%` are written as `%` and two hexadecimal
/// digits, so that no name can end its line.
enum SignedText {
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: mustBeEscaped) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if mustBeEscaped(byte) { bytes += "%\(HexText.text([byte]))".utf8 } else { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: nil where the text is not the one that `escaped` gives.
    static func unescaped(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let plain = String(validating: bytes, as: UTF8.self), escaped(plain).utf8.elementsEqual(text.utf8) else {
            return nil
        }
        return plain
    }

    private static func mustBeEscaped(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F || byte == 0x25 }
}
