public import OrderedCollections

/// Named config files or sections.
public struct AgentConfigMap: Equatable, Sendable {
    /// The files by name; an agent with a single file uses one entry, whose name may be empty.
    public var configMap: OrderedDictionary<String, AgentConfigFile> = [:]

    public init() {}

    public init(configMap: OrderedDictionary<String, AgentConfigFile> = [:]) {
        self.configMap = configMap
    }
}

extension AgentConfigMap: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.map(1, configMap)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.map(field, into: &configMap)
        default: try reader.skip(field)
        }
    }
}

/// One config file or section.
public struct AgentConfigFile: Equatable, Sendable {
    /// The content, in whatever form the agent reads.
    public var body: [UInt8] = []
    /// The content's MIME type, such as `text/yaml`; may be empty.
    public var contentType: String = ""

    public init() {}

    public init(body: [UInt8] = [], contentType: String = "") {
        self.body = body
        self.contentType = contentType
    }
}

extension AgentConfigFile: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.string(2, contentType)
        visitor.bytes(1, body)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.bytes(field, into: &body)
        case 2: try reader.string(field, into: &contentType)
        default: try reader.skip(field)
        }
    }
}
