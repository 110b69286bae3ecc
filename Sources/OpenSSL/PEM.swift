// Invariants of the unsafe memory in this file:
//  - A BIO reads from bytes that outlive it, or owns what was written to it, and is freed before the call that made it
//    returns.

import COpenSSL

/// PEM text to objects and back.
package enum PEM {
    /// Objects read of one text: more authorities than any system trusts.
    package static let objectLimit = 4096

    /// Calls `next` on the text until it finds nothing more.
    package static func read<Object>(_ text: String, limit: Int = objectLimit, next: (OpaquePointer) -> Object?)
        -> [Object]
    {
        var text = text
        return text.withUTF8 { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return [] }
            defer {
                BIO_free(bio)
                ERR_clear_error()
            }
            var objects: [Object] = []
            while objects.count < limit, let object = next(bio) { objects.append(object) }
            return objects
        }
    }

    /// What `put` writes.
    package static func write(_ put: (OpaquePointer) -> Int32) -> String {
        guard let bio = copenssl_memory_bio() else { return "" }
        defer { BIO_free(bio) }
        guard put(bio) == 1 else { return "" }
        var bytes: UnsafeMutablePointer<CChar>?
        let count = copenssl_memory_bio_bytes(bio, &bytes)
        guard let bytes, count > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}
