/// The config that an agent really runs with (spec: EffectiveConfig Message).
public struct EffectiveConfig: Equatable, Sendable {
    /// The files that together make the config.
    public var configMap: AgentConfigMap?

    public init() {}

    public init(configMap: AgentConfigMap? = nil) {
        self.configMap = configMap
    }
}

extension EffectiveConfig: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(1, configMap)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.message(field, into: &configMap)
        default: try reader.skip(field)
        }
    }
}
