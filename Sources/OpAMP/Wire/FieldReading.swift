internal import OrderedCollections

/// Reads a field's content into a property, by the property's kind. A field whose content is laid out in another way than its
/// kind asks for is skipped as unknown, as every Protocol Buffers decoder does.
extension WireReader {
    @inline(__always)
    mutating func string(_ field: FieldTag, into value: inout String) throws(DecodingError) {
        if let text = try stringMember(field) { value = text }
    }

    @inline(__always)
    mutating func bytes(_ field: FieldTag, into value: inout [UInt8]) throws(DecodingError) {
        if let bytes = try bytesMember(field) { value = bytes }
    }

    @inline(__always)
    mutating func uint64(_ field: FieldTag, into value: inout UInt64) throws(DecodingError) {
        if let number = try varintMember(field) { value = number }
    }

    @inline(__always)
    mutating func bool(_ field: FieldTag, into value: inout Bool) throws(DecodingError) {
        if let number = try varintMember(field) { value = number != 0 }
    }

    @inline(__always)
    mutating func fixed64(_ field: FieldTag, into value: inout UInt64) throws(DecodingError) {
        if let bits = try fixed64Member(field) { value = bits }
    }

    @inline(__always)
    mutating func double(_ field: FieldTag, into value: inout Double) throws(DecodingError) {
        if let bits = try fixed64Member(field) { value = Double(bitPattern: bits) }
    }

    @inline(__always)
    mutating func enumeration<Value: WireEnumeration>(
        _ field: FieldTag, into value: inout Value
    ) throws(DecodingError) {
        if let number = try varintMember(field) { value = Value(rawValue: Int32(truncatingIfNeeded: number)) }
    }

    @inline(__always)
    mutating func optionSet<Options: OptionSet>(
        _ field: FieldTag, into value: inout Options
    ) throws(DecodingError) where Options.RawValue == UInt64 {
        if let number = try varintMember(field) { value = Options(rawValue: number) }
    }

    @inline(__always)
    mutating func instanceUID(_ field: FieldTag, into value: inout InstanceUIDField) throws(DecodingError) {
        guard field.has(.lengthDelimited) else { return try skip(field) }
        value = try instanceUID()
    }

    @inline(__always)
    mutating func message<Message: FieldTable>(
        _ field: FieldTag, into value: inout Message?
    ) throws(DecodingError) {
        guard field.has(.lengthDelimited) else { return try skip(field) }
        let outer = try enterMessage()
        if value == nil { value = Message() }
        try value?.decodeFields(from: &self)
        leaveMessage(outer)
    }

    @inline(__always)
    mutating func message<Message: FieldTable>(
        _ field: FieldTag, into value: inout Rare<Message>
    ) throws(DecodingError) {
        guard field.has(.lengthDelimited) else { return try skip(field) }
        let outer = try enterMessage()
        var message = value.wrappedValue ?? Message()
        // What came in earlier parts belongs to `message` alone now: adding to it does not copy it.
        value = Rare(wrappedValue: nil)
        try message.decodeFields(from: &self)
        value = Rare(consume message)
        leaveMessage(outer)
    }

    /// A list's elements mostly stand in a row: the whole row is read at once, into memory of its size.
    @inline(__always)
    mutating func messages<Message: FieldTable>(
        _ field: FieldTag, into values: inout [Message]
    ) throws(DecodingError) {
        guard field.has(.lengthDelimited) else { return try skip(field) }
        let run = run(of: field)
        let address = Self.address(of: values)
        defer { noteMove(from: address, to: Self.address(of: values), of: values.count) }
        try values.append(addingCapacity: run) { (row) throws(DecodingError) in
            for index in 0..<run {
                if index > 0 { _ = repeats(field) }
                var value = Message()
                let outer = try enterMessage()
                try value.decodeFields(from: &self)
                leaveMessage(outer)
                row.append(consume value)
            }
        }
    }

    @inline(__always)
    mutating func strings(_ field: FieldTag, into values: inout [String]) throws(DecodingError) {
        guard field.has(.lengthDelimited) else { return try skip(field) }
        if values.isEmpty { values.reserveCapacity(run(of: field)) }
        let address = Self.address(of: values)
        values.append(try text())
        noteMove(from: address, to: Self.address(of: values), of: values.count)
    }
}

/// The content of a field, or nothing where it is laid out in another way and was skipped.
extension WireReader {
    @inline(__always)
    mutating func stringMember(_ field: FieldTag) throws(DecodingError) -> String? {
        if field.has(.lengthDelimited) { return try text() }
        try skip(field)
        return nil
    }

    @inline(__always)
    mutating func bytesMember(_ field: FieldTag) throws(DecodingError) -> [UInt8]? {
        if field.has(.lengthDelimited) { return try bytes() }
        try skip(field)
        return nil
    }

    @inline(__always)
    mutating func varintMember(_ field: FieldTag) throws(DecodingError) -> UInt64? {
        if field.has(.varint) { return try varint() }
        try skip(field)
        return nil
    }

    @inline(__always)
    mutating func fixed64Member(_ field: FieldTag) throws(DecodingError) -> UInt64? {
        if field.has(.fixed64) { return try fixed64() }
        try skip(field)
        return nil
    }
}
