public import OrderedCollections

/// Adds up how many bytes a message takes. Every sub-message is measured once: the whole pass is linear in the message.
@frozen @usableFromInline
package struct WireSizer: FieldVisitor {
    @usableFromInline
    package var size = 0

    @inlinable
    @inline(__always)
    package init() {}

    @inlinable
    @inline(__always)
    mutating func addLengthDelimited(_ tag: UInt32, _ count: Int) {
        size &+= Varint.size(UInt64(tag)) &+ Varint.size(UInt64(truncatingIfNeeded: count)) &+ count
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, text value: String) {
        addLengthDelimited(tag, value.utf8.count)
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, bytes value: [UInt8]) {
        addLengthDelimited(tag, value.count)
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, varint value: UInt64) {
        size &+= Varint.size(UInt64(tag)) &+ Varint.size(value)
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, fixed64 value: UInt64) {
        size &+= Varint.size(UInt64(tag)) &+ 8
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, high: UInt64, low: UInt64) {
        addLengthDelimited(tag, 16)
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, fixed32 value: UInt32) {
        size &+= Varint.size(UInt64(tag)) &+ 4
    }

    @inlinable
    @inline(__always)
    package mutating func message(_ tag: UInt32, _ value: some FieldListing) {
        addLengthDelimited(tag, Self.size(of: value))
    }

    @inlinable
    @inline(__always)
    package mutating func message<Message: FieldListing>(_ tag: UInt32, lent value: borrowing Lent<Message>) {
        addLengthDelimited(tag, Self.size(of: value.value))
    }

    @inlinable
    static func size(of value: some FieldListing) -> Int {
        var sizer = WireSizer()
        value.visit(&sizer)
        return sizer.size
    }

    @inlinable
    @inline(__always)
    package mutating func messages(_ tag: UInt32, _ values: [some FieldListing]) {
        Lent.forEachReversed(values) { message(tag, lent: $0) }
    }

    @inlinable
    @inline(__always)
    package mutating func texts(_ tag: UInt32, _ values: [String]) {
        Lent.forEachReversed(values) { member(tag, text: $0.value) }
    }

    @inlinable
    @inline(__always)
    package mutating func map(_ tag: UInt32, _ values: OrderedDictionary<String, some FieldListing>) {
        Lent.forEachReversed(values) { key, value in
            var entry = WireSizer()
            entry.member(0x0A, text: key.value)
            entry.message(0x12, lent: value)
            addLengthDelimited(tag, entry.size)
        }
    }

    @inlinable
    @inline(__always)
    package mutating func textMap(_ tag: UInt32, _ values: OrderedDictionary<String, String>) {
        Lent.forEachReversed(values) { key, value in
            var entry = WireSizer()
            entry.member(0x0A, text: key.value)
            entry.member(0x12, text: value.value)
            addLengthDelimited(tag, entry.size)
        }
    }
}
