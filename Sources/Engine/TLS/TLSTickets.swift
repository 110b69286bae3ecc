// Invariants of the unsafe memory in this file:
//  - Each pointer in `tickets` owns one reference to an SSL_SESSION, freed when it is replaced or dropped.

import COpenSSL
import OpenSSL
import Synchronization

/// What a client may resume with: for each server, name and identity the latest session that the server handed out.
/// Agents that show no certificate of their own share one, so a fleet of any size keeps few; a reconnect storm then
/// costs a fraction of the handshakes' CPU time.
final class TLSTickets: Sendable {
    /// With whom, as whom: half of the SHA-256 of the server's address, its name and the certificate shown, which is
    /// enough that no two of them share one. A connection keeps it for as long as it lasts, so it is small.
    struct Key: Hashable, Sendable {
        let high: UInt64
        let low: UInt64

        /// - Parameter identity: nil: the context's own, or none.
        init(_ address: SocketAddress, serverName: String?, identity: PackedIdentity?) {
            var text = Array("\(address)".utf8)
            // No name and no address has a zero byte in it.
            text.append(0)
            if let serverName { text += Array("=\(serverName)".utf8) }
            text.append(0)
            if let identity { text += identity.certificate }
            (high, low) = SHA256.hash(of: text).withUnsafeBytes { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                )
            }
        }
    }

    /// A session, by its reference.
    private struct Session: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// One per agent of a large fleet with certificates of its own; some KiB each.
    private static let limit = 65_536

    private let tickets = Mutex<[Key: Session]>([:])

    deinit {
        tickets.withLock { tickets in
            for session in tickets.values { SSL_SESSION_free(session.pointer) }
        }
    }

    var count: Int { tickets.withLock { $0.count } }

    func forgetAll() {
        tickets.withLock { tickets in
            for session in tickets.values { SSL_SESSION_free(session.pointer) }
            tickets = [:]
        }
    }

    /// Keeps a session; owns one reference.
    func keep(_ pointer: OpaquePointer, for key: Key) {
        let replaced: Session? = tickets.withLock { tickets in
            if tickets.count >= Self.limit && tickets[key] == nil { return Session(pointer: pointer) }
            return tickets.updateValue(Session(pointer: pointer), forKey: key)
        }
        if let replaced { SSL_SESSION_free(replaced.pointer) }
    }

    /// Offers the session kept for `key`, if any, on a new connection.
    func offer(for key: Key, on connection: OpaquePointer) {
        tickets.withLock { tickets in
            guard let session = tickets[key] else { return }
            guard SSL_SESSION_is_resumable(session.pointer) == 1, SSL_set_session(connection, session.pointer) == 1
            else {
                tickets[key] = nil
                SSL_SESSION_free(session.pointer)
                return
            }
        }
    }
}
