// Invariants of the unsafe memory in this file:
//  - A channel belongs to one shard and is used by one thread at a time. It outlives the BIO over it, and the shard
//    keeps it longer than any connection that shares that BIO.
//  - Its input and connection are set only during a call of OpenSSL, over bytes and a state that live for that call.

import COpenSSL

/// What all TLS connections of a shard share: the way in and out of OpenSSL, and the buffer for decrypted bytes. Made
/// with the shard's first TLS connection.
final class TLSChannel {
    /// The process's kind of BIO; never freed.
    struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    static let method = Method(pointer: copenssl_channel_method())

    /// Room for several full records (16 KiB each and their frames) or a handshake's flight.
    static let outputCapacity = 80 * 1024
    /// A record's bytes may have waited in the SSL for their end when a read brings the rest of it and more.
    static let longestRecord = 16_384

    let pointer: UnsafeMutablePointer<copenssl_channel>
    /// The one BIO of all connections of the shard; nil: there was no memory for it.
    let bio: OpaquePointer?
    private let output: UnsafeMutableRawBufferPointer
    /// Decrypted bytes of one read.
    let plaintext: UnsafeMutableRawBufferPointer

    init(readBufferBytes: Int) {
        output = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.outputCapacity, alignment: 64)
        plaintext = UnsafeMutableRawBufferPointer.allocate(
            byteCount: readBufferBytes + Self.longestRecord, alignment: 64)
        pointer = UnsafeMutablePointer<copenssl_channel>.allocate(capacity: 1)
        pointer.initialize(
            to: copenssl_channel(
                connection: nil, input: nil, input_count: 0,
                output: output.baseAddress?.assumingMemoryBound(to: UInt8.self),
                output_count: 0, output_capacity: output.count))
        bio = copenssl_channel_bio(Self.method.pointer, pointer)
    }

    deinit {
        BIO_free(bio)
        pointer.deallocate()
        output.deallocate()
        plaintext.deallocate()
    }

    /// Runs calls of OpenSSL for `connection` that may read `input`.
    func feeding<Answer>(_ input: UnsafeRawBufferPointer, to connection: TLSState, _ body: () -> Answer) -> Answer {
        pointer.pointee.connection = Unmanaged.passUnretained(connection).toOpaque()
        pointer.pointee.input = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        pointer.pointee.input_count = input.count
        defer {
            pointer.pointee.connection = nil
            pointer.pointee.input = nil
            pointer.pointee.input_count = 0
        }
        return body()
    }

    /// What OpenSSL wants sent, which is forgotten; valid until its next call.
    func takeOutput() -> UnsafeRawBufferPointer {
        defer { pointer.pointee.output_count = 0 }
        return UnsafeRawBufferPointer(rebasing: output[0..<pointer.pointee.output_count])
    }
}
