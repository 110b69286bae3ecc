// Invariants of the unsafe memory in this file:
//  - zlib's state points back to its `z_stream`, so that is allocated once, never moves, and is freed in deinit after
//    zlib's own state;
//  - input and output pointers are set for one call and cleared before it returns; zlib has written exactly as many bytes
//    of the output as its counter fell.

import Basis
import CZlib

/// Decompresses gzip or raw deflate piece by piece through one buffer of fixed size: a bomb costs time, which the caller
/// bounds by what comes out, and no memory.
final class InflateStream {
    enum Format {
        case gzip, raw
    }

    enum Outcome {
        /// The input is used up.
        case hungry
        /// There is more output than the buffer holds; ask again.
        case full
        /// The stream's end; the rest of the input is not its own.
        case ended
        case corrupt
    }

    private static let pieceSize = 32 << 10
    private let stream: UnsafeMutablePointer<z_stream>
    /// What the last step brought; valid until the next.
    private(set) var output: [UInt8] = []

    init(_ format: Format) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = muster_inflate_init(stream, format == .gzip ? 15 + 16 : -15)
        precondition(status == Z_OK, "zlib cannot start a stream: \(status)")
        output.reserveCapacity(Self.pieceSize)
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// As new.
    func restart() {
        inflateReset(stream)
        output.removeAll(keepingCapacity: true)
    }

    /// Decompresses from `offset` on, until the input is used up or the buffer is full.
    func step(_ input: RawSpan, at offset: inout Int) -> Outcome {
        var status = Z_OK
        output.removeAll(keepingCapacity: true)
        input.withUnsafeBytes { source in
            let piece = min(source.count - offset, 1 << 30)
            output.append(addingCapacity: Self.pieceSize) { target in
                target.withUnsafeMutableBufferPointer { buffer, count in
                    stream.pointee.next_in = UnsafeMutablePointer(
                        mutating: source.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self))
                    stream.pointee.avail_in = UInt32(piece)
                    stream.pointee.next_out = buffer.baseAddress?.advanced(by: count)
                    stream.pointee.avail_out = UInt32(Self.pieceSize)
                    status = inflate(stream, Z_NO_FLUSH)
                    offset += piece - Int(stream.pointee.avail_in)
                    count += Self.pieceSize - Int(stream.pointee.avail_out)
                    stream.pointee.next_in = nil
                    stream.pointee.avail_in = 0
                    stream.pointee.next_out = nil
                    stream.pointee.avail_out = 0
                }
            }
        }
        switch status {
        case Z_STREAM_END: return .ended
        case Z_OK, Z_BUF_ERROR: return output.count == Self.pieceSize ? .full : .hungry
        default: return .corrupt
        }
    }
}
