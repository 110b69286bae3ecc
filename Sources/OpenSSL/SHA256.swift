// Invariants of the unsafe memory in this file:
//  - `context` is made in init, never replaced and freed in deinit; OpenSSL keeps no pointer to the bytes it is given.
//  - `algorithm` is fetched once, never changed and never freed; OpenSSL allows any number of threads to read it.

import COpenSSL

/// SHA-256 (FIPS 180-4), by OpenSSL: of a file as it streams by, in some hundred bytes whatever the file's size, or of
/// bytes at once.
public final class SHA256 {
    /// The number of bytes in a hash.
    public static let byteCount = 32

    /// Fetched once: a search for it at each hash would cost more than the hash of a short text.
    nonisolated(unsafe) private static let algorithm: OpaquePointer = {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else { preconditionFailure("OpenSSL has no SHA-256") }
        return algorithm
    }()

    private let context: OpaquePointer

    /// The hash of nothing yet.
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
        precondition(EVP_DigestInit_ex2(context, Self.algorithm, nil) == 1, "OpenSSL cannot start a digest")
    }

    /// Adds bytes. Linear.
    public func add(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { bytes in
            _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        }
    }

    /// Adds bytes. Linear.
    public func add(_ bytes: [UInt8]) {
        add(bytes.span.bytes)
    }

    /// The hash of everything added; the object is as new afterwards.
    public func finish() -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: Self.byteCount)
        let isFinal = EVP_DigestFinal_ex(context, &hash, nil) == 1
        precondition(isFinal, "OpenSSL cannot end a digest")
        restart()
        return hash
    }

    /// The hash of `bytes`. Linear.
    public static func hash(of bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { hash(of: $0) }
    }

    /// The hash of `bytes`. Linear.
    static func hash(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let isMade = EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, nil, algorithm, nil) == 1
            precondition(isMade, "OpenSSL cannot compute a digest")
            count = byteCount
        }
    }
}
