/// Which agents an event is for: a share of those that have all the attributes.
public struct EventTarget: Hashable, Sendable {
    /// An attribute of an agent's description, with the text that it must have.
    public struct Attribute: Hashable, Sendable {
        public var key: String
        public var text: String
    }

    public var share: Double = 1
    public var attributes: [Attribute] = []

    /// Every agent.
    public static let everybody = EventTarget()
}

/// What the embedded server can say beyond the protocol: a message of a custom capability.
public enum CustomWord: String, CaseIterable, Hashable, Sendable {
    case pause, resume
    case findServices = "find-services"
    case echo
}

/// A custom capability that agents can have.
public enum CustomAbility: String, CaseIterable, Hashable, Sendable {
    case echo, pause, discovery, sequence
}

extension CustomWord {
    /// The capability that an agent needs for this event.
    var ability: CustomAbility {
        switch self {
        case .pause, .resume: .pause
        case .findServices: .discovery
        case .echo: .echo
        }
    }
}
