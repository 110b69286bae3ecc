/// A report in borrowed bytes: checked once, read where it lies, copied only when asked.
///
/// Making the view walks the whole message and checks depth, lengths and UTF-8, so that nothing can fail later. What fits a
/// register is then at hand; sub-messages are built by the methods, each at its own cost.
public struct AgentToServerView: ~Escapable {
    private let bytes: RawSpan
    private let index: FieldIndex

    /// Which agent reports.
    public let instanceUID: InstanceUIDField
    /// One more with each report of the agent.
    public let sequenceNumber: UInt64
    /// What the agent can do.
    public let capabilities: AgentCapabilities
    /// What the agent asks of the server.
    public let flags: AgentToServerFlags
    /// Fields that the protocol's version here does not know, at any depth.
    public let unknownFieldCount: Int

    /// A view of `bytes`. Cost: one pass, no allocation (but for a malformed instance uid).
    /// - Throws: Exactly when `AgentToServer(decoding:)` does.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan, limits: DecodingLimits = .default) throws(DecodingError) {
        var index = FieldIndex()
        var instanceUID = InstanceUIDField.absent
        var sequenceNumber: UInt64 = 0
        var capabilities = AgentCapabilities()
        var flags = AgentToServerFlags()
        unknownFieldCount = try WireReader.read(bytes, limits: limits) { (reader) throws(DecodingError) in
            while let field = try reader.nextField() {
                switch field.number {
                case 1 where field.has(.lengthDelimited):
                    instanceUID = try reader.instanceUID()
                    index.note(1)
                case 2 where field.has(.varint):
                    sequenceNumber = try reader.varint()
                    index.note(2)
                case 4 where field.has(.varint):
                    capabilities = AgentCapabilities(rawValue: try reader.varint())
                    index.note(4)
                case 10 where field.has(.varint):
                    flags = AgentToServerFlags(rawValue: try reader.varint())
                    index.note(10)
                default:
                    try index.check(field, as: MessageKind.agentToServer.field(field.number), in: &reader)
                }
            }
            return reader.unknownFieldCount
        }
        self.bytes = bytes
        self.index = index
        self.instanceUID = instanceUID
        self.sequenceNumber = sequenceNumber
        self.capabilities = capabilities
        self.flags = flags
    }

    /// The size of the report on the wire.
    public var byteCount: Int { bytes.byteCount }

    /// Which fields are on the wire. A number or uid may be there and yet have its default value.
    public var present: Fields { Fields(rawValue: index.present) }

    /// Whether the report says nothing but who sent it, its number and the capabilities, as heartbeats do.
    public var isHeartbeat: Bool {
        present.isSubset(of: [.instanceUID, .sequenceNumber, .capabilities])
    }

    /// The fields of a report; bit n is field number n.
    public struct Fields: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        public static let instanceUID = Fields(rawValue: 1 << 1)
        public static let sequenceNumber = Fields(rawValue: 1 << 2)
        public static let agentDescription = Fields(rawValue: 1 << 3)
        public static let capabilities = Fields(rawValue: 1 << 4)
        public static let health = Fields(rawValue: 1 << 5)
        public static let effectiveConfig = Fields(rawValue: 1 << 6)
        public static let remoteConfigStatus = Fields(rawValue: 1 << 7)
        public static let packageStatuses = Fields(rawValue: 1 << 8)
        public static let agentDisconnect = Fields(rawValue: 1 << 9)
        public static let flags = Fields(rawValue: 1 << 10)
        public static let connectionSettingsRequest = Fields(rawValue: 1 << 11)
        public static let customCapabilities = Fields(rawValue: 1 << 12)
        public static let customMessage = Fields(rawValue: 1 << 13)
        public static let availableComponents = Fields(rawValue: 1 << 14)
        public static let connectionSettingsStatus = Fields(rawValue: 1 << 15)
    }
}

/// Looks into sub-messages without building them. Cost: a walk over the sub-message's own fields, no allocation.
extension AgentToServerView {
    /// Whether this is the agent's last report on the connection.
    public var isDisconnect: Bool { present.contains(.agentDisconnect) }

    /// The agent's overall health; nothing when the report does not speak of it.
    public var isHealthy: Bool? {
        guard present.contains(.health) else { return nil }
        return (index.varint(1, of: 5, in: bytes) ?? 0) != 0
    }

    /// What became of the last offered config; nothing when the report does not speak of it.
    public var remoteConfigStatuses: RemoteConfigStatuses? {
        guard present.contains(.remoteConfigStatus) else { return nil }
        return RemoteConfigStatuses(rawValue: Int32(truncatingIfNeeded: index.varint(2, of: 7, in: bytes) ?? 0))
    }

    /// The hash in the remote config status; empty when absent.
    public var lastRemoteConfigHash: RawSpan {
        @_lifetime(copy self)
        get { content(1, of: 7) }
    }

    /// The hash in the connection settings status; empty when absent.
    public var lastConnectionSettingsHash: RawSpan {
        @_lifetime(copy self)
        get { content(1, of: 15) }
    }

    /// The hash over all offered packages in the package statuses; empty when absent.
    public var serverProvidedAllPackagesHash: RawSpan {
        @_lifetime(copy self)
        get { content(2, of: 8) }
    }

    /// The hash over the available components; empty when absent.
    public var availableComponentsHash: RawSpan {
        @_lifetime(copy self)
        get { content(2, of: 14) }
    }

    @_lifetime(copy self)
    private func content(_ member: UInt32, of number: UInt32) -> RawSpan {
        bytes.extracting(index.content(member, of: number, in: bytes) ?? 0..<0)
    }
}

/// Builds sub-messages. Cost: that of decoding the sub-message. Nothing when the report does not have it.
extension AgentToServerView {
    public func agentDescription() -> AgentDescription? { index.message(3, in: bytes) }
    public func health() -> ComponentHealth? { index.message(5, in: bytes) }
    public func effectiveConfig() -> EffectiveConfig? { index.message(6, in: bytes) }
    public func remoteConfigStatus() -> RemoteConfigStatus? { index.message(7, in: bytes) }
    public func packageStatuses() -> PackageStatuses? { index.message(8, in: bytes) }
    public func connectionSettingsRequest() -> ConnectionSettingsRequest? { index.message(11, in: bytes) }
    public func customCapabilities() -> CustomCapabilities? { index.message(12, in: bytes) }
    public func customMessage() -> CustomMessage? { index.message(13, in: bytes) }
    public func availableComponents() -> AvailableComponents? { index.message(14, in: bytes) }
    public func connectionSettingsStatus() -> ConnectionSettingsStatus? { index.message(15, in: bytes) }

    /// The whole report as a value.
    public func report() -> AgentToServer {
        AgentToServer(
            instanceUID: instanceUID, sequenceNumber: sequenceNumber, agentDescription: agentDescription(),
            capabilities: capabilities, health: health(), effectiveConfig: effectiveConfig(),
            remoteConfigStatus: remoteConfigStatus(), packageStatuses: packageStatuses(),
            agentDisconnect: isDisconnect ? AgentDisconnect() : nil, flags: flags,
            connectionSettingsRequest: connectionSettingsRequest(), customCapabilities: customCapabilities(),
            customMessage: customMessage(), availableComponents: availableComponents(),
            connectionSettingsStatus: connectionSettingsStatus())
    }
}
