import Basis
import Zlib

/// Compresses messages for permessage-deflate (RFC 7692, section 7.2.1).
///
/// Where no context takeover was agreed, one deflater serves all connections of a shard, and no connection keeps any
/// state; where it was not, each connection has its own. Not to be used by two threads at a time. Costs about 256 KiB
/// at the full window, 8 KiB at the smallest.
public final class Deflater {
    private let stream: ZlibStream
    private let keepsContext: Bool
    /// Holds the prefix while it is compressed.
    private var head: [UInt8] = [0]
    /// The window in bits: may serve any connection whose agreed window is at least this.
    public let windowBits: Int

    /// The least window that zlib compresses raw deflate with. Where 8 bits were agreed, messages go uncompressed, as
    /// they always may.
    public static let minimumWindowBits = 9

    /// - Parameters:
    ///   - windowBits: 9 to 15, the agreed window of what we send, or less.
    ///   - keepsContext: whether each message may refer to the ones before it; only for a deflater of one connection.
    ///   - level: zlib's, 1 (fastest) to 9 (smallest).
    /// - Returns: nil for a window that cannot be compressed with.
    public init?(windowBits: Int = DeflateParameters.maximumWindowBits, keepsContext: Bool = false, level: Int = 6) {
        guard (Self.minimumWindowBits...DeflateParameters.maximumWindowBits).contains(windowBits) else { return nil }
        self.windowBits = windowBits
        self.keepsContext = keepsContext
        stream = ZlibStream(
            .compress(level: min(max(level, 1), 9), memoryLevel: min(windowBits - 7, Self.memoryLevel)),
            .raw(windowBits: windowBits))
    }

    /// zlib's own default: larger tables gain nothing for messages of a few KiB.
    private static let memoryLevel = 8

    /// Appends the compressed form of one message: of `prefix`, if any, and then `payload`. It belongs into a frame
    /// with `isCompressed`. Allocates nothing while the capacity lasts.
    public func message(_ payload: RawSpan, prefix: UInt8? = nil, into bytes: inout [UInt8]) {
        let start = bytes.count
        if let prefix {
            head[0] = prefix
            _ = stream.run(head.span.bytes, flush: .none, limit: .max - 1, expected: 0, into: &bytes)
        }
        _ = stream.run(
            payload, flush: .sync, limit: .max - 1, expected: payload.byteCount / 2 + 64, into: &bytes)
        // The flush ends in an empty stored block, which the receiver adds again.
        if bytes.count - start >= Self.tail.count, bytes[(bytes.count - Self.tail.count)...].elementsEqual(Self.tail) {
            bytes.removeLast(Self.tail.count)
        }
        // Nothing at all comes of an empty message behind another flush; a message is at least one block (section
        // 7.2.3.6).
        if bytes.count == start { bytes.append(0) }
        if !keepsContext { stream.reset() }
    }

    /// The end of an empty stored block, left out on the wire (section 7.2.1).
    static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
}
