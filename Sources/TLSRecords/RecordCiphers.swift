// Invariants of the unsafe memory in this file:
//  - `aeads` holds the AEAD of each suite, in the order of `RecordSuite`; they are made in init, never replaced, ended
//    in deinit, and used by one thread at a time.
//  - A key has `keyBytes` and an initialisation vector `ivBytes` readable bytes: they are fields of a RecordBlock.
//  - OpenSSL keeps a key inside the AEAD until the next record's replaces it; deinit wipes it.

import COpenSSL

/// The AEAD of all connections of a thread: one for each suite, in both directions. Naming the cipher at each record
/// would look it up and allocate; a context for each connection would take a KiB of the processor's cache to save the
/// 130 ns that a key takes to set, and be slower from some hundred connections on.
struct RecordCiphers: ~Copyable {
    private let aeads: UnsafeMutablePointer<copenssl_aead>

    /// - Parameter byEVP: with OpenSSL's EVP functions, which are used anyway where a provider lacks one.
    init(byEVP: Bool) {
        let suites = RecordSuite.allCases
        aeads = .allocate(capacity: suites.count)
        aeads.initialize(repeating: copenssl_aead(), count: suites.count)
        for suite in suites {
            let isMade = copenssl_aead_begin(aeads + Int(suite.rawValue), suite.cipherName, byEVP ? 1 : 0) == 1
            precondition(isMade, "OpenSSL has no \(suite.cipherName), or no memory")
        }
    }

    deinit {
        for suite in RecordSuite.allCases { copenssl_aead_end(aeads + Int(suite.rawValue)) }
        aeads.deallocate()
    }

    /// Seals a record (RFC 8446 §5.2). False: OpenSSL has failed.
    ///
    /// - Parameter target: at `offset` it has room for the record: the payload, `padding` and `RecordLayer.overhead`.
    func seal(
        _ suite: RecordSuite, _ keys: RecordKeys, type: UInt8, _ payload: RawSpan, padding: Int,
        into target: inout MutableRawSpan, at offset: Int
    ) -> Bool {
        precondition(target.byteCount - offset >= payload.byteCount + padding + RecordLayer.overhead)
        return target.withUnsafeMutableBytes { target in
            payload.withUnsafeBytes { payload in
                guard let start = target.baseAddress else { return false }
                return copenssl_seal_record(
                    aeads + Int(suite.rawValue), keys.key, keys.iv, keys.sequence, type,
                    payload.baseAddress?.assumingMemoryBound(to: UInt8.self), payload.count, padding,
                    (start + offset).assumingMemoryBound(to: UInt8.self)) == 1
            }
        }
    }

    /// Opens a whole record into `target` at `offset`, where it has room for it without header and tag. False: the tag
    /// does not fit; the target then holds zeros.
    func open(
        _ suite: RecordSuite, _ keys: RecordKeys, _ record: RawSpan, into target: inout MutableRawSpan, at offset: Int
    ) -> Bool {
        let inner = record.byteCount - RecordLayer.headerBytes - RecordLayer.tagBytes
        precondition(inner > 0 && target.byteCount - offset >= inner)
        let isAuthentic = target.withUnsafeMutableBytes { target in
            record.withUnsafeBytes { record in
                guard let start = target.baseAddress, let bytes = record.baseAddress else { return false }
                return copenssl_open_record(
                    aeads + Int(suite.rawValue), keys.key, keys.iv, keys.sequence,
                    bytes.assumingMemoryBound(to: UInt8.self), record.count,
                    (start + offset).assumingMemoryBound(to: UInt8.self)) == 1
            }
        }
        if !isAuthentic { ERR_clear_error() }
        return isAuthentic
    }
}

/// What a record is sealed or opened with; points into a connection's block.
struct RecordKeys {
    let key: UnsafePointer<UInt8>
    let iv: UnsafePointer<UInt8>
    let sequence: UInt64
}
