public import OrderedCollections

/// The health of an agent or of one of its components, to any depth (spec: ComponentHealth Message).
public struct ComponentHealth: Equatable, Sendable {
    /// Whether the component is up and works.
    public var healthy: Bool = false
    /// When the component started, in nanoseconds since 1970; 0 while it does not run.
    public var startTimeUnixNano: UInt64 = 0
    /// What is wrong, for people; empty while healthy.
    public var lastError: String = ""
    /// The component's own word for its state, such as `StatusOK`.
    public var status: String = ""
    /// When the status was observed, in nanoseconds since 1970.
    public var statusTimeUnixNano: UInt64 = 0
    /// The health of the parts, by name.
    public var componentHealthMap: OrderedDictionary<String, ComponentHealth> = [:]
    /// Further facts about the status.
    public var attributes: [KeyValue] = []

    public init() {}

    public init(
        healthy: Bool = false,
        startTimeUnixNano: UInt64 = 0,
        lastError: String = "",
        status: String = "",
        statusTimeUnixNano: UInt64 = 0,
        componentHealthMap: OrderedDictionary<String, ComponentHealth> = [:],
        attributes: [KeyValue] = []
    ) {
        self.healthy = healthy
        self.startTimeUnixNano = startTimeUnixNano
        self.lastError = lastError
        self.status = status
        self.statusTimeUnixNano = statusTimeUnixNano
        self.componentHealthMap = componentHealthMap
        self.attributes = attributes
    }
}

extension ComponentHealth: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.messages(7, attributes)
        visitor.map(6, componentHealthMap)
        visitor.fixed64(5, statusTimeUnixNano)
        visitor.string(4, status)
        visitor.string(3, lastError)
        visitor.fixed64(2, startTimeUnixNano)
        visitor.bool(1, healthy)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.bool(field, into: &healthy)
        case 2: try reader.fixed64(field, into: &startTimeUnixNano)
        case 3: try reader.string(field, into: &lastError)
        case 4: try reader.string(field, into: &status)
        case 5: try reader.fixed64(field, into: &statusTimeUnixNano)
        case 6: try reader.map(field, into: &componentHealthMap)
        case 7: try reader.messages(field, into: &attributes)
        default: try reader.skip(field)
        }
    }
}
