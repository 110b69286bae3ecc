import OpAMP

/// Parts of an agent's status that a report can carry or leave out (Agent Status Compression).
struct StatusFields: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    static let description = StatusFields(rawValue: 1 << 0)
    static let health = StatusFields(rawValue: 1 << 1)
    static let effectiveConfig = StatusFields(rawValue: 1 << 2)
    static let remoteConfigStatus = StatusFields(rawValue: 1 << 3)
    static let packageStatuses = StatusFields(rawValue: 1 << 4)
    static let customCapabilities = StatusFields(rawValue: 1 << 5)
    /// The available components by their hash.
    static let components = StatusFields(rawValue: 1 << 6)
    static let connectionSettingsStatus = StatusFields(rawValue: 1 << 7)
    /// The available components in full; only when the server asked for them.
    static let componentList = StatusFields(rawValue: 1 << 8)
    /// Capabilities travel with every report; this says that a change of theirs is worth a report of its own.
    static let capabilities = StatusFields(rawValue: 1 << 9)

    /// What a full report carries.
    static let full: StatusFields = [
        .description, .health, .effectiveConfig, .remoteConfigStatus, .packageStatuses, .customCapabilities,
        .components,
        .connectionSettingsStatus,
    ]

    /// The parts that an agent of these capabilities may send to a server of those, an empty set meaning not yet known
    /// (Interoperability of Partial Implementations).
    static func reportable(by agent: AgentCapabilities, to server: ServerCapabilities) -> StatusFields {
        var fields: StatusFields = [.description, .customCapabilities, .capabilities]
        if agent.contains(.reportsHealth) { fields.insert(.health) }
        if agent.contains(.reportsEffectiveConfig), server.isEmpty || server.contains(.acceptsEffectiveConfig) {
            fields.insert(.effectiveConfig)
        }
        if agent.contains(.reportsRemoteConfig) { fields.insert(.remoteConfigStatus) }
        if agent.contains(.reportsPackageStatuses), server.isEmpty || server.contains(.acceptsPackagesStatus) {
            fields.insert(.packageStatuses)
        }
        if agent.contains(.reportsAvailableComponents) { fields.formUnion([.components, .componentList]) }
        if agent.contains(.reportsConnectionSettingsStatus) { fields.insert(.connectionSettingsStatus) }
        return fields
    }
}
