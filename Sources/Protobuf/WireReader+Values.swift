public import Basis

/// Reads the content of a field whose tag was read, as a value.
extension WireReader {
    @inlinable
    @inline(__always)
    package mutating func text() throws(DecodingError) -> String {
        let bytes = try content()
        return try text(bytes, UTF8Check.verdict(on: bytes))
    }

    @inlinable
    @inline(__always)
    mutating func text(
        _ bytes: UnsafeRawBufferPointer, _ verdict: UTF8Check.Verdict
    ) throws(DecodingError) -> String {
        switch verdict {
        case .ascii:
            let units = Span<UInt8>(_unsafeBytes: bytes)
            return String(copying: UTF8Span(unchecked: units, isKnownASCII: true))
        case .beyondASCII: return String(decoding: bytes, as: UTF8.self)
        case .invalid: throw error(.invalidUTF8)
        }
    }

    @inlinable
    @inline(__always)
    package mutating func bytes() throws(DecodingError) -> [UInt8] {
        [UInt8](try content())
    }

    @inlinable
    @inline(__always)
    package mutating func bool() throws(DecodingError) -> Bool {
        try varint() != 0
    }

    @inlinable
    @inline(__always)
    package mutating func double() throws(DecodingError) -> Double {
        Double(bitPattern: try fixed64())
    }

    @inlinable
    @inline(__always)
    package mutating func enumeration<Value: WireEnumeration>() throws(DecodingError) -> Value {
        Value(rawValue: Int32(truncatingIfNeeded: try varint()))
    }

    @inlinable
    @inline(__always)
    package mutating func flags<Value: OptionSet>() throws(DecodingError) -> Value where Value.RawValue == UInt64 {
        Value(rawValue: try varint())
    }

    @inlinable
    @inline(__always)
    package mutating func message<Message: SchemaMessage>(into value: inout Message?) throws(DecodingError) {
        let outer = try enter()
        if value == nil { value = Message() }
        try value?.merge(from: &self)
        leave(outer)
    }

    @inlinable
    @inline(__always)
    package mutating func message<Message: SchemaMessage>(into value: inout Rare<Message>) throws(DecodingError) {
        let outer = try enter()
        var message = value.wrappedValue ?? Message()
        // What came in earlier parts belongs to `message` alone now: adding to it does not copy it.
        value = Rare(wrappedValue: nil)
        try message.merge(from: &self)
        value = Rare(consume message)
        leave(outer)
    }

    /// A list's elements mostly follow each other: all of them are read at once, into memory of their size.
    @inlinable
    @inline(__always)
    package mutating func messages<Message: SchemaMessage>(
        _ tag: UInt32, into values: inout [Message]
    ) throws(DecodingError) {
        let run = run(of: tag)
        let address = Self.address(of: values)
        try values.append(addingCapacity: run) { (row) throws(DecodingError) in
            for index in 0..<run {
                if index > 0 { _ = repeats(tag) }
                let outer = try enter()
                var value = Message()
                try value.merge(from: &self)
                leave(outer)
                row.append(consume value)
            }
        }
        noteMove(from: address, to: Self.address(of: values), of: values.count)
    }

    @inlinable
    @inline(__always)
    package mutating func texts(_ tag: UInt32, into values: inout [String]) throws(DecodingError) {
        if values.isEmpty { values.reserveCapacity(run(of: tag)) }
        let address = Self.address(of: values)
        values.append(try text())
        noteMove(from: address, to: Self.address(of: values), of: values.count)
    }
}
