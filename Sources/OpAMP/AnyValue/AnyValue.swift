/// An attribute's value: the oneof of the wire's `AnyValue`, where `.null` stands for none of its cases.
public enum AnyValue: Equatable, Sendable {
    case null
    case string(String)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case array(ArrayValue)
    case keyValueList(KeyValueList)
    case bytes([UInt8])

    public init() {
        self = .null
    }
}

extension AnyValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(arrayLiteral elements: AnyValue...) { self = .array(ArrayValue(values: elements)) }
}

extension AnyValue {
    /// The text, where the value is one.
    public var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

extension KeyValue {
    /// The attribute with the given name and value.
    public init(_ key: String, _ value: AnyValue) {
        self.init(key: key, value: value)
    }

    /// The attribute with the given name and text.
    public init(_ key: String, _ text: String) {
        self.init(key: key, value: .string(text))
    }
}

extension AnyValue: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        switch self {
        case .null: break
        case .string(let text): visitor.member(1, text)
        case .bool(let flag): visitor.member(2, varint: flag ? 1 : 0)
        case .int(let number): visitor.member(3, varint: UInt64(bitPattern: number))
        case .double(let number): visitor.member(4, fixed64: number.bitPattern)
        case .array(let list): visitor.message(5, list)
        case .keyValueList(let list): visitor.message(6, list)
        case .bytes(let bytes): visitor.member(7, bytes)
        }
    }

    /// A later case replaces an earlier one; the same list again adds to it, as a repeated sub-message does.
    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: if let text = try reader.stringMember(field) { self = .string(text) }
        case 2: if let number = try reader.varintMember(field) { self = .bool(number != 0) }
        case 3: if let number = try reader.varintMember(field) { self = .int(Int64(bitPattern: number)) }
        case 4: if let bits = try reader.fixed64Member(field) { self = .double(Double(bitPattern: bits)) }
        case 5:
            var list: ArrayValue?
            if case .array(let earlier) = self {
                list = earlier
                self = .null
            }
            try reader.message(field, into: &list)
            if let list { self = .array(list) }
        case 6:
            var list: KeyValueList?
            if case .keyValueList(let earlier) = self {
                list = earlier
                self = .null
            }
            try reader.message(field, into: &list)
            if let list { self = .keyValueList(list) }
        case 7: if let bytes = try reader.bytesMember(field) { self = .bytes(bytes) }
        default: try reader.skip(field)
        }
    }
}
