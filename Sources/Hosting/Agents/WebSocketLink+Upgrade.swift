import AgentModel
import Basis
import Engine
import Metrics
import Transport

/// An upgrade in progress. Exists only during the upgrade.
final class Upgrade {
    @exclusivity(unchecked) var handshake: WebSocketClientHandshake
    let began: Instant

    init(handshake: WebSocketClientHandshake, began: Instant) {
        self.handshake = handshake
        self.began = began
    }
}

/// Asking the server for a WebSocket.
extension WebSocketLink {
    /// Asks the server for a WebSocket.
    func beginUpgrade() {
        let place = place
        let handshake = WebSocketClientHandshake(nonce: host.handshakeNonce(), offer: place.deflateOffer)
        stage = .upgrading(Upgrade(handshake: handshake, began: shard.now))
        if let request = place.upgradeRequest {
            handshake.appendRequest(request, to: &host.output)
        } else {
            let fields = host.fields(of: agent, to: place.target)
            handshake.appendRequest(
                target: place.target.path, host: place.target.host, fields: fields, to: &host.output)
        }
        flush()
    }

    /// True once the connection is a WebSocket; the bytes from `offset` on are frames.
    func finish(_ upgrade: Upgrade, _ bytes: RawSpan, _ offset: inout Int) -> Bool {
        do throws(WebSocketHandshakeError) {
            guard let agreement = try upgrade.handshake.next(bytes, at: &offset) else { return false }
            agreed(on: agreement.deflate)
        } catch {
            stage = .offline
            abort()
            upgradeFailed(error)
            return false
        }
        host.metrics.record(.upgrade, shard.now - upgrade.began)
        host.metrics.count(.connectionsOpened)
        countConnected()
        stage = .open
        idleTimeout = place.silenceTimeout
        host.watch?.opened(self, at: shard.now)
        reader = WebSocketReader(role: .client, limits: host.target.limits, permessageDeflate: deflateWindow != 0)
        act { machine, now, effects in machine.connected(at: now, &effects) }
        return true
    }

    private func upgradeFailed(_ error: WebSocketHandshakeError) {
        guard case .refused(let refusal) = error else {
            host.metrics.count(.upgradeMalformed)
            host.metrics.count(named: error.name)
            return connectFailed(.badUpgrade)
        }
        host.metrics.count(Counter.forUpgradeRefusal(status: Int(refusal.status)))
        host.metrics.count(named: "http_status_\(refusal.status)")
        upgradeRefused(refusal)
    }
}
