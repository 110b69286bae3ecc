/// Why a server could not process a report.
public enum ServerErrorResponseType: Hashable, Sendable {
    /// For a reason it does not name.
    case unknown
    /// The report was malformed: the agent is at fault and should not repeat it.
    case badRequest
    /// The server is overloaded; the agent should try again later.
    case unavailable
    /// A value that this version of the protocol does not name; kept as it came.
    case unrecognized(Int32)
}

extension ServerErrorResponseType: WireEnumeration {
    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unknown
        case 1: self = .badRequest
        case 2: self = .unavailable
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .unknown: 0
        case .badRequest: 1
        case .unavailable: 2
        case .unrecognized(let value): value
        }
    }
}
