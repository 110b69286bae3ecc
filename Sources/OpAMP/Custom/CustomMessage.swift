/// The custom capabilities that a side supports (spec: CustomCapabilities).
public struct CustomCapabilities: Equatable, Sendable {
    /// Reverse domain names, with a version where there are several.
    public var capabilities: [String] = []

    public init() {}

    public init(capabilities: [String] = []) {
        self.capabilities = capabilities
    }
}

extension CustomCapabilities: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.strings(1, capabilities)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.strings(field, into: &capabilities)
        default: try reader.skip(field)
        }
    }
}

/// A message of a custom capability (spec: CustomMessage).
public struct CustomMessage: Equatable, Sendable {
    /// The capability that defines the message, one that the other side supports.
    public var capability: String = ""
    /// The kind of message within the capability.
    public var type: String = ""
    /// The content, in the capability's own form.
    public var data: [UInt8] = []

    public init() {}

    public init(capability: String = "", type: String = "", data: [UInt8] = []) {
        self.capability = capability
        self.type = type
        self.data = data
    }
}

extension CustomMessage: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.bytes(3, data)
        visitor.string(2, type)
        visitor.string(1, capability)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &capability)
        case 2: try reader.string(field, into: &type)
        case 3: try reader.bytes(field, into: &data)
        default: try reader.skip(field)
        }
    }
}
