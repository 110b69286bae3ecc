public import OrderedCollections

/// What a message shows its fields to: the sizer or the writer. A field comes with its whole tag, its number and layout
/// in one.
///
/// A field with its type's default value is not on the wire. A sub-message is there whenever it is present, whatever it
/// holds, and so is a member of a oneof.
@usableFromInline
package protocol FieldVisitor {
    mutating func member(_ tag: UInt32, text value: String)
    mutating func member(_ tag: UInt32, bytes value: [UInt8])
    mutating func member(_ tag: UInt32, varint value: UInt64)
    mutating func member(_ tag: UInt32, fixed64 value: UInt64)
    mutating func member(_ tag: UInt32, fixed32 value: UInt32)
    /// Sixteen bytes, the most significant first.
    mutating func member(_ tag: UInt32, high: UInt64, low: UInt64)
    mutating func message(_ tag: UInt32, _ value: some FieldListing)
    mutating func message<Message: FieldListing>(_ tag: UInt32, lent value: borrowing Lent<Message>)
    mutating func messages(_ tag: UInt32, _ values: [some FieldListing])
    mutating func texts(_ tag: UInt32, _ values: [String])
    mutating func map(_ tag: UInt32, _ values: OrderedDictionary<String, some FieldListing>)
    mutating func textMap(_ tag: UInt32, _ values: OrderedDictionary<String, String>)
}

extension FieldVisitor {
    @inlinable
    @inline(__always)
    package mutating func text(_ tag: UInt32, _ value: String) {
        if !value.isEmpty { member(tag, text: value) }
    }

    @inlinable
    @inline(__always)
    package mutating func bytes(_ tag: UInt32, _ value: [UInt8]) {
        if !value.isEmpty { member(tag, bytes: value) }
    }

    @inlinable
    @inline(__always)
    package mutating func varint(_ tag: UInt32, _ value: UInt64) {
        if value != 0 { member(tag, varint: value) }
    }

    @inlinable
    @inline(__always)
    package mutating func bool(_ tag: UInt32, _ value: Bool) {
        if value { member(tag, varint: 1) }
    }

    @inlinable
    @inline(__always)
    package mutating func fixed64(_ tag: UInt32, _ value: UInt64) {
        if value != 0 { member(tag, fixed64: value) }
    }

    @inlinable
    @inline(__always)
    package mutating func fixed32(_ tag: UInt32, _ value: UInt32) {
        if value != 0 { member(tag, fixed32: value) }
    }

    /// Minus zero is not the default value: it is compared by its bits.
    @inlinable
    @inline(__always)
    package mutating func double(_ tag: UInt32, _ value: Double) {
        if value.bitPattern != 0 { member(tag, fixed64: value.bitPattern) }
    }

    /// A negative value has ten bytes: it is widened to 64 bits first.
    @inlinable
    @inline(__always)
    package mutating func enumeration(_ tag: UInt32, _ value: some WireEnumeration) {
        varint(tag, UInt64(bitPattern: Int64(value.rawValue)))
    }

    @inlinable
    @inline(__always)
    package mutating func rare<Message: FieldListing>(_ tag: UInt32, _ value: borrowing Rare<Message>) {
        if let storage = value.storage { message(tag, lent: storage.lent) }
    }
}
