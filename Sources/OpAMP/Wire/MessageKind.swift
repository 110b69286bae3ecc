/// The kind of a message, to check bytes by without building values: the field tables of the protocol as numbers only.
enum MessageKind: UInt8 {
    case agentToServer, agentDescription, keyValue, anyValue, arrayValue, keyValueList
    case componentHealth, effectiveConfig, agentConfigMap, agentConfigFile, remoteConfigStatus
    case packageStatuses, packageStatus, packageDownloadDetails, agentDisconnect
    case connectionSettingsRequest, opampConnectionSettingsRequest, certificateRequest
    case customCapabilities, customMessage, availableComponents, componentDetails, connectionSettingsStatus
    case serverToAgent, serverErrorResponse, retryInfo, agentRemoteConfig, connectionSettingsOffers
    case opampConnectionSettings, telemetryConnectionSettings, otherConnectionSettings
    case tlsConnectionSettings, tlsCertificate, proxyConnectionSettings, headers, header
    case packagesAvailable, packageAvailable, downloadableFile, agentIdentification, serverToAgentCommand
}

/// What a field may hold, as far as checking goes.
enum FieldKind {
    case varint
    case fixed64
    case text
    case bytes
    case message(MessageKind)
    /// A map from text to text.
    case textMap
    /// A map from text to messages.
    case map(MessageKind)
    case unknown
}

