import Basis
import Transport

/// The decompressors and buffers of all watched connections of a thread. Without context takeover none keeps anything
/// of a message, so one serves all.
public final class MessageDecoder {
    let inflater = Inflater()
    let coder = ContentCoder()
    /// Unmasked or assembled frames.
    var frames: [UInt8] = []
    /// A message without its compression.
    private var plain: [UInt8] = []
    private(set) var keptInflaters = 0

    public init() {}

    /// A decompressor for a side of a connection whose messages refer to earlier ones; `nil` where there are too many.
    func keptInflater(limit: Int) -> Inflater? {
        guard keptInflaters < limit else { return nil }
        keptInflaters += 1
        return Inflater(keepsContext: true)
    }

    func releaseInflaters(_ count: Int) {
        keptInflaters -= count
    }

    /// Lends the plain form of a WebSocket message.
    func inflate(
        _ kind: WebSocketMessageKind, _ payload: RawSpan, by inflater: Inflater, limit: UInt32,
        _ body: (RawSpan) -> Void
    ) throws(WebSocketError) {
        var plain = takePlain()
        try inflater.message(kind, payload, limit: limit, into: &plain)
        body(plain.span.bytes)
        give(back: plain)
    }

    /// Lends the plain form of a body.
    func decode(
        _ content: [UInt8], as coding: ContentCoding, limit: Int, _ body: (RawSpan) -> Void
    ) throws(ContentCodingError) {
        guard coding != .identity else { return body(content.span.bytes) }
        var plain = takePlain()
        try coder.decode(content.span.bytes, as: coding, limit: limit, into: &plain)
        body(plain.span.bytes)
        give(back: plain)
    }

    private func takePlain() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &plain)
        taken.removeAll(keepingCapacity: true)
        return taken
    }

    /// A buffer that one large message has grown is freed.
    private func give(back buffer: [UInt8]) {
        plain = buffer.capacity > Self.keptCapacity ? [] : buffer
    }

    private static let keptCapacity = 1 << 20
}
