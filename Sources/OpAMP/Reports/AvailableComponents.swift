public import OrderedCollections

/// The components built into an agent (spec: AvailableComponents Message).
public struct AvailableComponents: Equatable, Sendable {
    /// Details by component id; left out until the server asks with `reportAvailableComponents`.
    public var components: OrderedDictionary<String, ComponentDetails> = [:]
    /// The agent's hash over the components; present in every such message.
    public var hash: [UInt8] = []

    public init() {}

    public init(components: OrderedDictionary<String, ComponentDetails> = [:], hash: [UInt8] = []) {
        self.components = components
        self.hash = hash
    }
}

extension AvailableComponents: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.bytes(2, hash)
        visitor.map(1, components)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.map(field, into: &components)
        case 2: try reader.bytes(field, into: &hash)
        default: try reader.skip(field)
        }
    }
}

/// One component that an agent could run, and its sub-components to any depth.
public struct ComponentDetails: Equatable, Sendable {
    /// Facts about the component, such as where its code lives.
    public var metadata: [KeyValue] = []
    /// Details by sub-component id.
    public var subComponentMap: OrderedDictionary<String, ComponentDetails> = [:]

    public init() {}

    public init(metadata: [KeyValue] = [], subComponentMap: OrderedDictionary<String, ComponentDetails> = [:]) {
        self.metadata = metadata
        self.subComponentMap = subComponentMap
    }
}

extension ComponentDetails: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.map(2, subComponentMap)
        visitor.messages(1, metadata)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.messages(field, into: &metadata)
        case 2: try reader.map(field, into: &subComponentMap)
        default: try reader.skip(field)
        }
    }
}
