import Basis
import CZstd

/// A file of zstd frames one after the other, which `zstdcat` reads too.
public enum ZstdFrames {
    /// One frame.
    public static func frame(_ content: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        ZstdCompressor(level: 3).compress(content.span.bytes, into: &frame)
        return frame
    }

    /// Hands over what each frame holds, in order, one at a time. A frame that was cut off, as by a process that was
    /// killed, ends the reading.
    /// - Parameter limit: no frame holds more, in bytes.
    /// - Throws: at a frame that is damaged or holds more.
    public static func read(
        _ bytes: [UInt8], limit: Int, _ body: ([UInt8]) -> Void
    ) throws(ContentCodingError) {
        let decompressor = ZstdDecompressor()
        var start = 0
        while start < bytes.count {
            let rest = bytes.count - start
            let length = bytes.withUnsafeBytes { buffer in
                ZSTD_findFrameCompressedSize(buffer.baseAddress?.advanced(by: start), rest)
            }
            guard ZSTD_isError(length) == 0 else {
                if ZSTD_getErrorCode(length) == ZSTD_error_srcSize_wrong { return }
                throw .corrupt(.zstd)
            }
            var content: [UInt8] = []
            let frame = Array(bytes[start..<start + length])
            _ = try decompressor.decompress(frame.span.bytes, limit: limit, keeps: true, into: &content)
            body(content)
            start += length
        }
    }
}
