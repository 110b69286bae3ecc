internal import OrderedCollections

/// Fields that can be measured and written.
protocol FieldListing {
    /// Shows every field to the visitor, from the highest number to the lowest: the writer fills its memory from the end.
    func visit(_ visitor: inout some FieldVisitor)
}

/// A message with its fields listed once for writing and once for reading, side by side in the message's own file.
protocol FieldTable: WireMessage, FieldListing {
    /// Reads the content of `field`, or skips it where the message has no such field.
    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError)
}

/// What a message shows its fields to: the sizer or the writer.
///
/// A field with its type's default value is not on the wire. A sub-message is there whenever it is present, whatever it
/// holds, and so is a member of a oneof.
protocol FieldVisitor {
    mutating func member(_ number: UInt32, _ value: String)
    mutating func member(_ number: UInt32, _ value: [UInt8])
    mutating func member(_ number: UInt32, varint value: UInt64)
    mutating func member(_ number: UInt32, fixed64 value: UInt64)
    mutating func member(_ number: UInt32, _ value: InstanceUID)
    mutating func message(_ number: UInt32, _ value: some FieldListing)
    mutating func message<Message: FieldListing>(_ number: UInt32, _ value: borrowing Lent<Message>)
    mutating func messages(_ number: UInt32, _ values: [some FieldListing])
    mutating func strings(_ number: UInt32, _ values: [String])
    mutating func map(_ number: UInt32, _ values: OrderedDictionary<String, some FieldListing>)
    mutating func stringMap(_ number: UInt32, _ values: OrderedDictionary<String, String>)
}

extension FieldVisitor {
    @inline(__always)
    mutating func string(_ number: UInt32, _ value: String) {
        if !value.isEmpty { member(number, value) }
    }

    @inline(__always)
    mutating func bytes(_ number: UInt32, _ value: [UInt8]) {
        if !value.isEmpty { member(number, value) }
    }

    @inline(__always)
    mutating func uint64(_ number: UInt32, _ value: UInt64) {
        if value != 0 { member(number, varint: value) }
    }

    @inline(__always)
    mutating func bool(_ number: UInt32, _ value: Bool) {
        if value { member(number, varint: 1) }
    }

    @inline(__always)
    mutating func fixed64(_ number: UInt32, _ value: UInt64) {
        if value != 0 { member(number, fixed64: value) }
    }

    /// Minus zero is not the default value: it is compared by its bits.
    @inline(__always)
    mutating func double(_ number: UInt32, _ value: Double) {
        if value.bitPattern != 0 { member(number, fixed64: value.bitPattern) }
    }

    /// A negative value takes ten bytes: it is widened to 64 bits first.
    @inline(__always)
    mutating func enumeration(_ number: UInt32, _ value: some WireEnumeration) {
        uint64(number, UInt64(bitPattern: Int64(value.rawValue)))
    }

    @inline(__always)
    mutating func optionSet<Options: OptionSet>(_ number: UInt32, _ value: Options) where Options.RawValue == UInt64 {
        uint64(number, value.rawValue)
    }

    @inline(__always)
    mutating func instanceUID(_ number: UInt32, _ value: InstanceUIDField) {
        switch value {
        case .absent: break
        case .uid(let uid): member(number, uid)
        case .malformed(let bytes): self.bytes(number, bytes)
        }
    }

    @inline(__always)
    mutating func message<Message: FieldTable>(_ number: UInt32, _ value: Message?) {
        if let value { message(number, value) }
    }

    @inline(__always)
    mutating func message<Message: FieldTable>(_ number: UInt32, _ value: borrowing Rare<Message>) {
        if let storage = value.storage { message(number, storage.lent) }
    }
}

extension FieldListing {
    public var encodedSize: Int {
        measured
    }

    /// The same, written out where it is called.
    @inline(__always)
    var measured: Int {
        var sizer = WireSizer()
        visit(&sizer)
        return sizer.size
    }

    public func encode(appendingTo bytes: inout [UInt8]) {
        append(to: &bytes)
    }

    /// The same, written out where it is called.
    @inline(__always)
    func append(to bytes: inout [UInt8]) {
        WireWriter.append(measured, to: &bytes) { writer in visit(&writer) }
    }
}

extension FieldTable {
    @discardableResult
    public mutating func merge(decoding bytes: RawSpan, limits: DecodingLimits) throws(DecodingError) -> Int {
        try WireReader.read(bytes, limits: limits) { (reader) throws(DecodingError) in
            try decodeFields(from: &reader)
            return reader.unknownFieldCount
        }
    }

    /// Reads fields until the reader's current message ends.
    @inline(__always)
    mutating func decodeFields(from reader: inout WireReader) throws(DecodingError) {
        while let field = try reader.nextField() {
            try decode(field, from: &reader)
        }
    }
}
