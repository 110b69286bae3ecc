// Invariants of the unsafe memory in this file:
//  - `context` is made in init, never replaced and freed in deinit; OpenSSL keeps no pointer to the bytes it is given.

import COpenSSL

/// The SHA-256 of a file as it streams by (DownloadableFile.content_hash), computed by OpenSSL: some hundred bytes, whatever
/// the file's size.
public final class ContentDigest {
    /// The number of bytes in a digest.
    public static let byteCount = 32

    private let context: OpaquePointer

    /// The digest of nothing yet.
    public init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("OpenSSL has no memory for a digest") }
        self.context = context
        restart()
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Forgets everything that was added.
    public func restart() {
        precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "OpenSSL has no SHA-256")
    }

    /// Adds bytes. Linear.
    public func add(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { bytes in
            _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        }
    }

    /// The digest of everything added; the object is as new afterwards.
    public func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.byteCount)
        let isFinal = EVP_DigestFinal_ex(context, &digest, nil) == 1
        precondition(isFinal, "OpenSSL cannot end a digest")
        restart()
        return digest
    }

    /// The digest of `bytes`.
    public static func of(_ bytes: [UInt8]) -> [UInt8] {
        let digest = ContentDigest()
        digest.add(bytes.span.bytes)
        return digest.finish()
    }
}
