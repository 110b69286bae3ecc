import Basis
import Zlib

/// Encodes and decodes HTTP content. One serves all connections of a shard: it keeps its contexts from use to use, each
/// made when first needed, and no trace of any message. Not to be used by two threads at a time.
public final class ContentCoder {
    private let gzipLevel: Int
    private let zstdLevel: Int
    private var gzipCompressor: ZlibStream?
    private var gzipDecompressor: ZlibStream?
    private var zstdCompressor: ZstdCompressor?
    private var zstdDecompressor: ZstdDecompressor?

    /// The default levels of zlib and libzstd.
    public static let standardGzipLevel = 6
    public static let standardZstdLevel = 3

    /// - Parameters:
    ///   - gzipLevel: 1 (fastest) to 9 (smallest).
    ///   - zstdLevel: 1 (fastest) to 19 (smallest).
    public init(gzipLevel: Int = standardGzipLevel, zstdLevel: Int = standardZstdLevel) {
        self.gzipLevel = min(max(gzipLevel, 1), 9)
        self.zstdLevel = min(max(zstdLevel, 1), 19)
    }

    /// Appends the encoded form of `content`.
    public func encode(_ content: RawSpan, as coding: ContentCoding, into bytes: inout [UInt8]) {
        switch coding {
        case .identity:
            bytes.append(content)
        case .gzip:
            let stream =
                gzipCompressor
                ?? ZlibStream(.compress(level: gzipLevel), .gzip)
            gzipCompressor = stream
            _ = stream.run(
                content, flush: .finish, limit: .max - 1, expected: content.byteCount / 2 + 64, into: &bytes)
            stream.reset()
        case .zstd:
            let compressor = zstdCompressor ?? ZstdCompressor(level: zstdLevel)
            zstdCompressor = compressor
            compressor.compress(content, into: &bytes)
        }
    }

    /// Appends the decoded form of `content`. Up to `DecompressionLimits.unmeasuredBytes` are decoded at once; larger
    /// content is decoded twice, the first time only to count, so that content beyond the limit never uses its
    /// memory.
    /// - Parameter limit: how many bytes the decoded form may have. Decoding stops as soon as it outgrows the limit,
    ///   however small the content is.
    /// - Throws: `ContentCodingError`: the peer's fault. What was appended is removed again.
    public func decode(
        _ content: RawSpan, as coding: ContentCoding, limit: Int, into bytes: inout [UInt8]
    ) throws(ContentCodingError) {
        let start = bytes.count
        do throws(ContentCodingError) {
            guard coding != .identity else {
                guard content.byteCount <= limit else { throw .tooLarge(limit: limit) }
                return bytes.append(content)
            }
            let small = DecompressionLimits.unmeasuredBytes
            do throws(ContentCodingError) {
                try decode(content, as: coding, limit: min(limit, small), keeps: true, into: &bytes)
            } catch {
                guard case .tooLarge = error, limit > small else { throw error }
                bytes.removeLast(bytes.count - start)
                let size = try decode(content, as: coding, limit: limit, keeps: false, into: &bytes)
                bytes.reserveCapacity(start + size)
                try decode(content, as: coding, limit: size, keeps: true, into: &bytes)
            }
        } catch {
            bytes.removeLast(bytes.count - start)
            throw error
        }
    }

    /// - Parameter keeps: whether the decoded form is appended, or only counted.
    /// - Returns: the size of the decoded form.
    @discardableResult
    private func decode(
        _ content: RawSpan, as coding: ContentCoding, limit: Int, keeps: Bool, into bytes: inout [UInt8]
    ) throws(ContentCodingError) -> Int {
        switch coding {
        case .identity:
            return content.byteCount
        case .gzip:
            return try decodeGzip(content, limit: limit, keeps: keeps, into: &bytes)
        case .zstd:
            let decompressor = zstdDecompressor ?? ZstdDecompressor()
            zstdDecompressor = decompressor
            return try decompressor.decompress(content, limit: limit, keeps: keeps, into: &bytes)
        }
    }

    /// One gzip member or several in a row (RFC 1952, section 2.2).
    private func decodeGzip(
        _ content: RawSpan, limit: Int, keeps: Bool, into bytes: inout [UInt8]
    ) throws(ContentCodingError) -> Int {
        let stream = gzipDecompressor ?? ZlibStream(.decompress, .gzip)
        gzipDecompressor = stream
        defer { stream.reset() }
        var (position, size, members) = (0, 0, 0)
        repeat {
            members += 1
            guard members <= DecompressionLimits.streams else { throw .corrupt(.gzip) }
            let (outcome, consumed, produced) = stream.run(
                content, from: position, flush: .none, limit: limit - size,
                expected: min(content.byteCount * 4, limit), keeps: keeps, into: &bytes)
            size += produced
            switch outcome {
            case .drained: throw .truncated(.gzip)
            case .limited: throw .tooLarge(limit: limit)
            case .corrupt: throw .corrupt(.gzip)
            case .ended: stream.reset()
            }
            position = consumed
        } while position < content.byteCount
        return size
    }
}
