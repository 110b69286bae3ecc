/// A named attribute.
public struct KeyValue: Equatable, Sendable {
    /// The attribute's name, usually one of OpenTelemetry's semantic conventions.
    public var key: String = ""
    /// The attribute's value; absent on the wire is not the same as a null value.
    public var value: AnyValue?

    public init() {}

    public init(key: String = "", value: AnyValue? = nil) {
        self.key = key
        self.value = value
    }
}

extension KeyValue: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(2, value)
        visitor.string(1, key)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &key)
        case 2: try reader.message(field, into: &value)
        default: try reader.skip(field)
        }
    }
}

/// A list inside an attribute's value.
public struct ArrayValue: Equatable, Sendable {
    /// The elements; kinds may be mixed.
    public var values: [AnyValue] = []

    public init() {}

    public init(values: [AnyValue] = []) {
        self.values = values
    }
}

extension ArrayValue: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.messages(1, values)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.messages(field, into: &values)
        default: try reader.skip(field)
        }
    }
}

/// A map inside an attribute's value, kept as the list of pairs that is on the wire.
public struct KeyValueList: Equatable, Sendable {
    /// The pairs; the wire does not promise that keys are unique.
    public var values: [KeyValue] = []

    public init() {}

    public init(values: [KeyValue] = []) {
        self.values = values
    }
}

extension KeyValueList: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.messages(1, values)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.messages(field, into: &values)
        default: try reader.skip(field)
        }
    }
}
