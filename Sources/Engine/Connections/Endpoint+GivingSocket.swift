import CLinux

extension Endpoint {
    /// Gives the socket of an open connection to another endpoint of the shard, which is idle: there it stays open,
    /// reads nothing and sends nothing. Bytes that wait to be sent are dropped, and with TLS its keys. This endpoint's
    /// `closed(.local)` follows in the same turn; the other's when the peer resets the connection, or when it ends it.
    /// - Returns: false, and nothing happens, where there is no open connection or the other is not idle.
    @discardableResult
    public final func giveSocket(to other: Endpoint) -> Bool {
        shard.assertOnShard()
        guard state == .open, other !== self, other.shard === shard, other.state == .idle, !shard.isStopping else {
            return false
        }
        link?.arriveAtOnce()
        guard state == .open else { return false }
        other.register()
        let tag = shard.slots.tag(of: other.slot)
        guard clinux_epoll_modify(shard.poller.descriptor, descriptor, 0, tag) == 0 else {
            other.unregisterIfIdle()
            return false
        }
        other.descriptor = descriptor
        other.state = .open
        other.interest = 0
        other.flags = [.readingPaused]
        shard.openConnections += 1
        descriptor = -1
        end(.local)
        return true
    }
}
