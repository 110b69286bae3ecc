import Basis
import Engine
import OpenSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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

/// Reads and writes the PEM files of certificates and keys.
enum CertificateFiles {
    /// More than the authorities of any system take.
    private static let largest = 4 << 20

    /// The text of the file at `path`.
    static func text(of path: String, named place: String) throws(SecurityError) -> String {
        do throws(FileError) {
            return try Files.text(path, limit: largest)
        } catch {
            guard error.cause == .notUTF8 else { throw SecurityError(place, "\(error)") }
            throw SecurityError(place, "\(path): not PEM text; convert it with `openssl x509 -inform der`")
        }
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

    /// Writes `text` to a file in place of the one before, a secret one readable by its owner alone.
    static func write(_ text: String, to path: String, isSecret: Bool, named place: String) throws(SecurityError) {
        do throws(FileError) {
            try Files.replace(path, with: text.utf8, mode: isSecret ? 0o600 : 0o644)
        } catch {
            throw SecurityError(place, "\(error)")
        }
    }
}
