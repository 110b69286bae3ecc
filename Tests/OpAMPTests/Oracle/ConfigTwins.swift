import OpAMP

/// Random twins of the messages in `Config`: the same content in Muster's type and in the oracle's, field by field, by
/// name.
extension AgentConfigMap: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AgentConfigMap, OracleAgentConfigMap) {
        var (ours, theirs) = (AgentConfigMap(), OracleAgentConfigMap())
        draw.map(&ours.configMap, &theirs.configMap)
        return (ours, theirs)
    }
}

extension AgentConfigFile: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AgentConfigFile, OracleAgentConfigFile) {
        var (ours, theirs) = (AgentConfigFile(), OracleAgentConfigFile())
        draw.bytes(&ours.body, &theirs.body)
        draw.text(&ours.contentType, &theirs.contentType)
        draw.text(&ours.role, &theirs.role)
        return (ours, theirs)
    }
}

extension EffectiveConfig: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (EffectiveConfig, OracleEffectiveConfig) {
        var (ours, theirs) = (EffectiveConfig(), OracleEffectiveConfig())
        draw.message(AgentConfigMap.self) { (ours.configMap, theirs.configMap) = ($0, $1) }
        return (ours, theirs)
    }
}

extension AgentRemoteConfig: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (AgentRemoteConfig, OracleAgentRemoteConfig) {
        var (ours, theirs) = (AgentRemoteConfig(), OracleAgentRemoteConfig())
        draw.message(AgentConfigMap.self) { (ours.config, theirs.config) = ($0, $1) }
        draw.bytes(&ours.configHash, &theirs.configHash)
        return (ours, theirs)
    }
}

extension RemoteConfigStatus: OracleTwin {
    static func twins(_ draw: inout TwinDraw) -> (RemoteConfigStatus, OracleRemoteConfigStatus) {
        var (ours, theirs) = (RemoteConfigStatus(), OracleRemoteConfigStatus())
        draw.bytes(&ours.lastRemoteConfigHash, &theirs.lastRemoteConfigHash)
        draw.enumeration(&ours.status, &theirs.status)
        draw.text(&ours.errorMessage, &theirs.errorMessage)
        return (ours, theirs)
    }
}
