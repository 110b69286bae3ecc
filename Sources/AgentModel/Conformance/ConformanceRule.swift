/// A rule of the specification's agent side that can be seen from outside, on the wire.
public enum ConformanceRule: String, CaseIterable, Sendable {
    /// A message is a well-formed AgentToServer.
    case readable
    /// A message stays below the size limit.
    case withinSizeLimit
    /// Every message has an instance uid of 16 bytes.
    case instanceUID
    /// After the server gave another uid, that one is used.
    case assignedInstanceUIDUsed
    /// Capabilities are set in every message, with ReportsStatus.
    case capabilitiesSet
    /// Bits that the protocol does not define are 0.
    case undefinedBitsClear
    /// Sequence numbers grow by one.
    case sequence
    /// The first message describes the agent.
    case firstMessageIsStatus
    /// A description has attributes that identify the agent.
    case identified
    /// A part of the status is sent only where it was declared.
    case declaredBeforeUsed
    /// What the server does not support is not used.
    case serverCapabilitiesHonoured
    /// A part that has not changed is left out, unless the server asked for it.
    case unchangedLeftOut
    /// A message without new content is a heartbeat, and only agents that declare heartbeats send them.
    case heartbeatsDeclared
    /// No heartbeats where the server turned them off.
    case heartbeatsTurnedOff
    /// A sign of life at least every interval.
    case heartbeatInTime
    /// ReportFullState is answered with the whole status.
    case fullStateReported
    /// The list of components is sent only when asked for, and then it is sent.
    case componentListOnRequest
    /// Available components are sent with their hash.
    case componentHash
    /// A status names the hash of an offer that was made.
    case configHashEchoed
    /// APPLIED is reported with, or after, the effective configuration that contains the offer.
    case effectiveConfigMatches
    /// Only a configuration file that is alone has no name.
    case configFilesNamed
    /// The status of an offer is set, and has an error message only where it is FAILED.
    case statusFields
    /// A package's name is its key.
    case packageNames
    /// The fields of a package status fit its status.
    case packageFields
    /// The hashes of packages, and the one over all of them, are such as were offered.
    case packageHashEchoed
    /// A package that the agent has is reported until an offer no longer contains it.
    case packagesComplete
    /// The status of connection settings names the hash of an offer that was made.
    case settingsHashEchoed
    /// A request for connection settings asks for something: it has a certificate signing request.
    case requestActionable
    /// Settings that were tried are reported as APPLIED or FAILED once that is known.
    case settingsOutcomeReported
    /// What is unhealthy has a reason, component by component.
    case unhealthyHasReason
    /// A healthy component runs, and its health has a start time.
    case healthyHasStarted
    /// Custom messages are of declared capabilities.
    case customCapabilityDeclared
    /// The name of a custom capability begins with a domain in reverse.
    case customCapabilityNamed
    /// A message that was a bad request is not sent again.
    case badRequestNotRepeated
    /// Nor is one that was answered with an unknown error.
    case unknownErrorNotRepeated
    /// After UNAVAILABLE nothing but an agent_disconnect.
    case unavailableHonoured
    /// Not back before the time that the server asked for.
    case retryTimeHonoured
    /// Nothing follows AgentDisconnect.
    case disconnectIsLast
    /// A connection that the client closes has been sent agent_disconnect to.
    case disconnectBeforeClose
    /// The client opens no second connection beside one that is open.
    case singleConnection

    /// The section of the specification that contains the rule.
    public var section: String {
        switch self {
        case .readable: return "WebSocket Message Format"
        case .withinSizeLimit: return "WebSocket Message Size Limits"
        case .instanceUID: return "AgentToServer.instance_uid"
        case .assignedInstanceUIDUsed: return "ServerToAgent.agent_identification"
        case .capabilitiesSet, .undefinedBitsClear, .declaredBeforeUsed: return "AgentToServer.capabilities"
        case .sequence: return "AgentToServer.sequence_num"
        case .firstMessageIsStatus: return "Status Reporting"
        case .serverCapabilitiesHonoured: return "Interoperability of Partial Implementations"
        case .unchangedLeftOut, .fullStateReported: return "Agent Status Compression"
        case .heartbeatsDeclared, .heartbeatsTurnedOff, .heartbeatInTime:
            return "OpAMPConnectionSettings.heartbeat_interval_seconds"
        case .componentListOnRequest: return "AvailableComponents Message: Initial Handshake"
        case .componentHash: return "AvailableComponents.hash"
        case .configHashEchoed: return "RemoteConfigStatus.last_remote_config_hash"
        case .effectiveConfigMatches: return "Configuration"
        case .packageNames: return "PackageStatuses.packages"
        case .packageFields: return "PackageStatus Message"
        case .identified: return "AgentDescription.identifying_attributes"
        case .settingsOutcomeReported: return "OpAMP Connection Setting Offer Flow"
        case .requestActionable: return "ConnectionSettingsRequest Message"
        case .configFilesNamed: return "Configuration Files"
        case .statusFields: return "RemoteConfigStatus Message, ConnectionSettingsStatus Message"
        case .packagesComplete: return "Package Status Reporting"
        case .healthyHasStarted: return "ComponentHealth.start_time_unix_nano"
        case .customCapabilityNamed: return "CustomCapabilities"
        case .unknownErrorNotRepeated: return "ServerErrorResponse.type"
        case .singleConnection: return "Duplicate WebSocket Connections"
        case .packageHashEchoed: return "PackageStatuses.server_provided_all_packages_hash"
        case .settingsHashEchoed: return "ConnectionSettingsStatus.last_connection_settings_hash"
        case .unhealthyHasReason: return "ComponentHealth.last_error"
        case .customCapabilityDeclared: return "CustomMessage.capability"
        case .badRequestNotRepeated: return "Bad Request"
        case .unavailableHonoured, .retryTimeHonoured: return "Throttling"
        case .disconnectIsLast: return "AgentToServer.agent_disconnect"
        case .disconnectBeforeClose: return "Closing Connection"
        }
    }
}

/// A broken rule: which agent broke it, and when.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
    public let rule: ConformanceRule
    /// What was seen, in words.
    public let detail: String

    public var description: String { "\(rule.rawValue) (\(rule.section)): \(detail)" }
}
