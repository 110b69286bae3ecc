public import OrderedCollections

/// Connection settings that the server offers (spec: ConnectionSettingsOffers Message).
public struct ConnectionSettingsOffers: Equatable, Sendable {
    /// The server's hash of all the settings in the offer.
    public var hash: [UInt8] = []
    /// For the agent's connection to the OpAMP server.
    public var opamp: OpAMPConnectionSettings?
    /// For the agent's own metrics.
    public var ownMetrics: TelemetryConnectionSettings?
    /// For the agent's own traces.
    public var ownTraces: TelemetryConnectionSettings?
    /// For the agent's own logs.
    public var ownLogs: TelemetryConnectionSettings?
    /// For any other connection, by a name that the agent knows.
    public var otherConnections: OrderedDictionary<String, OtherConnectionSettings> = [:]

    public init() {}

    public init(
        hash: [UInt8] = [],
        opamp: OpAMPConnectionSettings? = nil,
        ownMetrics: TelemetryConnectionSettings? = nil,
        ownTraces: TelemetryConnectionSettings? = nil,
        ownLogs: TelemetryConnectionSettings? = nil,
        otherConnections: OrderedDictionary<String, OtherConnectionSettings> = [:]
    ) {
        self.hash = hash
        self.opamp = opamp
        self.ownMetrics = ownMetrics
        self.ownTraces = ownTraces
        self.ownLogs = ownLogs
        self.otherConnections = otherConnections
    }
}

extension ConnectionSettingsOffers: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.map(6, otherConnections)
        visitor.message(5, ownLogs)
        visitor.message(4, ownTraces)
        visitor.message(3, ownMetrics)
        visitor.message(2, opamp)
        visitor.bytes(1, hash)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.bytes(field, into: &hash)
        case 2: try reader.message(field, into: &opamp)
        case 3: try reader.message(field, into: &ownMetrics)
        case 4: try reader.message(field, into: &ownTraces)
        case 5: try reader.message(field, into: &ownLogs)
        case 6: try reader.map(field, into: &otherConnections)
        default: try reader.skip(field)
        }
    }
}
