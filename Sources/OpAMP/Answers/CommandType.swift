/// What a server can tell an agent to do.
public enum CommandType: Hashable, Sendable {
    /// Restart.
    case restart
    /// A value that this version of the protocol does not name; kept as it came.
    case unrecognized(Int32)
}

extension CommandType: WireEnumeration {
    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .restart
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .restart: 0
        case .unrecognized(let value): value
        }
    }
}
