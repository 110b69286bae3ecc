public import OpAMP

/// What tells one kind of agents from another: what they declare.
public struct CohortKey: Hashable, Sendable {
    /// The attribute `service.name`; empty where there is none.
    public var serviceName = ""
    /// The attribute `service.version`.
    public var serviceVersion = ""
    public var capabilities: AgentCapabilities = []
    /// The values of the attributes that the user has named, in their order.
    public var attributes: [String] = []

    static let nameKey = "service.name"
    static let versionKey = "service.version"
    /// Longer values are cut: they come from agents that nobody knows.
    private static let longestValue = 128

    /// Agents that have not described themselves.
    static let undescribed = CohortKey()
    /// All kinds beyond `ObservingLimits.cohorts`.
    static let others = CohortKey(serviceName: "others")

    init(serviceName: String = "") {
        self.serviceName = serviceName
    }

    /// - Parameter named: the attributes that the user has named.
    init(_ description: AgentDescription, _ capabilities: AgentCapabilities, named: [String]) {
        func value(_ key: String) -> String {
            let attributes = description.identifyingAttributes + description.nonIdentifyingAttributes
            guard case .string(let text)? = attributes.first(where: { $0.key == key })?.value else { return "" }
            return String(text.prefix(Self.longestValue))
        }
        serviceName = value(Self.nameKey)
        serviceVersion = value(Self.versionKey)
        self.capabilities = capabilities
        attributes = named.map(value)
    }
}
