internal import OrderedCollections

/// Adds up how many bytes a message takes. Every sub-message is measured once: the whole pass is linear in the message.
struct WireSizer: FieldVisitor {
    private(set) var size = 0

    @inline(__always)
    private mutating func addLengthDelimited(_ number: UInt32, _ count: Int) {
        size &+= Varint.tagSize(number) &+ Varint.size(UInt64(truncatingIfNeeded: count)) &+ count
    }

    @inline(__always)
    mutating func member(_ number: UInt32, _ value: String) {
        addLengthDelimited(number, value.utf8.count)
    }

    @inline(__always)
    mutating func member(_ number: UInt32, _ value: [UInt8]) {
        addLengthDelimited(number, value.count)
    }

    @inline(__always)
    mutating func member(_ number: UInt32, varint value: UInt64) {
        size &+= Varint.tagSize(number) &+ Varint.size(value)
    }

    @inline(__always)
    mutating func member(_ number: UInt32, fixed64 value: UInt64) {
        size &+= Varint.tagSize(number) &+ 8
    }

    @inline(__always)
    mutating func member(_ number: UInt32, _ value: InstanceUID) {
        addLengthDelimited(number, InstanceUID.byteCount)
    }

    @inline(__always)
    mutating func message(_ number: UInt32, _ value: some FieldListing) {
        addLengthDelimited(number, value.encodedSize)
    }

    @inline(__always)
    mutating func message<Message: FieldListing>(_ number: UInt32, _ value: borrowing Lent<Message>) {
        addLengthDelimited(number, value.value.encodedSize)
    }

    @inline(__always)
    mutating func messages(_ number: UInt32, _ values: [some FieldListing]) {
        Lent.forEachReversed(values) { message(number, $0) }
    }

    @inline(__always)
    mutating func strings(_ number: UInt32, _ values: [String]) {
        Lent.forEachReversed(values) { member(number, $0.value) }
    }

    @inline(__always)
    mutating func map(_ number: UInt32, _ values: OrderedDictionary<String, some FieldListing>) {
        Lent.forEachReversed(values) { key, value in
            var entry = WireSizer()
            entry.member(1, key.value)
            entry.message(2, value)
            addLengthDelimited(number, entry.size)
        }
    }

    @inline(__always)
    mutating func stringMap(_ number: UInt32, _ values: OrderedDictionary<String, String>) {
        Lent.forEachReversed(values) { key, value in
            var entry = WireSizer()
            entry.member(1, key.value)
            entry.member(2, value.value)
            addLengthDelimited(number, entry.size)
        }
    }
}
