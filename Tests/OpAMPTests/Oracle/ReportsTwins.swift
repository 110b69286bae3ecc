import OpAMP

/// Random twins of the messages in `Reports`: the same content in Muster's type and in the oracle's, field by field, by
/// name.
extension AgentDescription: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AgentDescription, OracleAgentDescription) {
        var (ours, theirs) = (AgentDescription(), OracleAgentDescription())
        draw.messages(&ours.identifyingAttributes, &theirs.identifyingAttributes)
        draw.messages(&ours.nonIdentifyingAttributes, &theirs.nonIdentifyingAttributes)
        return (ours, theirs)
    }
}

extension ComponentHealth: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ComponentHealth, OracleComponentHealth) {
        var (ours, theirs) = (ComponentHealth(), OracleComponentHealth())
        draw.flag(&ours.healthy, &theirs.healthy)
        draw.number(&ours.startTimeUnixNano, &theirs.startTimeUnixNano)
        draw.text(&ours.lastError, &theirs.lastError)
        draw.text(&ours.status, &theirs.status)
        draw.number(&ours.statusTimeUnixNano, &theirs.statusTimeUnixNano)
        draw.map(&ours.componentHealthMap, &theirs.componentHealthMap)
        draw.messages(&ours.attributes, &theirs.attributes)
        return (ours, theirs)
    }
}

extension AvailableComponents: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AvailableComponents, OracleAvailableComponents) {
        var (ours, theirs) = (AvailableComponents(), OracleAvailableComponents())
        draw.map(&ours.components, &theirs.components)
        draw.bytes(&ours.hash, &theirs.hash)
        return (ours, theirs)
    }
}

extension ComponentDetails: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ComponentDetails, OracleComponentDetails) {
        var (ours, theirs) = (ComponentDetails(), OracleComponentDetails())
        draw.messages(&ours.metadata, &theirs.metadata)
        draw.map(&ours.subComponentMap, &theirs.subComponentMap)
        return (ours, theirs)
    }
}

extension AgentDisconnect: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AgentDisconnect, OracleAgentDisconnect) {
        (AgentDisconnect(), OracleAgentDisconnect())
    }
}

extension AgentToServer: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AgentToServer, OracleAgentToServer) {
        var (ours, theirs) = (AgentToServer(), OracleAgentToServer())
        draw.instanceUID(&ours.instanceUID, &theirs.instanceUid)
        draw.number(&ours.sequenceNumber, &theirs.sequenceNum)
        draw.message(AgentDescription.self) { (ours.agentDescription, theirs.agentDescription) = ($0, $1) }
        draw.set(&ours.capabilities, &theirs.capabilities)
        draw.message(ComponentHealth.self) { (ours.health, theirs.health) = ($0, $1) }
        draw.message(EffectiveConfig.self) { (ours.effectiveConfig, theirs.effectiveConfig) = ($0, $1) }
        draw.message(RemoteConfigStatus.self) { (ours.remoteConfigStatus, theirs.remoteConfigStatus) = ($0, $1) }
        draw.message(PackageStatuses.self) { (ours.packageStatuses, theirs.packageStatuses) = ($0, $1) }
        draw.message(AgentDisconnect.self) { (ours.agentDisconnect, theirs.agentDisconnect) = ($0, $1) }
        draw.set(&ours.flags, &theirs.flags)
        draw.message(ConnectionSettingsRequest.self) {
            (ours.connectionSettingsRequest, theirs.connectionSettingsRequest) = ($0, $1)
        }
        draw.message(CustomCapabilities.self) { (ours.customCapabilities, theirs.customCapabilities) = ($0, $1) }
        draw.message(CustomMessage.self) { (ours.customMessage, theirs.customMessage) = ($0, $1) }
        draw.message(AvailableComponents.self) { (ours.availableComponents, theirs.availableComponents) = ($0, $1) }
        draw.message(ConnectionSettingsStatus.self) {
            (ours.connectionSettingsStatus, theirs.connectionSettingsStatus) = ($0, $1)
        }
        return (ours, theirs)
    }
}
