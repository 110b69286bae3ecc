/// How far an agent is with the last config it was offered (spec: RemoteConfigStatus Message).
public struct RemoteConfigStatus: Equatable, Sendable {
    /// The hash that came with the last offered config.
    public var lastRemoteConfigHash: [UInt8] = []
    /// What became of that config.
    public var status: RemoteConfigStatuses = .unset
    /// Why it failed, for people; only with `.failed`.
    public var errorMessage: String = ""

    public init() {}

    public init(lastRemoteConfigHash: [UInt8] = [], status: RemoteConfigStatuses = .unset, errorMessage: String = "") {
        self.lastRemoteConfigHash = lastRemoteConfigHash
        self.status = status
        self.errorMessage = errorMessage
    }
}

extension RemoteConfigStatus: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.string(3, errorMessage)
        visitor.enumeration(2, status)
        visitor.bytes(1, lastRemoteConfigHash)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.bytes(field, into: &lastRemoteConfigHash)
        case 2: try reader.enumeration(field, into: &status)
        case 3: try reader.string(field, into: &errorMessage)
        default: try reader.skip(field)
        }
    }
}
