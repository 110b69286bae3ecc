import AgentModel
import Basis
import Engine

/// The sockets of a shard's agents that left them open, up to a limit.
struct HalfOpenSockets {
    private var sockets: [UInt64: SilentSocket] = [:]
    private var next: UInt64 = 0
    private var oldest: UInt64 = 0

    /// So many are kept; each is a file descriptor.
    static let limit = 4_096

    /// Takes the socket of an open connection.
    /// - Parameter ended: called with its number when its peer has reset it.
    /// - Returns: false where there is no open connection.
    mutating func take(from connection: Endpoint, ended: @escaping (UInt64) -> Void) -> Bool {
        let number = next
        let socket = SilentSocket(shard: connection.shard) { ended(number) }
        guard connection.giveSocket(to: socket) else { return false }
        sockets[number] = socket
        next += 1
        return true
    }

    mutating func ended(_ number: UInt64) { sockets[number] = nil }

    /// Resets the oldest where there are too many.
    mutating func resetsOldest() -> Bool {
        guard sockets.count > Self.limit else { return false }
        while oldest < next {
            defer { oldest += 1 }
            if let socket = sockets.removeValue(forKey: oldest) {
                socket.abort()
                return true
            }
        }
        return false
    }
}

/// The socket of an agent that left it open: it reads nothing and sends nothing, until its peer resets it or the run
/// ends.
final class SilentSocket: Endpoint, @unchecked Sendable {
    private let ended: () -> Void

    init(shard: Shard, ended: @escaping () -> Void) {
        self.ended = ended
        super.init(shard: shard)
    }

    override func closed(_ cause: CloseCause) { ended() }
}

extension AgentState {
    /// Whether the agent waits for its connection or for its first answer.
    var isUnderWay: Bool { self == .connecting || self == .connected }
}
