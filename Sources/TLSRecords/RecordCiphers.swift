// Invariants of the unsafe memory in this file:
//  - `contexts` holds one cipher context for each suite and direction, in the order of `index`; they are made in init,
//    never replaced and freed in deinit.
//  - A key has `keyBytes` and an initialisation vector `ivBytes` readable bytes: they are fields of a RecordBlock.
//  - OpenSSL keeps a key inside the context until the next record's replaces it; deinit wipes it.

import COpenSSL

/// The AEAD of all connections of a thread: a context for each suite and direction. Naming the cipher at each record
/// would look it up and allocate; a context for each connection would take a KiB of the processor's cache to save the
/// 130 ns that a key takes to set, and be slower from some hundred connections on.
struct RecordCiphers: ~Copyable {
    private let contexts: [OpaquePointer]

    init() {
        contexts = RecordSuite.allCases.flatMap { suite in
            [RecordDirection.write, .read].map { direction in
                guard let cipher = EVP_CIPHER_fetch(nil, suite.cipherName, nil), let context = EVP_CIPHER_CTX_new()
                else { preconditionFailure("OpenSSL has no \(suite.cipherName), or no memory") }
                let isSet =
                    switch direction {
                    case .write: EVP_EncryptInit_ex(context, cipher, nil, nil, nil)
                    case .read: EVP_DecryptInit_ex(context, cipher, nil, nil, nil)
                    }
                precondition(isSet == 1, "OpenSSL cannot use \(suite.cipherName)")
                // The context has a reference of its own.
                EVP_CIPHER_free(cipher)
                return context
            }
        }
    }

    deinit {
        for context in contexts { EVP_CIPHER_CTX_free(context) }
    }

    private func context(_ suite: RecordSuite, _ direction: RecordDirection) -> OpaquePointer {
        contexts[Int(suite.rawValue) * 2 + direction.rawValue]
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
                    context(suite, .write), keys.key, keys.iv, keys.sequence, type,
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
                    context(suite, .read), keys.key, keys.iv, keys.sequence, bytes.assumingMemoryBound(to: UInt8.self),
                    record.count, (start + offset).assumingMemoryBound(to: UInt8.self)) == 1
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
