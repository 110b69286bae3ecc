import Basis
import CZstd

// Invariants that make the pointers in this file safe:
// - a context is allocated by libzstd in `init`, is owned by one object, and is freed in its `deinit` alone;
// - input and output are lent to libzstd for one call from a borrowed span and a buffer being initialised, and libzstd
//   keeps neither past the call;
// - libzstd says how many bytes of the output it wrote, and only those become part of the array.

/// Compresses with libzstd, one frame for each piece of content; reusable.
final class ZstdCompressor {
    private let context: OpaquePointer

    init(level: Int) {
        guard let context = ZSTD_createCCtx() else { preconditionFailure("libzstd has no memory for a context") }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// Appends one frame that holds all of `content`, and its size.
    func compress(_ content: RawSpan, into bytes: inout [UInt8]) {
        let bound = ZSTD_compressBound(content.byteCount)
        content.withUnsafeBytes { source in
            bytes.append(addingCapacity: bound) { output in
                output.withUnsafeMutableBufferPointer { buffer, count in
                    let written = ZSTD_compress2(
                        context, buffer.baseAddress?.advanced(by: count), bound, source.baseAddress, source.count)
                    // With room for the bound, only a machine without memory fails.
                    precondition(ZSTD_isError(written) == 0, "libzstd cannot compress")
                    count += written
                }
            }
        }
    }
}

/// Decompresses with libzstd; reusable.
final class ZstdDecompressor {
    private let context: OpaquePointer

    /// 8 MiB: the largest window that HTTP allows (RFC 9659); a frame that announces more is refused, not allocated
    /// for.
    private static let largestWindowLog: Int32 = 23
    /// The output's room doubles from here up to `largestRoom`.
    private static let minRoom = 1 << 10
    private static let largestRoom = 1 << 20
    /// The room for output that is only counted.
    private static let countingRoom = 64 << 10

    init() {
        guard let context = ZSTD_createDCtx() else { preconditionFailure("libzstd has no memory for a context") }
        self.context = context
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.largestWindowLog)
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Appends what all frames of `content` hold.
    /// - Parameter keeps: whether it is appended, or only counted.
    /// - Returns: the size of it.
    func decompress(
        _ content: RawSpan, limit: Int, keeps: Bool, into bytes: inout [UInt8]
    ) throws(ContentCodingError) -> Int {
        defer { ZSTD_DCtx_reset(context, ZSTD_reset_session_only) }
        guard content.byteCount > 0 else { throw .truncated(.zstd) }
        var (consumed, size, frames) = (0, 0, 0)
        let largestRoom = keeps ? Self.largestRoom : Self.countingRoom
        var room = min(max(content.byteCount * 4, Self.minRoom), largestRoom)
        while true {
            // One byte beyond the limit shows that there is more than it allows.
            room = min(room, limit - size + 1)
            let step = step(content, from: consumed, room: room, into: &bytes)
            guard ZSTD_isError(step.hint) == 0 else { throw .corrupt(.zstd) }
            size += step.written
            if !keeps { bytes.removeLast(step.written) }
            guard size <= limit else { throw .tooLarge(limit: limit) }
            if step.hint == 0 { frames += 1 }
            guard frames <= DecompressionLimits.streams else { throw .corrupt(.zstd) }
            let isStuck = step.consumed == consumed && step.written == 0
            consumed = step.consumed
            if consumed == content.byteCount, step.written < room {
                guard step.hint == 0 else { throw .truncated(.zstd) }
                return size
            }
            guard !isStuck else { throw .corrupt(.zstd) }
            room = min(max(size, Self.minRoom), largestRoom)
        }
    }

    /// One call of libzstd; `hint` is 0 at the end of a frame, or an error.
    private func step(
        _ content: RawSpan, from consumed: Int, room: Int, into bytes: inout [UInt8]
    ) -> (hint: Int, consumed: Int, written: Int) {
        content.withUnsafeBytes { source in
            var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: consumed)
            var (hint, written) = (0, 0)
            bytes.append(addingCapacity: room) { target in
                target.withUnsafeMutableBufferPointer { buffer, count in
                    var output = ZSTD_outBuffer(dst: buffer.baseAddress?.advanced(by: count), size: room, pos: 0)
                    hint = ZSTD_decompressStream(context, &output, &input)
                    written = output.pos
                    count += written
                }
            }
            return (hint, input.pos, written)
        }
    }
}
