import Basis
import Zlib

/// The HdrHistogram V2 interchange format: compressed, in base 64, as every HdrHistogram implementation reads and
/// writes it.
///
/// Outer: cookie and length (both 32 bits, big-endian), then a zlib stream. In it: cookie, length of the counts, index
/// offset, significant digits (32 bits each), lowest and highest value (64 bits each), conversion ratio (a double),
/// then the counts as `CompactHistogram` holds them.
enum HistogramCodec {
    static let plainCookie: UInt32 = 0x1C84_9303
    static let compressedCookie: UInt32 = 0x1C84_9304
    /// Bits of a cookie with the word size; writers of V2 set the lowest.
    static let wordSizeBits: UInt32 = 0xF0
    static let wordSize: UInt32 = 0x10
    static let headerLength = 40
    /// No histogram is longer: 27,648 buckets of at most nine bytes, and the header.
    private static let maxPlainLength = 256 * 1024

    /// Why a text is not a histogram of ours.
    enum Failure: Error, Hashable {
        case notBase64
        case notCompressedV2
        case damaged
        /// A histogram, but with other buckets: they cannot be added exactly.
        case otherLayout(lowest: UInt64, significantDigits: UInt32)
    }

    static func encode(_ histogram: CompactHistogram) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(headerLength + histogram.bytes.count)
        append(plainCookie | wordSize, to: &plain)
        append(UInt32(histogram.bytes.count), to: &plain)
        append(UInt32(0), to: &plain)
        append(UInt32(LatencyScale.significantDigits), to: &plain)
        append(LatencyScale.lowest, to: &plain)
        append(LatencyScale.highest, to: &plain)
        append((1.0).bitPattern, to: &plain)
        plain += histogram.bytes
        var stream: [UInt8] = []
        _ = ZlibStream(.compress(level: 6), .zlib).run(
            plain.span.bytes, flush: .finish, limit: .max - 1, expected: plain.count / 2 + 64, into: &stream)
        var bytes: [UInt8] = []
        append(compressedCookie | wordSize, to: &bytes)
        append(UInt32(stream.count), to: &bytes)
        return Base64.text(bytes + stream)
    }

    /// The lowest and the highest value of the result are those of its first and last bucket: the format has no exact
    /// ones.
    static func decode(_ text: some StringProtocol) throws(Failure) -> CompactHistogram {
        guard let bytes = Base64.decode(text) else { throw .notBase64 }
        guard bytes.count >= 8, integer(bytes, at: 0, 4) & ~UInt64(wordSizeBits) == UInt64(compressedCookie) else {
            throw .notCompressedV2
        }
        let length = integer(bytes, at: 4, 4)
        guard length == UInt64(bytes.count - 8) else { throw .damaged }
        var plain: [UInt8] = []
        let (outcome, _, _) = ZlibStream(.decompress, .zlib).run(
            bytes.span.bytes, from: 8, flush: .none, limit: maxPlainLength, expected: bytes.count * 4, into: &plain)
        guard case .ended = outcome else { throw .damaged }
        guard plain.count >= headerLength, integer(plain, at: 0, 4) & ~UInt64(wordSizeBits) == UInt64(plainCookie)
        else {
            throw .notCompressedV2
        }
        guard integer(plain, at: 4, 4) == UInt64(plain.count - headerLength), integer(plain, at: 8, 4) == 0 else {
            throw .damaged
        }
        let (digits, lowest) = (integer(plain, at: 12, 4), integer(plain, at: 16, 8))
        guard digits == UInt64(LatencyScale.significantDigits), lowest == LatencyScale.lowest else {
            throw .otherLayout(lowest: lowest, significantDigits: UInt32(truncatingIfNeeded: digits))
        }
        return try histogram(of: Array(plain.dropFirst(headerLength)))
    }

    private static func histogram(of bytes: [UInt8]) throws(Failure) -> CompactHistogram {
        var reader = BucketReader(bytes.span)
        var writer = BucketWriter()
        var (count, first, last) = (UInt64(0), Int?.none, 0)
        while let bucket = reader.next() {
            // Encoded again, so that equal counts have equal bytes, whichever program encoded them.
            writer.append(index: bucket.index, count: bucket.count)
            let (sum, overflow) = count.addingReportingOverflow(bucket.count)
            guard !overflow else { throw .damaged }
            count = sum
            first = first ?? bucket.index
            last = bucket.index
        }
        guard !reader.isMalformed else { throw .damaged }
        guard let first else { return .empty }
        return CompactHistogram(
            bytes: writer.bytes, count: count, lowest: LatencyScale.lowestValue(at: first),
            highest: LatencyScale.highestValue(at: last))
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private static func integer(_ bytes: [UInt8], at start: Int, _ length: Int) -> UInt64 {
        bytes[start..<start + length].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
