public import Transport

/// What a fleet compresses, and the smallest size.
public struct WireCompression: Hashable, Sendable {
    /// Whether permessage-deflate is offered on WebSockets (RFC 7692), without context takeover in either direction.
    public var offersDeflate: Bool
    /// How request bodies over plain HTTP are encoded; identity: not at all.
    public var requests: ContentCoding
    /// Messages and bodies of fewer bytes are sent uncompressed.
    public var threshold: Int
    /// zlib's level, 1 (fastest) to 9 (smallest); zstd's own scale, 1 to 19, where request bodies are encoded so. Nil:
    /// the default.
    public var level: Int?

    public static let standardThreshold = 128

    public init(
        offersDeflate: Bool = false, requests: ContentCoding = .identity, threshold: Int = standardThreshold,
        level: Int? = nil
    ) {
        self.offersDeflate = offersDeflate
        self.requests = requests
        self.threshold = max(threshold, 0)
        self.level = level
    }
}

/// The compressors of all WebSockets of one shard. Without context takeover none keeps anything of a message, so that
/// no agent has one of its own.
struct SharedDeflate {
    /// By level, and by the size of the window: servers may ask for smaller ones.
    private var deflaters: [DeflaterSettings: Deflater] = [:]

    private struct DeflaterSettings: Hashable {
        var windowBits: Int
        var level: Int
    }

    let inflater = Inflater()
    /// A message being compressed; empty between events.
    var compressed: [UInt8] = []
    /// A message being decompressed; empty between events.
    var plain: [UInt8] = []

    /// Compresses a message, `prefix` and `payload`, into `compressed`. False where the window is too small to compress
    /// with.
    /// - Parameter level: zlib's; nil: the default.
    mutating func compress(_ payload: RawSpan, prefix: UInt8, windowBits: Int, level: Int? = nil) -> Bool {
        let settings = DeflaterSettings(windowBits: windowBits, level: level ?? SharedDeflate.standardLevel)
        guard let deflater = deflaters[settings] ?? Deflater(windowBits: windowBits, level: settings.level) else {
            return false
        }
        deflaters[settings] = deflater
        compressed.removeAll(keepingCapacity: true)
        deflater.message(payload, prefix: prefix, into: &compressed)
        return true
    }

    /// A buffer that one large message has grown is given back.
    mutating func trim() {
        if compressed.capacity > SharedDeflate.kept { compressed = [] }
        if plain.capacity > SharedDeflate.kept { plain = [] }
    }

    /// zlib's own default.
    private static let standardLevel = 6
    private static let kept = 1 << 20
}
