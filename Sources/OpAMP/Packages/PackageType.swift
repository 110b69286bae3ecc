/// What a package is to its agent.
public enum PackageType: Hashable, Sendable {
    /// The agent itself; there is one such package at most.
    case topLevel
    /// Something next to the agent.
    case addon
    /// A value that this version of the protocol does not name; kept as it came.
    case unrecognized(Int32)
}

extension PackageType: WireEnumeration {
    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .topLevel
        case 1: self = .addon
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .topLevel: 0
        case .addon: 1
        case .unrecognized(let value): value
        }
    }
}
