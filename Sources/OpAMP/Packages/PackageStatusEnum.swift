/// How far the installation of a package is.
public enum PackageStatusEnum: Hashable, Sendable {
    /// It is installed.
    case installed
    /// It waits to be installed.
    case installPending
    /// It is being installed.
    case installing
    /// It could not be installed.
    case installFailed
    /// It is being fetched.
    case downloading
    /// A value that this version of the protocol does not name; kept as it came.
    case unrecognized(Int32)
}

extension PackageStatusEnum: WireEnumeration {
    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .installed
        case 1: self = .installPending
        case 2: self = .installing
        case 3: self = .installFailed
        case 4: self = .downloading
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .installed: 0
        case .installPending: 1
        case .installing: 2
        case .installFailed: 3
        case .downloading: 4
        case .unrecognized(let value): value
        }
    }
}
