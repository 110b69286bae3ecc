import OpAMP

extension Agent {
    /// Whether the agent's description has the attribute with exactly this text. Fills the whole description in, so for
    /// rare questions only.
    public func reports(_ key: String, _ text: String) -> Bool {
        let description = description
        return (description.identifyingAttributes + description.nonIdentifyingAttributes).contains {
            $0.key == key && $0.value == .string(text)
        }
    }

    /// The text of an attribute of the agent's description; nil where it has none. Fills the whole description in, so
    /// for rare questions only.
    public func attribute(_ key: String) -> String? {
        let description = description
        return (description.identifyingAttributes + description.nonIdentifyingAttributes).first { $0.key == key }?
            .value?.stringValue
    }

    /// The agent's zone.
    public var zone: String { cohort.zone(of: index) }
}
