/// A report: what an agent sends to its server (spec: AgentToServer Message).
///
/// Everything but `instanceUID` may be left out when it did not change since the agent's last report.
public struct AgentToServer: Equatable, Sendable {
    /// Which agent reports.
    public var instanceUID: InstanceUIDField = .absent
    /// One more with each report of the agent; a gap tells the server that it missed some.
    public var sequenceNumber: UInt64 = 0
    /// What the agent is and where it runs.
    @Rare public var agentDescription: AgentDescription? = nil
    /// What the agent can do; always set.
    public var capabilities: AgentCapabilities = []
    /// The agent's health and that of its components.
    @Rare public var health: ComponentHealth? = nil
    /// The config that the agent runs with.
    @Rare public var effectiveConfig: EffectiveConfig? = nil
    /// How far the agent is with the last offered config.
    @Rare public var remoteConfigStatus: RemoteConfigStatus? = nil
    /// The state of the agent's packages.
    @Rare public var packageStatuses: PackageStatuses? = nil
    /// Present in the agent's last report on a connection.
    public var agentDisconnect: AgentDisconnect?
    /// What the agent asks of the server.
    public var flags: AgentToServerFlags = []
    /// Asks the server to create connection settings.
    @Rare public var connectionSettingsRequest: ConnectionSettingsRequest? = nil
    /// The custom capabilities that the agent supports.
    public var customCapabilities: CustomCapabilities?
    /// A message of a custom capability.
    @Rare public var customMessage: CustomMessage? = nil
    /// The components built into the agent.
    @Rare public var availableComponents: AvailableComponents? = nil
    /// How far the agent is with the last offered connection settings.
    @Rare public var connectionSettingsStatus: ConnectionSettingsStatus? = nil

    public init() {}

    public init(
        instanceUID: InstanceUIDField = .absent,
        sequenceNumber: UInt64 = 0,
        agentDescription: AgentDescription? = nil,
        capabilities: AgentCapabilities = [],
        health: ComponentHealth? = nil,
        effectiveConfig: EffectiveConfig? = nil,
        remoteConfigStatus: RemoteConfigStatus? = nil,
        packageStatuses: PackageStatuses? = nil,
        agentDisconnect: AgentDisconnect? = nil,
        flags: AgentToServerFlags = [],
        connectionSettingsRequest: ConnectionSettingsRequest? = nil,
        customCapabilities: CustomCapabilities? = nil,
        customMessage: CustomMessage? = nil,
        availableComponents: AvailableComponents? = nil,
        connectionSettingsStatus: ConnectionSettingsStatus? = nil
    ) {
        self.instanceUID = instanceUID
        self.sequenceNumber = sequenceNumber
        self.agentDescription = agentDescription
        self.capabilities = capabilities
        self.health = health
        self.effectiveConfig = effectiveConfig
        self.remoteConfigStatus = remoteConfigStatus
        self.packageStatuses = packageStatuses
        self.agentDisconnect = agentDisconnect
        self.flags = flags
        self.connectionSettingsRequest = connectionSettingsRequest
        self.customCapabilities = customCapabilities
        self.customMessage = customMessage
        self.availableComponents = availableComponents
        self.connectionSettingsStatus = connectionSettingsStatus
    }
}

extension AgentToServer: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(15, _connectionSettingsStatus)
        visitor.message(14, _availableComponents)
        visitor.message(13, _customMessage)
        visitor.message(12, customCapabilities)
        visitor.message(11, _connectionSettingsRequest)
        visitor.optionSet(10, flags)
        visitor.message(9, agentDisconnect)
        visitor.message(8, _packageStatuses)
        visitor.message(7, _remoteConfigStatus)
        visitor.message(6, _effectiveConfig)
        visitor.message(5, _health)
        visitor.optionSet(4, capabilities)
        visitor.message(3, _agentDescription)
        visitor.uint64(2, sequenceNumber)
        visitor.instanceUID(1, instanceUID)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.instanceUID(field, into: &instanceUID)
        case 2: try reader.uint64(field, into: &sequenceNumber)
        case 3: try reader.message(field, into: &_agentDescription)
        case 4: try reader.optionSet(field, into: &capabilities)
        case 5: try reader.message(field, into: &_health)
        case 6: try reader.message(field, into: &_effectiveConfig)
        case 7: try reader.message(field, into: &_remoteConfigStatus)
        case 8: try reader.message(field, into: &_packageStatuses)
        case 9: try reader.message(field, into: &agentDisconnect)
        case 10: try reader.optionSet(field, into: &flags)
        case 11: try reader.message(field, into: &_connectionSettingsRequest)
        case 12: try reader.message(field, into: &customCapabilities)
        case 13: try reader.message(field, into: &_customMessage)
        case 14: try reader.message(field, into: &_availableComponents)
        case 15: try reader.message(field, into: &_connectionSettingsStatus)
        default: try reader.skip(field)
        }
    }
}
