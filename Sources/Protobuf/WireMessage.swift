/// A message of a protocol as a plain value, with its Protocol Buffers encoding.
///
/// Only the messages of the schema conform.
public protocol WireMessage: Equatable, Sendable {
    /// The message with every field absent.
    init()

    /// How many bytes the message has on the wire. Cost: one pass over its fields, no allocation.
    var encodedSize: Int { get }

    /// Appends the message's bytes: measured first, then written in one pass. Allocates only if `bytes` has to grow.
    func encode(appendingTo bytes: inout [UInt8])

    /// Reads `bytes` into the message as Protocol Buffers merges: a plain field is replaced, a sub-message is merged,
    /// lists are appended to, map entries are replaced by key.
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

/// An enum of a protocol; values that it does not name are kept.
public protocol WireEnumeration: Hashable, Sendable {
    init(rawValue: Int32)
    var rawValue: Int32 { get }
}

/// Fields that can be measured and written.
@usableFromInline
package protocol FieldListing {
    /// Shows every field to the visitor, from the highest number to the lowest: the writer fills its memory from the
    /// end.
    func visit(_ visitor: inout some FieldVisitor)
}

/// What the generator writes for each message.
@usableFromInline
package protocol SchemaMessage: WireMessage, FieldListing {
    /// Reads fields until the reader's current message ends, as Protocol Buffers merges.
    mutating func merge(from reader: inout WireReader) throws(DecodingError)

    /// Accepts exactly the bytes that `merge` accepts, and builds nothing.
    static func check(_ reader: inout WireReader) throws(DecodingError)
}

extension FieldListing {
    @inlinable
    @inline(__always)
    package var measured: Int {
        var sizer = WireSizer()
        visit(&sizer)
        return sizer.size
    }

    /// Appends the fields' bytes, written out where it is called.
    @inlinable
    @inline(__always)
    package func append(to bytes: inout [UInt8]) {
        WireWriter.append(measured, to: &bytes) { writer in visit(&writer) }
    }
}

extension SchemaMessage {
    @inlinable
    public var encodedSize: Int { measured }

    @inlinable
    public func encode(appendingTo bytes: inout [UInt8]) {
        append(to: &bytes)
    }

    @inlinable
    @discardableResult
    public mutating func merge(decoding bytes: RawSpan, limits: DecodingLimits) throws(DecodingError) -> Int {
        try WireReader.read(bytes, limits: limits) { (reader) throws(DecodingError) in
            try merge(from: &reader)
            return reader.unknownFieldCount
        }
    }
}
