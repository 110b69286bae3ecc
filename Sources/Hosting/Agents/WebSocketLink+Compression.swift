import AgentModel
import Metrics
import OpAMP
import Transport

/// permessage-deflate in the client role (RFC 7692). The compressors belong to the shard; a link keeps one byte, the window that
/// was agreed on.
extension WebSocketLink {
    /// Takes note of what the server has agreed to.
    func agreed(on deflate: DeflateParameters?) {
        deflateWindow = 0
        guard let deflate else {
            if place.target.compression.offersDeflate { host.metrics.count(.compressionDeclined) }
            return
        }
        deflateWindow = UInt8(clamping: deflate.windowBits(sentBy: .client))
    }

    /// Puts a report into the output as one frame, compressed where that was agreed on and is worth it.
    func appendFrame(_ report: ReportSlice) {
        let bytes = host.effects.bytes
        let payload = bytes.span.bytes.extracting(report.range)
        if deflateWindow != 0, payload.byteCount >= home.target.compression.threshold,
            host.deflate.pack(
                payload, prefix: WebSocketLink.header, windowBits: Int(deflateWindow),
                level: home.target.compression.level)
        {
            let packed = host.deflate.packed
            host.metrics.count(.compressedSent)
            host.metrics.count(.compressedSentPlainBytes, payload.byteCount + 1)
            host.metrics.count(.compressedSentWireBytes, packed.count)
            WebSocketFrame.append(
                .binary, payload: packed.span.bytes, mask: host.maskingKey(), isCompressed: true,
                to: &host.output)
            return host.deflate.trim()
        }
        WebSocketFrame.append(
            .binary, prefix: WebSocketLink.header, payload: payload, mask: host.maskingKey(), to: &host.output)
    }

    /// Takes a compressed message.
    /// - Throws: `WebSocketError`: the server's fault. A message that outgrows the limit is given up as soon as it does.
    func compressedMessage(_ kind: WebSocketMessageKind, _ payload: RawSpan) throws(WebSocketError) {
        // Taken out and put back, so that the bytes in it can be borrowed while the state machine works.
        var plain: [UInt8] = []
        swap(&plain, &host.deflate.plain)
        defer {
            plain.removeAll(keepingCapacity: true)
            swap(&plain, &host.deflate.plain)
            host.deflate.trim()
        }
        try host.deflate.inflater.message(kind, payload, limit: host.target.limits.messageBytes, into: &plain)
        host.metrics.count(.compressedReceived)
        host.metrics.count(.compressedReceivedWireBytes, payload.byteCount)
        host.metrics.count(.compressedReceivedPlainBytes, plain.count)
        message(kind, plain.span.bytes)
    }
}
