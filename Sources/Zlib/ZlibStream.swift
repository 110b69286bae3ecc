import CZlib

/// One stream of zlib, compressing or decompressing, at an address of its own. The one way to zlib in Muster. Not to be
/// used by two threads at a time.
///
/// Invariants that make the pointers safe:
/// - zlib's state points back to its `z_stream`, so the stream is allocated once, never moves, and is freed in `deinit`
///   after zlib's own state was;
/// - input and output pointers are set at each call from a borrowed span and a buffer being initialised, and zlib keeps
///   neither past the call: both are cleared before it returns;
/// - zlib has written exactly as many bytes of the output as its counter fell, and only those become part of the array.
package final class ZlibStream {
    package enum Direction {
        /// - Parameters:
        ///   - level: 1 (fastest) to 9 (smallest).
        ///   - memoryLevel: 1 to 9; 8 is zlib's default.
        case compress(level: Int, memoryLevel: Int = 8)
        case decompress
    }

    package enum Format {
        /// RFC 1951, with a window of 2^`windowBits` bytes.
        case raw(windowBits: Int)
        /// RFC 1950.
        case zlib
        /// RFC 1952.
        case gzip

        /// zlib's number for it: negative for raw deflate, 16 more for gzip.
        fileprivate var window: Int32 {
            switch self {
            case .raw(let windowBits): -Int32(windowBits)
            case .zlib: 15
            case .gzip: 15 + 16
            }
        }
    }

    /// What happens at the end of the input.
    package enum Flush {
        /// More input follows.
        case none
        /// All output so far is delivered, up to a byte's boundary.
        case sync
        /// The stream ends.
        case finish

        fileprivate var mode: Int32 {
            switch self {
            case .none: Z_NO_FLUSH
            case .sync: Z_SYNC_FLUSH
            case .finish: Z_FINISH
            }
        }
    }

    /// The result of `run`.
    package enum Outcome {
        /// All input is consumed and no output is pending.
        case drained
        /// The stream's end was reached; the rest of the input is not its own.
        case ended
        /// The output would have grown beyond its limit.
        case limited
        /// The input is not a stream of this format.
        case corrupt
    }

    /// The result of `step`.
    package enum Step {
        /// The input is used up.
        case needsInput
        /// There is more output than the room holds; call again.
        case full
        /// The stream's end; the rest of the input is not its own.
        case ended
        case corrupt
    }

    private let stream: UnsafeMutablePointer<z_stream>
    private let direction: Direction

    /// The arguments must be in zlib's ranges; traps where the machine has no memory.
    package init(_ direction: Direction, _ format: Format) {
        self.direction = direction
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status =
            switch direction {
            case .compress(let level, let memoryLevel):
                muster_deflate_init(stream, Int32(level), format.window, Int32(memoryLevel))
            case .decompress:
                muster_inflate_init(stream, format.window)
            }
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

    /// Forgets everything it has read; the stream is as new.
    package func reset() {
        switch direction {
        case .compress: deflateReset(stream)
        case .decompress: inflateReset(stream)
        }
    }

    /// Starts again after the end of a stream, with the last decompressed bytes as its history.
    package func restartKeepingWindow() {
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
    package var isBetweenBlocks: Bool { stream.pointee.data_type & 128 != 0 }

    /// Runs the whole of `input[start...]` through the stream and appends the output.
    /// - Parameters:
    ///   - limit: how many bytes of output this call may produce.
    ///   - expected: a first estimate of the size of the output; it grows from there with what is produced.
    ///   - keeps: whether the output is kept; otherwise it is only counted, in a few KiB of memory.
    /// - Returns: the outcome, where in the input it was reached, and how many bytes of output there were.
    package func run(
        _ input: RawSpan, from start: Int = 0, flush: Flush, limit: Int, expected: Int, keeps: Bool = true,
        into bytes: inout [UInt8]
    ) -> (outcome: Outcome, consumed: Int, produced: Int) {
        input.withUnsafeBytes { source in
            var consumed = start
            var produced = 0
            let maxRoom = keeps ? Self.maxRoom : Self.countingRoom
            var room = min(max(expected, Self.minRoom), maxRoom)
            while true {
                // One byte beyond the limit shows that there is more than it allows.
                room = min(room, limit - produced + 1)
                let (status, made) = call(source, &consumed, flush.mode, room, &bytes)
                produced += made
                if !keeps { bytes.removeLast(made) }
                if produced > limit { return (.limited, consumed, produced) }
                switch status {
                case Z_STREAM_END: return (.ended, consumed, produced)
                case Z_OK, Z_BUF_ERROR: break
                default: return (.corrupt, consumed, produced)
                }
                if made < room, consumed == source.count { return (.drained, consumed, produced) }
                if made < room, made == 0, status == Z_BUF_ERROR { return (.corrupt, consumed, produced) }
                room = min(max(produced, Self.minRoom), maxRoom)
            }
        }
    }

    /// Runs `input[offset...]` through the stream until it is used up or `room` bytes were appended.
    package func step(_ input: RawSpan, at offset: inout Int, room: Int, into bytes: inout [UInt8]) -> Step {
        let (status, made) = input.withUnsafeBytes { call($0, &offset, Z_NO_FLUSH, room, &bytes) }
        switch status {
        case Z_STREAM_END: return .ended
        case Z_OK, Z_BUF_ERROR: return made == room ? .full : .needsInput
        default: return .corrupt
        }
    }

    /// One call of zlib on `source[offset...]`, which appends at most `room` bytes.
    private func call(
        _ source: UnsafeRawBufferPointer, _ offset: inout Int, _ flush: Int32, _ room: Int, _ bytes: inout [UInt8]
    ) -> (status: Int32, made: Int) {
        let piece = min(source.count - offset, Self.maxPiece)
        let isLast = offset + piece == source.count
        var (status, made, left) = (Z_OK, 0, 0)
        bytes.append(addingCapacity: room) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                // zlib declares its input mutable and only reads it.
                stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: source.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self))
                stream.pointee.avail_in = UInt32(piece)
                stream.pointee.next_out = buffer.baseAddress?.advanced(by: count)
                stream.pointee.avail_out = UInt32(room)
                switch direction {
                case .compress: status = deflate(stream, isLast ? flush : Z_NO_FLUSH)
                case .decompress: status = inflate(stream, isLast ? flush : Z_NO_FLUSH)
                }
                left = Int(stream.pointee.avail_in)
                made = room - Int(stream.pointee.avail_out)
                count += made
                stream.pointee.next_in = nil
                stream.pointee.avail_in = 0
                stream.pointee.next_out = nil
                stream.pointee.avail_out = 0
            }
        }
        offset += piece - left
        return (status, made)
    }

    /// The output's room doubles from here...
    private static let minRoom = 256
    /// ...up to here, so that a large output is never held twice.
    private static let maxRoom = 1 << 20
    /// The room for output that is only counted: it stays in the processor's cache.
    private static let countingRoom = 64 << 10
    /// zlib counts input in 32 bits.
    private static let maxPiece = 1 << 30
}
