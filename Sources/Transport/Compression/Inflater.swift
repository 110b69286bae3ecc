internal import Basis
internal import CZlib

/// Decompresses messages of permessage-deflate (RFC 7692, section 7.2.2).
///
/// Where no context takeover was agreed, one inflater serves all connections of a shard; otherwise each connection has its
/// own. Reads every window size. Not to be used by two threads at a time. Costs about 40 KiB.
public final class Inflater {
    private let stream = ZlibStream(.decompress, window: ZlibStream.rawWindow(DeflateParameters.maximumWindowBits))
    private let keepsContext: Bool

    /// - Parameter keepsContext: whether each message may refer to the ones before it.
    public init(keepsContext: Bool = false) {
        self.keepsContext = keepsContext
    }

    /// Appends the plain form of one message.
    /// - Parameters:
    ///   - kind: text is checked to be UTF-8.
    ///   - limit: the most bytes that the plain message may have. A message that would be larger is refused as soon as it
    ///     outgrows the limit, however little of it arrived.
    /// - Throws: `messageTooLarge`, `corruptCompressedMessage` or `invalidUTF8`: the peer's fault. What was appended is taken
    ///   back.
    public func message(
        _ kind: WebSocketMessageKind, _ payload: RawSpan, limit: UInt32, into bytes: inout [UInt8]
    ) throws(WebSocketError) {
        let start = bytes.count
        do throws(WebSocketError) {
            try inflate(payload, limit: limit, into: &bytes)
            if kind == .text {
                let isValid = UTF8Check.isValid(bytes.span.bytes.extracting(start..<bytes.count))
                guard isValid else { throw .invalidUTF8 }
            }
        } catch {
            bytes.removeLast(bytes.count - start)
            stream.reset()
            throw error
        }
        if !keepsContext { stream.reset() }
    }

    private func inflate(_ payload: RawSpan, limit: UInt32, into bytes: inout [UInt8]) throws(WebSocketError) {
        let first = bytes.count
        var position = 0
        let endedWithPayload = try run(payload, &position, first, limit, &bytes)
        // A sender that closes its last block itself need not leave room for ours.
        if endedWithPayload { return }
        position = 0
        let tail = Deflater.tail
        let count = bytes.count
        _ = try run(tail.span.bytes, &position, first, limit, &bytes)
        // What we add is the end of an empty block, and nothing else may have swallowed it.
        guard stream.isBetweenBlocks, bytes.count == count else { throw .corruptCompressedMessage }
    }

    /// Runs all of `input`, over any ends of streams in it (section 7.2.3.4); whether it ended with such an end.
    private func run(
        _ input: RawSpan, _ position: inout Int, _ first: Int, _ limit: UInt32, _ bytes: inout [UInt8]
    ) throws(WebSocketError) -> Bool {
        while true {
            let (outcome, consumed) = stream.run(
                input, from: position, flush: Z_SYNC_FLUSH, limit: Int(limit) - (bytes.count - first),
                expected: min(input.byteCount * 4, Int(limit)), into: &bytes)
            switch outcome {
            case .drained: return false
            case .limited: throw .messageTooLarge(limit: limit)
            case .corrupt: throw .corruptCompressedMessage
            case .ended:
                stream.restartKeepingWindow()
                if consumed == input.byteCount { return true }
                position = consumed
            }
        }
    }
}
