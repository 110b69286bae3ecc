/// How far an agent is with the last connection settings it was offered.
public struct ConnectionSettingsStatus: Equatable, Sendable {
    /// The hash that came with the last offer.
    public var lastConnectionSettingsHash: [UInt8] = []
    /// What became of that offer.
    public var status: ConnectionSettingsStatuses = .unset
    /// Why it failed, for people; only with `.failed`.
    public var errorMessage: String = ""

    public init() {}

    public init(
        lastConnectionSettingsHash: [UInt8] = [],
        status: ConnectionSettingsStatuses = .unset,
        errorMessage: String = ""
    ) {
        self.lastConnectionSettingsHash = lastConnectionSettingsHash
        self.status = status
        self.errorMessage = errorMessage
    }
}

extension ConnectionSettingsStatus: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.string(3, errorMessage)
        visitor.enumeration(2, status)
        visitor.bytes(1, lastConnectionSettingsHash)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.bytes(field, into: &lastConnectionSettingsHash)
        case 2: try reader.enumeration(field, into: &status)
        case 3: try reader.string(field, into: &errorMessage)
        default: try reader.skip(field)
        }
    }
}
