/// What became of offered connection settings.
public enum ConnectionSettingsStatuses: Hashable, Sendable {
    /// Nothing was said.
    case unset
    /// The agent runs with the settings.
    case applied
    /// The agent is still putting the settings into effect.
    case applying
    /// The agent could not use the settings.
    case failed
    /// A value that this version of the protocol does not name; kept as it came.
    case unrecognized(Int32)
}

extension ConnectionSettingsStatuses: WireEnumeration {
    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unset
        case 1: self = .applied
        case 2: self = .applying
        case 3: self = .failed
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .unset: 0
        case .applied: 1
        case .applying: 2
        case .failed: 3
        case .unrecognized(let value): value
        }
    }
}
