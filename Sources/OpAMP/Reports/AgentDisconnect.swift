/// Says that this is the agent's last report on the connection (spec: AgentDisconnect Message).
public struct AgentDisconnect: Equatable, Sendable {
    public init() {}
}

extension AgentDisconnect: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {}

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        try reader.skip(field)
    }
}
