import CLinux
import Glibc

/// Why a connection, or the attempt at one, ended.
public enum CloseCause: Hashable, Sendable {
    /// This side wanted it: `closeGracefully`, `abort` or the shard's stop.
    case local
    /// The peer closed its side.
    case peerClosed
    /// The peer, or something on the way, reset the connection.
    case reset
    /// Nobody listens at the address.
    case refused
    /// No route to the address, or a network or host that is down.
    case unreachable
    /// Something did not happen in time.
    case timedOut(Timeout)
    /// The peer does not read what it is sent, and the bounded buffer is full.
    case writeOverflow
    /// This process or machine has no file descriptor left: raise the limit, or use fewer connections.
    case outOfDescriptors
    /// No ephemeral port is left for this source and destination: add source addresses.
    case outOfPorts
    /// The source address asked for does not belong to this machine.
    case badSource
    /// TLS could not be agreed on, or the peer's certificate was not accepted.
    case tls(TLSFailure)
    /// Any other error of the system.
    case other(errno: Int32)

    /// What did not happen in time.
    public enum Timeout: Hashable, Sendable, CaseIterable {
        /// TCP to be up.
        case connect
        /// The TLS handshake to be complete.
        case handshake
        /// Bytes from the peer.
        case idle
        /// A whole head, body or message, however often bytes of it came in.
        case receive
        /// The peer to close its side after ours.
        case close
        /// The network to deliver (the system stopped repeating).
        case delivery
    }

    /// The cause for a system error number.
    init(errno code: Int32, whileConnecting: Bool) {
        switch code {
        case ECONNREFUSED: self = .refused
        case ECONNRESET, EPIPE, ECONNABORTED: self = .reset
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN: self = .unreachable
        case ETIMEDOUT: self = .timedOut(whileConnecting ? .connect : .delivery)
        case EMFILE, ENFILE: self = .outOfDescriptors
        case EADDRNOTAVAIL, EAGAIN: self = whileConnecting ? .outOfPorts : .other(errno: code)
        default: self = .other(errno: code)
        }
    }

    /// A stable name for counting; see `knownNames`. Unusual system errors share one name.
    public var name: String {
        switch self {
        case .local: "closed by us"
        case .peerClosed: "closed by peer"
        case .reset: "reset"
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .timedOut(.connect): "connect timeout"
        case .timedOut(.handshake): "handshake timeout"
        case .timedOut(.idle): "idle timeout"
        case .timedOut(.receive): "receive timeout"
        case .timedOut(.close): "close timeout"
        case .timedOut(.delivery): "delivery timeout"
        case .writeOverflow: "write overflow"
        case .outOfDescriptors: "out of descriptors"
        case .outOfPorts: "out of ports"
        case .badSource: "bad source address"
        case .tls(let failure): failure.name
        case .other: "other network error"
        }
    }

    /// Every name that `name` can answer with.
    public static let knownNames: [String] =
        [.local, .peerClosed, .reset, .refused, .unreachable].map(\CloseCause.name)
        + Timeout.allCases.map { CloseCause.timedOut($0).name }
        + [.writeOverflow, .outOfDescriptors, .outOfPorts, .badSource].map(\CloseCause.name)
        + TLSFailure.knownNames
        + [CloseCause.other(errno: 0).name]

    /// The system's text for an error number.
    static func systemText(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}

extension CloseCause: CustomStringConvertible {
    public var description: String {
        switch self {
        case .other(let code): "\(name): \(Self.systemText(code))"
        case .tls(let failure): failure.description
        default: name
        }
    }
}
