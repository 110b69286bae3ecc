import Basis
import Zlib

/// Decompresses messages of permessage-deflate (RFC 7692, section 7.2.2).
///
/// Where no context takeover was agreed, one inflater serves all connections of a shard; otherwise each connection has
/// its own. Reads every window size. Not to be used by two threads at a time. Costs about 40 KiB.
public final class Inflater {
    private let stream = ZlibStream(.decompress, .raw(windowBits: DeflateParameters.maximumWindowBits))
    private let keepsContext: Bool

    /// - Parameter keepsContext: whether each message may refer to the ones before it.
    public init(keepsContext: Bool = false) {
        self.keepsContext = keepsContext
    }

    /// Appends the plain form of one message. Up to `DecompressionLimits.unmeasuredBytes` are decompressed at once;
    /// where messages do not refer to earlier ones, a larger one is decompressed twice, the first time only to count,
    /// so that a message beyond the limit never uses its memory.
    /// - Parameters:
    ///   - kind: text is checked to be UTF-8.
    ///   - limit: how many bytes the plain message may have. Decompression stops as soon as it outgrows the limit,
    ///     however small the message is.
    /// - Throws: `messageTooLarge`, `corruptCompressedMessage` or `invalidUTF8`: the peer's fault. What was appended is
    ///   removed again.
    public func message(
        _ kind: WebSocketMessageKind, _ payload: RawSpan, limit: UInt32, into bytes: inout [UInt8]
    ) throws(WebSocketError) {
        let start = bytes.count
        do throws(WebSocketError) {
            try inflate(payload, limit: Int(limit), into: &bytes)
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

    private func inflate(_ payload: RawSpan, limit: Int, into bytes: inout [UInt8]) throws(WebSocketError) {
        let (start, small) = (bytes.count, DecompressionLimits.unmeasuredBytes)
        guard !keepsContext, limit > small else {
            _ = try inflate(payload, limit: limit, keeps: true, into: &bytes)
            return
        }
        do throws(WebSocketError) {
            _ = try inflate(payload, limit: small, keeps: true, into: &bytes)
        } catch {
            guard case .messageTooLarge = error else { throw error }
            bytes.removeLast(bytes.count - start)
            stream.reset()
            let size = try inflate(payload, limit: limit, keeps: false, into: &bytes)
            stream.reset()
            bytes.reserveCapacity(start + size)
            _ = try inflate(payload, limit: size, keeps: true, into: &bytes)
        }
    }

    /// - Parameter keeps: whether the plain form is appended, or only counted.
    /// - Returns: the size of the plain form.
    private func inflate(
        _ payload: RawSpan, limit: Int, keeps: Bool, into bytes: inout [UInt8]
    ) throws(WebSocketError) -> Int {
        var run = Run(limit: limit, keeps: keeps)
        let endedWithPayload = try inflate(payload, &run, &bytes)
        // A sender that closes its last block itself need not leave room for ours.
        if endedWithPayload { return run.size }
        let tail = Deflater.tail
        let size = run.size
        _ = try inflate(tail.span.bytes, &run, &bytes)
        // The end of an empty block is added here; it must be the end of this message.
        guard stream.isBetweenBlocks, run.size == size else { throw .corruptCompressedMessage }
        return size
    }

    /// One pass over a message.
    private struct Run {
        let limit: Int
        let keeps: Bool
        /// How many bytes were decompressed.
        var size = 0
        /// How many streams ended in the message.
        var streams = 0
    }

    /// Decompresses all of `input`, over any ends of streams in it (section 7.2.3.4); whether it ended with such an
    /// end.
    private func inflate(
        _ input: RawSpan, _ run: inout Run, _ bytes: inout [UInt8]
    ) throws(WebSocketError) -> Bool {
        var position = 0
        while true {
            let (outcome, consumed, produced) = stream.run(
                input, from: position, flush: .sync, limit: run.limit - run.size,
                expected: min(input.byteCount * 4, run.limit), keeps: run.keeps, into: &bytes)
            run.size += produced
            switch outcome {
            case .drained: return false
            case .limited: throw .messageTooLarge(limit: UInt32(clamping: run.limit))
            case .corrupt: throw .corruptCompressedMessage
            case .ended:
                run.streams += 1
                // Each end costs a copy of the window, for two bytes on the wire.
                guard run.streams <= DecompressionLimits.streams else { throw .corruptCompressedMessage }
                stream.restartKeepingWindow()
                if consumed == input.byteCount { return true }
                position = consumed
            }
        }
    }
}
