import Glibc

/// An address could not be listened on.
public struct ListenError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// Another process, or another listener of this one, has it.
        case addressInUse
        /// Not an address of this machine.
        case notOurAddress
        /// A port below 1024 without the right to it.
        case permissionDenied
        /// No file descriptor left.
        case outOfDescriptors
        case other(errno: Int32)

        init(errno code: Int32) {
            switch code {
            case EADDRINUSE: self = .addressInUse
            case EADDRNOTAVAIL: self = .notOurAddress
            case EACCES, EPERM: self = .permissionDenied
            case EMFILE, ENFILE: self = .outOfDescriptors
            default: self = .other(errno: code)
            }
        }
    }

    public let address: SocketAddress
    public let reason: Reason

    public var description: String {
        let remedy =
            switch reason {
            case .addressInUse: "the address is in use; choose another port or stop what listens there"
            case .notOurAddress: "this machine has no such address"
            case .permissionDenied: "not permitted; choose a port from 1024 up"
            case .outOfDescriptors: "no file descriptor is left; raise the limit (ulimit -n)"
            case .other(let code): CloseCause.systemText(code)
            }
        return "cannot listen on \(address): \(remedy)"
    }
}
