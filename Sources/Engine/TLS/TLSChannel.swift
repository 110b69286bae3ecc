// Invariants of the unsafe memory in this file:
//  - A channel belongs to one shard and is used by one thread at a time. The shard keeps it longer than any connection
//    whose BIO leads to it.
//  - Its input is set only during a call of OpenSSL, over bytes that live for that call.

import COpenSSL
import TLSRecords

/// What all TLS connections of a shard share: the way in and out of OpenSSL, the record layer's ciphers and memory, and
/// the buffers for decrypted and for sealed bytes. Made with the shard's first TLS connection.
final class TLSChannel {
    /// The process's kind of BIO; never freed.
    struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    static let method = Method(pointer: copenssl_channel_method())

    /// Room for several full records (16 KiB each and their frames) or a handshake's flight.
    static let outputCapacity = 80 * 1024
    /// A record's bytes may have waited for their end when a read brings the rest of it and more.
    static let longestRecord = 16_640

    let pointer: UnsafeMutablePointer<copenssl_channel>
    /// Of the connections that were handed over.
    let resources = RecordResources()
    /// What such connections agreed on.
    var agreements = AgreementCache()
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
                input: nil, input_count: 0, output: output.baseAddress?.assumingMemoryBound(to: UInt8.self),
                output_count: 0, output_capacity: output.count))
    }

    deinit {
        pointer.deallocate()
        output.deallocate()
        plaintext.deallocate()
    }

    /// Runs calls of OpenSSL that may read `input`.
    func feeding<Answer>(_ input: UnsafeRawBufferPointer, _ body: () -> Answer) -> Answer {
        pointer.pointee.input = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        pointer.pointee.input_count = input.count
        defer {
            pointer.pointee.input = nil
            pointer.pointee.input_count = 0
        }
        return body()
    }

    /// Takes what OpenSSL has not read of the input.
    func takeInput() -> UnsafeRawBufferPointer {
        defer { pointer.pointee.input_count = 0 }
        return UnsafeRawBufferPointer(start: pointer.pointee.input, count: pointer.pointee.input_count)
    }

    /// Whether OpenSSL has written something that was not taken.
    var hasOutput: Bool { pointer.pointee.output_count > 0 }

    /// Has `body` write to the buffer for bytes to send; answers what it wrote, valid until the next call.
    func sealing(_ body: (inout MutableRawSpan) -> Int) -> UnsafeRawBufferPointer {
        var room = output.mutableBytes
        let count = body(&room)
        return UnsafeRawBufferPointer(rebasing: output[0..<count])
    }

    /// What OpenSSL wants sent, which is forgotten; valid until its next call.
    func takeOutput() -> UnsafeRawBufferPointer {
        defer { pointer.pointee.output_count = 0 }
        return UnsafeRawBufferPointer(rebasing: output[0..<pointer.pointee.output_count])
    }
}
