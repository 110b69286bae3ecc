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
