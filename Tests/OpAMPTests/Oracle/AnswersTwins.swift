import OpAMP

/// Random twins of the messages in `Answers`: the same content in Muster's type and in the oracle's, field by field, by
/// name.
extension ServerErrorResponse: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ServerErrorResponse, OracleServerErrorResponse) {
        var (ours, theirs) = (ServerErrorResponse(), OracleServerErrorResponse())
        draw.enumeration(&ours.type, &theirs.type)
        draw.text(&ours.errorMessage, &theirs.errorMessage)
        draw.message(RetryInfo.self) { (ours.retryInfo, theirs.retryInfo) = ($0, $1) }
        return (ours, theirs)
    }
}

extension RetryInfo: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (RetryInfo, OracleRetryInfo) {
        var (ours, theirs) = (RetryInfo(), OracleRetryInfo())
        draw.number(&ours.retryAfterNanoseconds, &theirs.retryAfterNanoseconds)
        return (ours, theirs)
    }
}

extension ServerToAgentCommand: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ServerToAgentCommand, OracleServerToAgentCommand) {
        var (ours, theirs) = (ServerToAgentCommand(), OracleServerToAgentCommand())
        draw.enumeration(&ours.type, &theirs.type)
        return (ours, theirs)
    }
}

extension AgentIdentification: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AgentIdentification, OracleAgentIdentification) {
        var (ours, theirs) = (AgentIdentification(), OracleAgentIdentification())
        draw.instanceUID(&ours.newInstanceUID, &theirs.newInstanceUid)
        return (ours, theirs)
    }
}

extension ServerToAgent: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (ServerToAgent, OracleServerToAgent) {
        var (ours, theirs) = (ServerToAgent(), OracleServerToAgent())
        draw.instanceUID(&ours.instanceUID, &theirs.instanceUid)
        draw.message(ServerErrorResponse.self) { (ours.errorResponse, theirs.errorResponse) = ($0, $1) }
        draw.message(AgentRemoteConfig.self) { (ours.remoteConfig, theirs.remoteConfig) = ($0, $1) }
        draw.message(ConnectionSettingsOffers.self) { (ours.connectionSettings, theirs.connectionSettings) = ($0, $1) }
        draw.message(PackagesAvailable.self) { (ours.packagesAvailable, theirs.packagesAvailable) = ($0, $1) }
        draw.set(&ours.flags, &theirs.flags)
        draw.set(&ours.capabilities, &theirs.capabilities)
        draw.message(AgentIdentification.self) { (ours.agentIdentification, theirs.agentIdentification) = ($0, $1) }
        draw.message(ServerToAgentCommand.self) { (ours.command, theirs.command) = ($0, $1) }
        draw.message(CustomCapabilities.self) { (ours.customCapabilities, theirs.customCapabilities) = ($0, $1) }
        draw.message(CustomMessage.self) { (ours.customMessage, theirs.customMessage) = ($0, $1) }
        return (ours, theirs)
    }
}
