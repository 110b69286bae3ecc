import CZlib

/// zlib streams (RFC 1950), whole buffers at a time.
///
/// Invariants of the pointers in this file: each lives only inside its `withUnsafe…` closure; zlib is told the exact
/// sizes of both buffers and writes no further; a length is cut to what zlib reports as written.
enum Deflate {
    /// Nothing in a histogram log is longer: 27,648 buckets of at most nine bytes, and the header.
    static let longestPlain = 256 * 1024

    /// `plain` compressed; nil where zlib is out of memory.
    static func compress(_ plain: [UInt8]) -> [UInt8]? {
        let bound = compressBound(uLong(plain.count))
        var length = bound
        var status = Z_OK
        var output = [UInt8](repeating: 0, count: Int(bound))
        output.withUnsafeMutableBufferPointer { target in
            plain.withUnsafeBufferPointer { source in
                status = CZlib.compress(target.baseAddress, &length, source.baseAddress, uLong(source.count))
            }
        }
        guard status == Z_OK else { return nil }
        output.removeLast(output.count - Int(length))
        return output
    }

    /// The plain bytes of a zlib stream; nil where it is damaged or longer than `longestPlain`.
    static func decompress(_ stream: [UInt8]) -> [UInt8]? {
        var length = uLongf(longestPlain)
        var status = Z_OK
        var output = [UInt8](repeating: 0, count: longestPlain)
        output.withUnsafeMutableBufferPointer { target in
            stream.withUnsafeBufferPointer { source in
                status = uncompress(target.baseAddress, &length, source.baseAddress, uLong(source.count))
            }
        }
        guard status == Z_OK else { return nil }
        output.removeLast(output.count - Int(length))
        return output
    }
}
