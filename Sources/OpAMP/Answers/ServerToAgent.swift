/// An answer: what a server sends to an agent (spec: ServerToAgent Message).
public struct ServerToAgent: Equatable, Sendable {
    /// Which agent is meant.
    public var instanceUID: InstanceUIDField = .absent
    /// Says that the report could not be processed; then nothing else is set.
    @Rare public var errorResponse: ServerErrorResponse? = nil
    /// A config on offer.
    @Rare public var remoteConfig: AgentRemoteConfig? = nil
    /// Connection settings on offer.
    @Rare public var connectionSettings: ConnectionSettingsOffers? = nil
    /// Packages on offer.
    @Rare public var packagesAvailable: PackagesAvailable? = nil
    /// What the server asks of the agent.
    public var flags: ServerToAgentFlags = []
    /// What the server can do; set in its first answer at least.
    public var capabilities: ServerCapabilities = []
    /// A new identity for the agent.
    public var agentIdentification: AgentIdentification?
    /// Something to do at once; other fields are then ignored.
    public var command: ServerToAgentCommand?
    /// The custom capabilities that the server supports.
    public var customCapabilities: CustomCapabilities?
    /// A message of a custom capability.
    @Rare public var customMessage: CustomMessage? = nil

    public init() {}

    public init(
        instanceUID: InstanceUIDField = .absent,
        errorResponse: ServerErrorResponse? = nil,
        remoteConfig: AgentRemoteConfig? = nil,
        connectionSettings: ConnectionSettingsOffers? = nil,
        packagesAvailable: PackagesAvailable? = nil,
        flags: ServerToAgentFlags = [],
        capabilities: ServerCapabilities = [],
        agentIdentification: AgentIdentification? = nil,
        command: ServerToAgentCommand? = nil,
        customCapabilities: CustomCapabilities? = nil,
        customMessage: CustomMessage? = nil
    ) {
        self.instanceUID = instanceUID
        self.errorResponse = errorResponse
        self.remoteConfig = remoteConfig
        self.connectionSettings = connectionSettings
        self.packagesAvailable = packagesAvailable
        self.flags = flags
        self.capabilities = capabilities
        self.agentIdentification = agentIdentification
        self.command = command
        self.customCapabilities = customCapabilities
        self.customMessage = customMessage
    }
}

extension ServerToAgent: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(11, _customMessage)
        visitor.message(10, customCapabilities)
        visitor.message(9, command)
        visitor.message(8, agentIdentification)
        visitor.optionSet(7, capabilities)
        visitor.optionSet(6, flags)
        visitor.message(5, _packagesAvailable)
        visitor.message(4, _connectionSettings)
        visitor.message(3, _remoteConfig)
        visitor.message(2, _errorResponse)
        visitor.instanceUID(1, instanceUID)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.instanceUID(field, into: &instanceUID)
        case 2: try reader.message(field, into: &_errorResponse)
        case 3: try reader.message(field, into: &_remoteConfig)
        case 4: try reader.message(field, into: &_connectionSettings)
        case 5: try reader.message(field, into: &_packagesAvailable)
        case 6: try reader.optionSet(field, into: &flags)
        case 7: try reader.optionSet(field, into: &capabilities)
        case 8: try reader.message(field, into: &agentIdentification)
        case 9: try reader.message(field, into: &command)
        case 10: try reader.message(field, into: &customCapabilities)
        case 11: try reader.message(field, into: &_customMessage)
        default: try reader.skip(field)
        }
    }
}
