/// Something that the server tells an agent to do (spec: ServerToAgentCommand Message).
public struct ServerToAgentCommand: Equatable, Sendable {
    /// What to do.
    public var type: CommandType = .restart

    public init() {}

    public init(type: CommandType = .restart) {
        self.type = type
    }
}

extension ServerToAgentCommand: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.enumeration(1, type)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.enumeration(field, into: &type)
        default: try reader.skip(field)
        }
    }
}
