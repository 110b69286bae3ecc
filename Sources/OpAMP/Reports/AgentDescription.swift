/// What an agent is and where it runs (spec: AgentDescription Message).
public struct AgentDescription: Equatable, Sendable {
    /// What tells this agent from others, such as `service.name` and `service.instance.id`.
    public var identifyingAttributes: [KeyValue] = []
    /// What else is worth knowing, such as `os.type` and `host.name`.
    public var nonIdentifyingAttributes: [KeyValue] = []

    public init() {}

    public init(identifyingAttributes: [KeyValue] = [], nonIdentifyingAttributes: [KeyValue] = []) {
        self.identifyingAttributes = identifyingAttributes
        self.nonIdentifyingAttributes = nonIdentifyingAttributes
    }
}

extension AgentDescription: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.messages(2, nonIdentifyingAttributes)
        visitor.messages(1, identifyingAttributes)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.messages(field, into: &identifyingAttributes)
        case 2: try reader.messages(field, into: &nonIdentifyingAttributes)
        default: try reader.skip(field)
        }
    }
}