extension MessageKind {
    /// What the field `number` of a message of this kind holds.
    @inline(__always)
    func field(_ number: UInt32) -> FieldKind {
        switch self {
        case .keyValue:
            switch number {
            case 1: .text
            case 2: .message(.anyValue)
            default: .unknown
            }
        case .arrayValue:
            switch number {
            case 1: .message(.anyValue)
            default: .unknown
            }
        case .keyValueList:
            switch number {
            case 1: .message(.keyValue)
            default: .unknown
            }
        case .agentDescription:
            switch number {
            case 1, 2: .message(.keyValue)
            default: .unknown
            }
        case .componentHealth:
            switch number {
            case 1: .varint
            case 2, 5: .fixed64
            case 3, 4: .text
            case 6: .map(.componentHealth)
            case 7: .message(.keyValue)
            default: .unknown
            }
        case .availableComponents:
            switch number {
            case 1: .map(.componentDetails)
            case 2: .bytes
            default: .unknown
            }
        case .componentDetails:
            switch number {
            case 1: .message(.keyValue)
            case 2: .map(.componentDetails)
            default: .unknown
            }
        case .agentDisconnect: .unknown
        case .agentConfigMap:
            switch number {
            case 1: .map(.agentConfigFile)
            default: .unknown
            }
        case .agentConfigFile:
            switch number {
            case 1: .bytes
            case 2: .text
            default: .unknown
            }
        case .effectiveConfig:
            switch number {
            case 1: .message(.agentConfigMap)
            default: .unknown
            }
        case .agentRemoteConfig:
            switch number {
            case 1: .message(.agentConfigMap)
            case 2: .bytes
            default: .unknown
            }
        case .remoteConfigStatus:
            switch number {
            case 1: .bytes
            case 2: .varint
            case 3: .text
            default: .unknown
            }
        case .packagesAvailable:
            switch number {
            case 1: .map(.packageAvailable)
            case 2: .bytes
            default: .unknown
            }
        case .packageAvailable:
            switch number {
            case 1: .varint
            case 2: .text
            case 3: .message(.downloadableFile)
            case 4: .bytes
            default: .unknown
            }
        case .downloadableFile:
            switch number {
            case 1: .text
            case 2, 3: .bytes
            case 4: .message(.headers)
            default: .unknown
            }
        case .packageStatuses:
            switch number {
            case 1: .map(.packageStatus)
            case 2: .bytes
            case 3: .text
            default: .unknown
            }
        case .packageStatus:
            switch number {
            case 1, 2, 4, 7: .text
            case 3, 5: .bytes
            case 6: .varint
            case 8: .message(.packageDownloadDetails)
            default: .unknown
            }
        case .packageDownloadDetails:
            switch number {
            case 1, 2: .fixed64
            default: .unknown
            }
        case .connectionSettingsOffers:
            switch number {
            case 1: .bytes
            case 2: .message(.opampConnectionSettings)
            case 3, 4, 5: .message(.telemetryConnectionSettings)
            case 6: .map(.otherConnectionSettings)
            default: .unknown
            }
        case .opampConnectionSettings:
            switch number {
            case 1: .text
            case 2: .message(.headers)
            case 3: .message(.tlsCertificate)
            case 4: .varint
            case 5: .message(.tlsConnectionSettings)
            case 6: .message(.proxyConnectionSettings)
            default: .unknown
            }
        case .telemetryConnectionSettings:
            switch number {
            case 1: .text
            case 2: .message(.headers)
            case 3: .message(.tlsCertificate)
            case 4: .message(.tlsConnectionSettings)
            case 5: .message(.proxyConnectionSettings)
            default: .unknown
            }
        case .otherConnectionSettings:
            switch number {
            case 1: .text
            case 2: .message(.headers)
            case 3: .message(.tlsCertificate)
            case 4: .textMap
            case 5: .message(.tlsConnectionSettings)
            case 6: .message(.proxyConnectionSettings)
            default: .unknown
            }
        case .tlsConnectionSettings:
            switch number {
            case 1, 4, 5, 6: .text
            case 2, 3: .varint
            default: .unknown
            }
        case .tlsCertificate:
            switch number {
            case 1, 2, 3: .bytes
            default: .unknown
            }
        case .headers:
            switch number {
            case 1: .message(.header)
            default: .unknown
            }
        case .header:
            switch number {
            case 1, 2: .text
            default: .unknown
            }
        case .proxyConnectionSettings:
            switch number {
            case 1: .text
            case 2: .message(.headers)
            default: .unknown
            }
        case .connectionSettingsRequest:
            switch number {
            case 1: .message(.opampConnectionSettingsRequest)
            default: .unknown
            }
        case .opampConnectionSettingsRequest:
            switch number {
            case 1: .message(.certificateRequest)
            default: .unknown
            }
        case .certificateRequest:
            switch number {
            case 1: .bytes
            default: .unknown
            }
        case .connectionSettingsStatus:
            switch number {
            case 1: .bytes
            case 2: .varint
            case 3: .text
            default: .unknown
            }
        case .customCapabilities:
            switch number {
            case 1: .text
            default: .unknown
            }
        case .customMessage:
            switch number {
            case 1, 2: .text
            case 3: .bytes
            default: .unknown
            }
        case .serverErrorResponse:
            switch number {
            case 1: .varint
            case 2: .text
            case 3: .message(.retryInfo)
            default: .unknown
            }
        case .retryInfo:
            switch number {
            case 1: .varint
            default: .unknown
            }
        case .serverToAgentCommand:
            switch number {
            case 1: .varint
            default: .unknown
            }
        case .agentIdentification:
            switch number {
            case 1: .bytes
            default: .unknown
            }
        case .agentToServer:
            switch number {
            case 1: .bytes
            case 2, 4, 10: .varint
            case 3: .message(.agentDescription)
            case 5: .message(.componentHealth)
            case 6: .message(.effectiveConfig)
            case 7: .message(.remoteConfigStatus)
            case 8: .message(.packageStatuses)
            case 9: .message(.agentDisconnect)
            case 11: .message(.connectionSettingsRequest)
            case 12: .message(.customCapabilities)
            case 13: .message(.customMessage)
            case 14: .message(.availableComponents)
            case 15: .message(.connectionSettingsStatus)
            default: .unknown
            }
        case .serverToAgent:
            switch number {
            case 1: .bytes
            case 2: .message(.serverErrorResponse)
            case 3: .message(.agentRemoteConfig)
            case 4: .message(.connectionSettingsOffers)
            case 5: .message(.packagesAvailable)
            case 6, 7: .varint
            case 8: .message(.agentIdentification)
            case 9: .message(.serverToAgentCommand)
            case 10: .message(.customCapabilities)
            case 11: .message(.customMessage)
            default: .unknown
            }
        case .anyValue:
            switch number {
            case 1: .text
            case 2, 3: .varint
            case 4: .fixed64
            case 5: .message(.arrayValue)
            case 6: .message(.keyValueList)
            case 7: .bytes
            default: .unknown
            }
        }
    }
}
