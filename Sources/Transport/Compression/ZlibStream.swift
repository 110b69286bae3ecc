import Basis
import CZlib

/// One stream of zlib, compressing or decompressing, at an address of its own.
///
/// Invariants that make the pointers safe:
/// - zlib's state points back to its `z_stream`, so the stream is allocated once, never moves, and is freed in `deinit` after
///   zlib's own state was;
/// - input and output pointers are set at each call from a borrowed span and a buffer being initialised, and zlib keeps
///   neither past the call: both are cleared before it returns;
/// - zlib has written exactly as many bytes of the output as its counter fell, and only those become part of the array.
final class ZlibStream {
    enum Direction {
        case compress(level: Int, memoryLevel: Int)
        case decompress
    }

    /// What a step came to.
    enum Outcome {
        /// All input is consumed and no output is pending.
        case drained
        /// The stream's end was reached; the rest of the input is not its own.
        case ended
        /// The output would have grown beyond its limit.
        case limited
        /// The input is not a stream of this format.
        case corrupt
    }

    /// zlib's window sizes: negative for raw deflate, 16 more for gzip.
    static func rawWindow(_ bits: Int) -> Int { -bits }
    static let gzipWindow = 15 + 16

    private let stream: UnsafeMutablePointer<z_stream>
    private let direction: Direction

    init(_ direction: Direction, window: Int) {
        self.direction = direction
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status =
            switch direction {
            case .compress(let level, let memoryLevel):
                muster_deflate_init(stream, Int32(level), Int32(window), Int32(memoryLevel))
            case .decompress:
                muster_inflate_init(stream, Int32(window))
            }
        // All arguments are checked by the callers; what is left is a machine without memory.
        precondition(status == Z_OK, "zlib cannot start a stream: \(status)")
    }

    deinit {
        switch direction {
        case .compress: deflateEnd(stream)
        case .decompress: inflateEnd(stream)
        }
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Forgets all that was seen; the stream is as new.
    func reset() {
        switch direction {
        case .compress: deflateReset(stream)
        case .decompress: inflateReset(stream)
        }
    }

    /// Starts anew behind the end of a stream, with what was decompressed last as its history.
    func restartKeepingWindow() {
        var window = [UInt8](repeating: 0, count: 1 << 15)
        var count: UInt32 = 0
        window.withUnsafeMutableBufferPointer { buffer in
            _ = inflateGetDictionary(stream, buffer.baseAddress, &count)
        }
        inflateReset(stream)
        window.withUnsafeBufferPointer { buffer in
            _ = inflateSetDictionary(stream, buffer.baseAddress, count)
        }
    }

    /// Whether decompression is between two blocks, where a message may end.
    var isBetweenBlocks: Bool { stream.pointee.data_type & 128 != 0 }

    /// Runs the whole of `input[start...]` through the stream and appends the output.
    /// - Parameters:
    ///   - flush: zlib's flush mode.
    ///   - limit: how many bytes of output this call may produce.
    ///   - expected: a first estimate of the size of the output; it grows from there with what is produced.
    ///   - keeps: whether the output is kept; otherwise it is only counted, in a few KiB of memory.
    /// - Returns: the outcome, where in the input it was reached, and how many bytes of output there were.
    func run(
        _ input: RawSpan, from start: Int = 0, flush: Int32, limit: Int, expected: Int, keeps: Bool = true,
        into bytes: inout [UInt8]
    ) -> (outcome: Outcome, consumed: Int, produced: Int) {
        input.withUnsafeBytes { source in
            var consumed = start
            var produced = 0
            let largestRoom = keeps ? Self.largestRoom : Self.countingRoom
            var room = min(max(expected, Self.minRoom), largestRoom)
            while true {
                let piece = min(source.count - consumed, Self.largestPiece)
                let isLast = consumed + piece == source.count
                // One byte beyond the limit shows that there is more than it allows.
                room = min(room, limit - produced + 1)
                var left = 0
                var status = Z_OK
                var made = 0
                bytes.append(addingCapacity: room) { output in
                    output.withUnsafeMutableBufferPointer { buffer, count in
                        // zlib declares its input mutable and only reads it.
                        stream.pointee.next_in = UnsafeMutablePointer(
                            mutating: source.baseAddress?.advanced(by: consumed).assumingMemoryBound(to: UInt8.self))
                        stream.pointee.avail_in = UInt32(piece)
                        stream.pointee.next_out = buffer.baseAddress?.advanced(by: count)
                        stream.pointee.avail_out = UInt32(room)
                        status = step(isLast ? flush : Z_NO_FLUSH)
                        left = Int(stream.pointee.avail_out)
                        consumed += piece - Int(stream.pointee.avail_in)
                        made = room - left
                        count += made
                        stream.pointee.next_in = nil
                        stream.pointee.avail_in = 0
                        stream.pointee.next_out = nil
                        stream.pointee.avail_out = 0
                    }
                }
                produced += made
                if !keeps { bytes.removeLast(made) }
                if produced > limit { return (.limited, consumed, produced) }
                switch status {
                case Z_STREAM_END: return (.ended, consumed, produced)
                case Z_OK, Z_BUF_ERROR: break
                default: return (.corrupt, consumed, produced)
                }
                if left > 0, consumed == source.count { return (.drained, consumed, produced) }
                if left > 0, made == 0, status == Z_BUF_ERROR { return (.corrupt, consumed, produced) }
                room = min(max(produced, Self.minRoom), largestRoom)
            }
        }
    }

    private func step(_ flush: Int32) -> Int32 {
        switch direction {
        case .compress: deflate(stream, flush)
        case .decompress: inflate(stream, flush)
        }
    }

    /// The output's room doubles from here...
    private static let minRoom = 256
    /// ...up to here, so that a large output is never held twice.
    private static let largestRoom = 1 << 20
    /// The room for output that is only counted: it stays in the processor's cache.
    private static let countingRoom = 64 << 10
    /// zlib counts input in 32 bits.
    private static let largestPiece = 1 << 30
}
