import OpAMP

/// Which parts of an agent's status its server may not have yet (Agent Status Compression): what has changed since it
/// was last reported, and what was reported on this connection and not yet confirmed by an answer.
struct StatusChanges: Hashable, Sendable {
    /// What has changed since it was last reported. At the start of a process: everything.
    private(set) var unreported: StatusFields = .full
    private(set) var unconfirmed: StatusFields = []

    /// Nothing is reported yet: a process that starts.
    init() {}

    /// The changes as they were kept.
    init(unreported: StatusFields, unconfirmed: StatusFields) {
        self.unreported = unreported
        self.unconfirmed = unconfirmed
    }

    var isEmpty: Bool { unreported.isEmpty }

    /// Something has changed, or the server asks for it.
    mutating func insert(_ fields: StatusFields) { unreported.formUnion(fields) }

    /// A report with `fields` has been sent.
    mutating func sent(_ fields: StatusFields, by capabilities: AgentCapabilities) {
        unreported.subtract(fields)
        // What the agent does not declare is never reported; what this server does not accept may be, to another.
        unreported.formIntersection(.reportable(by: capabilities, to: []))
        unconfirmed.formUnion(fields)
    }

    /// A report with `fields` is too large to be sent, now or later.
    mutating func discard(_ fields: StatusFields) { unreported.subtract(fields) }

    /// Every report of this connection is answered or was finally refused: it is not sent again.
    mutating func confirm() { unconfirmed = [] }

    /// The connection has ended.
    /// - Parameter resends: whether what was not confirmed is reported again on the next one.
    mutating func connectionEnded(resends: Bool) {
        // The list of components is only sent when a server asks for it.
        if resends { unreported.formUnion(unconfirmed.subtracting(.componentList)) }
        unconfirmed = []
    }
}

/// Parts of an agent's status that a report can carry or leave out (Agent Status Compression).
public struct StatusFields: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let description = StatusFields(rawValue: 1 << 0)
    public static let health = StatusFields(rawValue: 1 << 1)
    public static let effectiveConfig = StatusFields(rawValue: 1 << 2)
    public static let remoteConfigStatus = StatusFields(rawValue: 1 << 3)
    public static let packageStatuses = StatusFields(rawValue: 1 << 4)
    public static let customCapabilities = StatusFields(rawValue: 1 << 5)
    /// The available components by their hash.
    public static let components = StatusFields(rawValue: 1 << 6)
    public static let connectionSettingsStatus = StatusFields(rawValue: 1 << 7)
    /// The available components in full; only when the server asked for them.
    public static let componentList = StatusFields(rawValue: 1 << 8)
    /// Every report has the capabilities; this bit says that a change of them needs a report.
    public static let capabilities = StatusFields(rawValue: 1 << 9)

    /// What a full report carries.
    public static let full: StatusFields = [
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
