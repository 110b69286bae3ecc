/// The identity that the server gives to an agent (spec: AgentIdentification Message).
public struct AgentIdentification: Equatable, Sendable {
    /// The instance uid to use from now on.
    public var newInstanceUID: InstanceUIDField = .absent

    public init() {}

    public init(newInstanceUID: InstanceUIDField = .absent) {
        self.newInstanceUID = newInstanceUID
    }
}

extension AgentIdentification: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.instanceUID(1, newInstanceUID)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.instanceUID(field, into: &newInstanceUID)
        default: try reader.skip(field)
        }
    }
}
