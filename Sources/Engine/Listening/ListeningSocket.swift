import Basis
import CLinux
import Glibc

/// One listening socket: an endpoint whose readiness means connections to accept.
final class ListeningSocket: Endpoint, @unchecked Sendable {
    /// Accepts per event; then established connections get their turn.
    private static let acceptsPerEvent = 64
    /// How long accepting rests when the process has no descriptor left. The kernel's backlog holds the peers
    /// meanwhile.
    private static let pause = Nanoseconds.milliseconds(50)

    /// On the shard only.
    var context: TLSServerContext?
    private let accept: Listener.Accept
    private let handshakeTimeout: Nanoseconds

    init(
        shard: Shard, listening descriptor: Int32, _ options: ListenerOptions, tls context: TLSServerContext?,
        accept: @escaping Listener.Accept
    ) {
        self.context = context
        handshakeTimeout = options.handshakeTimeout
        self.accept = accept
        super.init(shard: shard)
        self.descriptor = descriptor
    }

    deinit {
        // Never started: the shard had stopped.
        if descriptor >= 0 { _ = clinux_close(descriptor) }
    }

    func start() {
        guard !shard.isStopping else { return }
        flags.insert(.listening)
        state = .open
        register()
        _ = watch(CLinuxReadable)
    }

    override func ready(_ readiness: UInt32) {
        for _ in 0..<Self.acceptsPerEvent {
            guard state == .open, interest != 0 else { return }
            var peer = CLinuxAddress()
            let accepted = clinux_accept(descriptor, &peer)
            switch -accepted {
            case ...0:
                welcome(accepted, SocketAddress(peer))
                shard.endCallback()
            case EAGAIN:
                return
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                shard.counters.acceptPauses &+= 1
                listen(for: 0)
                setTimer(at: shard.now + Self.pause)
                return
            default:
                // The peer ended it before it was accepted, or an error of its network: the next one may be fine.
                continue
            }
        }
    }

    override func timerFired(due: Instant) {
        listen(for: CLinuxReadable)
    }

    private func welcome(_ accepted: Int32, _ peer: SocketAddress) {
        shard.counters.accepts &+= 1
        guard let endpoint = accept(shard, peer), endpoint.shard === shard, endpoint.adopt(accepted) else {
            shard.counters.acceptsRefused &+= 1
            _ = clinux_set_reset_on_close(accepted)
            _ = clinux_close(accepted)
            return
        }
        endpoint.begin(context, handshakeTimeout)
    }

    private func listen(for readiness: UInt32) {
        guard state == .open else { return }
        interest = readiness
        _ = clinux_epoll_modify(shard.poller.descriptor, descriptor, readiness, shard.slots.tag(of: slot))
    }
}

extension Endpoint {
    /// An adopted connection starts: with TLS where the listener has it.
    fileprivate func begin(_ context: TLSServerContext?, _ handshakeTimeout: Nanoseconds) {
        if let context {
            // The SSL is made when the client's first bytes come: clients that only wait cost no memory.
            state = .securing
            security = .expected(context)
            guard watch(CLinuxReadable | CLinuxPeerFinished) else { return }
            setDeadline((shard.now + handshakeTimeout).nanoseconds)
            reached()
        } else {
            state = .open
            guard watch(CLinuxReadable | CLinuxPeerFinished) else { return }
            open()
        }
    }
}
