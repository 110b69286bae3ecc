/// A config that the server offers to an agent (spec: AgentRemoteConfig Message).
public struct AgentRemoteConfig: Equatable, Sendable {
    /// The offered files.
    public var config: AgentConfigMap?
    /// The server's hash of `config`, which the agent repeats in its `RemoteConfigStatus`.
    public var configHash: [UInt8] = []

    public init() {}

    public init(config: AgentConfigMap? = nil, configHash: [UInt8] = []) {
        self.config = config
        self.configHash = configHash
    }
}

extension AgentRemoteConfig: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.bytes(2, configHash)
        visitor.message(1, config)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.message(field, into: &config)
        case 2: try reader.bytes(field, into: &configHash)
        default: try reader.skip(field)
        }
    }
}
