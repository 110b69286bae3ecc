/// An answer in borrowed bytes: checked once, read where it lies, copied only when asked.
///
/// Making the view walks the whole message and checks depth, lengths and UTF-8, so that nothing can fail later. What fits a
/// register is then at hand; sub-messages are built by the methods, each at its own cost.
public struct ServerToAgentView: ~Escapable {
    private let bytes: RawSpan
    private let index: FieldIndex

    /// Which agent is meant.
    public let instanceUID: InstanceUIDField
    /// What the server asks of the agent.
    public let flags: ServerToAgentFlags
    /// What the server can do; empty when it did not say.
    public let capabilities: ServerCapabilities
    /// Fields that the protocol's version here does not know, at any depth.
    public let unknownFieldCount: Int

    /// A view of `bytes`. Cost: one pass, no allocation (but for a malformed instance uid).
    /// - Throws: Exactly when `ServerToAgent(decoding:)` does.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan, limits: DecodingLimits = .default) throws(DecodingError) {
        var index = FieldIndex()
        var instanceUID = InstanceUIDField.absent
        var flags = ServerToAgentFlags()
        var capabilities = ServerCapabilities()
        unknownFieldCount = try WireReader.read(bytes, limits: limits) { (reader) throws(DecodingError) in
            while let field = try reader.nextField() {
                switch field.number {
                case 1 where field.has(.lengthDelimited):
                    instanceUID = try reader.instanceUID()
                    index.note(1)
                case 6 where field.has(.varint):
                    flags = ServerToAgentFlags(rawValue: try reader.varint())
                    index.note(6)
                case 7 where field.has(.varint):
                    capabilities = ServerCapabilities(rawValue: try reader.varint())
                    index.note(7)
                default:
                    try index.check(field, as: MessageKind.serverToAgent.field(field.number), in: &reader)
                }
            }
            return reader.unknownFieldCount
        }
        self.bytes = bytes
        self.index = index
        self.instanceUID = instanceUID
        self.flags = flags
        self.capabilities = capabilities
    }

    /// The size of the answer on the wire.
    public var byteCount: Int { bytes.byteCount }

    /// Which fields are on the wire. A number or uid may be there and yet have its default value.
    public var present: Fields { Fields(rawValue: index.present) }

    /// Whether the answer only acknowledges a report: it asks nothing of the agent and offers nothing.
    public var isAcknowledgement: Bool {
        flags.isEmpty && present.isSubset(of: [.instanceUID, .flags, .capabilities])
    }

    /// The fields of an answer; bit n is field number n.
    public struct Fields: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        public static let instanceUID = Fields(rawValue: 1 << 1)
        public static let errorResponse = Fields(rawValue: 1 << 2)
        public static let remoteConfig = Fields(rawValue: 1 << 3)
        public static let connectionSettings = Fields(rawValue: 1 << 4)
        public static let packagesAvailable = Fields(rawValue: 1 << 5)
        public static let flags = Fields(rawValue: 1 << 6)
        public static let capabilities = Fields(rawValue: 1 << 7)
        public static let agentIdentification = Fields(rawValue: 1 << 8)
        public static let command = Fields(rawValue: 1 << 9)
        public static let customCapabilities = Fields(rawValue: 1 << 10)
        public static let customMessage = Fields(rawValue: 1 << 11)
    }
}

/// Looks into sub-messages without building them. Cost: a walk over the sub-message's own fields, no allocation.
extension ServerToAgentView {
    /// Why the server could not process the report; nothing when it could.
    public var errorType: ServerErrorResponseType? {
        guard present.contains(.errorResponse) else { return nil }
        return ServerErrorResponseType(rawValue: Int32(truncatingIfNeeded: index.varint(1, of: 2, in: bytes) ?? 0))
    }

    /// What the agent is told to do at once; nothing when there is no command.
    public var commandType: CommandType? {
        guard present.contains(.command) else { return nil }
        return CommandType(rawValue: Int32(truncatingIfNeeded: index.varint(1, of: 9, in: bytes) ?? 0))
    }

    /// The instance uid to use from now on; absent when the server does not give one.
    public var newInstanceUID: InstanceUIDField {
        guard let range = index.content(1, of: 8, in: bytes), !range.isEmpty else { return .absent }
        let content = bytes.extracting(range)
        return InstanceUID(bytes: content).map { .uid($0) } ?? .malformed(content.copied())
    }

    /// The hash of the config on offer; empty when absent.
    public var remoteConfigHash: RawSpan {
        @_lifetime(copy self)
        get { content(2, of: 3) }
    }

    /// The hash of the connection settings on offer; empty when absent.
    public var connectionSettingsHash: RawSpan {
        @_lifetime(copy self)
        get { content(1, of: 4) }
    }

    /// The hash over all packages on offer; empty when absent.
    public var allPackagesHash: RawSpan {
        @_lifetime(copy self)
        get { content(2, of: 5) }
    }

    @_lifetime(copy self)
    private func content(_ member: UInt32, of number: UInt32) -> RawSpan {
        bytes.extracting(index.content(member, of: number, in: bytes) ?? 0..<0)
    }
}

/// Builds sub-messages. Cost: that of decoding the sub-message. Nothing when the answer does not have it.
extension ServerToAgentView {
    public func errorResponse() -> ServerErrorResponse? { index.message(2, in: bytes) }
    public func remoteConfig() -> AgentRemoteConfig? { index.message(3, in: bytes) }
    public func connectionSettings() -> ConnectionSettingsOffers? { index.message(4, in: bytes) }
    public func packagesAvailable() -> PackagesAvailable? { index.message(5, in: bytes) }
    public func agentIdentification() -> AgentIdentification? { index.message(8, in: bytes) }
    public func command() -> ServerToAgentCommand? { index.message(9, in: bytes) }
    public func customCapabilities() -> CustomCapabilities? { index.message(10, in: bytes) }
    public func customMessage() -> CustomMessage? { index.message(11, in: bytes) }

    /// The whole answer as a value.
    public func answer() -> ServerToAgent {
        ServerToAgent(
            instanceUID: instanceUID, errorResponse: errorResponse(), remoteConfig: remoteConfig(),
            connectionSettings: connectionSettings(), packagesAvailable: packagesAvailable(), flags: flags,
            capabilities: capabilities, agentIdentification: agentIdentification(), command: command(),
            customCapabilities: customCapabilities(), customMessage: customMessage())
    }
}
