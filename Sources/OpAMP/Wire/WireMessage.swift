/// A message of the OpAMP protocol as a plain value, with its Protocol Buffers encoding.
///
/// Only the protocol's own messages conform.
public protocol WireMessage: Equatable, Sendable {
    /// The message with every field absent.
    init()

    /// How many bytes the message takes on the wire. Cost: one pass over its fields, no allocation.
    var encodedSize: Int { get }

    /// Appends the message's bytes: measured first, then written in one pass. Allocates only if `bytes` has to grow.
    func encode(appendingTo bytes: inout [UInt8])

    /// Reads `bytes` into the message as Protocol Buffers merges: a plain field is replaced, a sub-message is merged, lists
    /// are appended to, map entries are replaced by key.
    /// - Returns: How many fields were skipped, at any depth, because the messages here do not have them.
    /// - Throws: When `bytes` are malformed or beyond `limits`; the message then holds what was read before.
    @discardableResult
    mutating func merge(decoding bytes: RawSpan, limits: DecodingLimits) throws(DecodingError) -> Int
}

extension WireMessage {
    /// The message's bytes, in memory of their own.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        encode(appendingTo: &bytes)
        return bytes
    }

    /// The message that `bytes` hold. Everything in it is copied; unknown fields are dropped.
    public init(decoding bytes: RawSpan, limits: DecodingLimits = .default) throws(DecodingError) {
        self.init()
        try merge(decoding: bytes, limits: limits)
    }

    /// The message that `bytes` hold. Everything in it is copied; unknown fields are dropped.
    public init(decoding bytes: [UInt8], limits: DecodingLimits = .default) throws(DecodingError) {
        self.init()
        try merge(decoding: bytes.span.bytes, limits: limits)
    }
}

/// An enum of the protocol; values that it does not name are kept.
public protocol WireEnumeration: Hashable, Sendable {
    init(rawValue: Int32)
    var rawValue: Int32 { get }
}
