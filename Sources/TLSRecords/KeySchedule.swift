// Invariants of the unsafe memory in this file:
//  - `context` and `digests` are made in init, never replaced and freed in deinit.
//  - OpenSSL writes a whole digest to a result, at most 48 bytes; it is computed into a temporary block of 64, from
//    where the bytes wanted are copied, and which is wiped.

import COpenSSL

/// The key schedule of TLS 1.3 (RFC 8446 §7.1) from a traffic secret on. One digest context serves all connections of
/// a thread.
struct KeySchedule: ~Copyable {
    private let context: OpaquePointer
    private let sha256: OpaquePointer
    private let sha384: OpaquePointer

    init() {
        guard let context = EVP_MD_CTX_new(), let sha256 = EVP_MD_fetch(nil, "SHA256", nil),
            let sha384 = EVP_MD_fetch(nil, "SHA384", nil)
        else { preconditionFailure("OpenSSL has no SHA-256, no SHA-384 or no memory") }
        (self.context, self.sha256, self.sha384) = (context, sha256, sha384)
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(sha256)
        EVP_MD_free(sha384)
    }

    /// HKDF-Expand-Label. Some 700 ns with SHA-256.
    ///
    /// - Parameters:
    ///   - secret: `suite.secretBytes` bytes.
    ///   - hash: the context of the label; none for keys, initialisation vectors and key updates.
    ///   - count: the bytes wanted, no more than `suite.secretBytes`; `result` has room for them and may be `secret`.
    func expand(
        _ suite: RecordSuite, _ secret: UnsafeRawPointer, _ label: StaticString, hash: [UInt8] = [],
        into result: UnsafeMutableRawPointer, count: Int
    ) {
        let isMade = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { room -> Bool in
            guard let start = room.baseAddress else { return false }
            let size = suite.secretBytes
            let isMade =
                copenssl_expand_label(
                    context, size == 48 ? sha384 : sha256, size, secret.assumingMemoryBound(to: UInt8.self),
                    UnsafeRawPointer(label.utf8Start).assumingMemoryBound(to: CChar.self), label.utf8CodeUnitCount,
                    hash, hash.count, start.assumingMemoryBound(to: UInt8.self), count) == 1
            if isMade { result.copyMemory(from: start, byteCount: count) }
            OPENSSL_cleanse(start, room.count)
            return isMade
        }
        precondition(isMade, "OpenSSL cannot compute a key: it has no memory")
    }

    /// As above, of arrays. For tests.
    func expanded(_ suite: RecordSuite, _ secret: [UInt8], _ label: StaticString, hash: [UInt8] = [], count: Int)
        -> [UInt8]
    {
        precondition(secret.count == suite.secretBytes && count <= suite.secretBytes)
        return [UInt8](unsafeUninitializedCapacity: count) { result, filled in
            guard let target = result.baseAddress else { return }
            secret.withUnsafeBytes { secret in
                guard let secret = secret.baseAddress else { return }
                expand(suite, secret, label, hash: hash, into: target, count: count)
            }
            filled = count
        }
    }

    /// HKDF-Extract, which is HMAC. For tests: TLS's secrets come from OpenSSL.
    func extracted(_ suite: RecordSuite, salt: [UInt8], _ key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: suite.secretBytes) { result, filled in
            let isMade = copenssl_hmac(
                context, suite.secretBytes == 48 ? sha384 : sha256, suite.secretBytes, salt, salt.count, key, key.count,
                result.baseAddress)
            precondition(isMade == 1, "OpenSSL cannot compute a secret: it has no memory")
            filled = suite.secretBytes
        }
    }
}
