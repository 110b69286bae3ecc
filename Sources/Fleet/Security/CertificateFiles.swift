import Engine
import Foundation

/// A certificate, key or list that was named and cannot be used. The user's to mend: says which file and what to do.
public struct SecurityError: Error, Sendable, CustomStringConvertible {
    /// The key of the profile or the option that named it.
    public let place: String
    public let reason: String

    init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    public var description: String { "\(place): \(reason)" }
}

/// Reads and writes the PEM files that certificates and keys stand in.
enum CertificateFiles {
    /// More than the authorities of any system take.
    private static let largest = 4 << 20

    /// The text of the file at `path`.
    static func text(of path: String, named place: String) throws(SecurityError) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else {
            let reason = FileManager.default.fileExists(atPath: path) ? "cannot be read" : "there is no such file"
            throw SecurityError(place, "\(path): \(reason)")
        }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: largest + 1) ?? Data(), data.count <= largest else {
            throw SecurityError(place, "\(path): is no PEM file of at most \(largest >> 20) MiB")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SecurityError(place, "\(path): is no PEM text; convert it with `openssl x509 -inform der`")
        }
        return text
    }

    /// A certificate with its chain, and its key.
    static func identity(
        _ certificate: String, key: String, named place: String
    ) throws(SecurityError) -> TLSIdentity {
        let chain = try text(of: certificate, named: place)
        let secret = try text(of: key, named: place)
        return try usable("\(certificate) with \(key)", place) { () throws(TLSError) in
            try TLSIdentity(chainPEM: chain, keyPEM: secret)
        }
    }

    /// Puts the words of OpenSSL under the name of the file that they are about.
    static func usable<Value>(
        _ file: String, _ place: String, _ make: () throws(TLSError) -> Value
    ) throws(SecurityError) -> Value {
        do throws(TLSError) {
            return try make()
        } catch {
            throw SecurityError(place, "\(file): \(error)")
        }
    }

    /// Writes `text` to a new file, a secret one readable by its owner alone.
    static func write(_ text: String, to path: String, isSecret: Bool, named place: String) throws(SecurityError) {
        let rights: [FileAttributeKey: Any] = [.posixPermissions: isSecret ? 0o600 : 0o644]
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: rights) else {
            throw SecurityError(place, "\(path): cannot be written; choose a folder that may be written to")
        }
    }
}
