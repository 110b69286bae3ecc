public import Basis
import CLinux
import Glibc
import OpenSSL

extension Endpoint {
    /// Starts to connect. The outcome arrives in `connected` or `closed`, never before this returns.
    ///
    /// - Parameters:
    ///   - source: the local address to come from; with port 0 the system chooses a port for this destination, so that
    ///     each (source, destination) pair has the whole range of ephemeral ports.
    ///   - timeout: for TCP and TLS together.
    ///   - tls: secures the connection; nil: plaintext.
    ///   - serverName: the name that the server's certificate must carry and that SNI asks for; nil: the address
    ///     itself.
    ///   - identity: the certificate to show when asked, in place of the context's.
    ///   - resumes: whether a session that was kept may be resumed, where the context keeps any. An agent that has
    ///     never been connected has none of its own and should not profit from another's.
    ///   - link: the slow network to the destination; nil: there is none but the machine's own.
    /// - Returns: false, and nothing happens, where the endpoint is not idle or the shard is stopping.
    @discardableResult
    public final func connect(
        to destination: SocketAddress, from source: SocketAddress? = nil, timeout: Nanoseconds = .seconds(10),
        tls context: TLSClientContext? = nil, serverName: String? = nil, identity: PackedIdentity? = nil,
        resumes: Bool = true, link: LinkRoute? = nil
    ) -> Bool {
        shard.assertOnShard()
        guard state == .idle, !shard.isStopping else { return false }
        register()
        shard.openConnections += 1
        shard.counters.connects &+= 1
        state = .connecting
        lastReceived = shard.now.nanoseconds
        let opened = clinux_tcp_socket(destination.isIPv6)
        guard opened >= 0 else {
            end(CloseCause(errno: -opened, whileConnecting: true))
            return true
        }
        descriptor = opened
        if let context {
            let start = TLSStart(
                address: destination, serverName: serverName, identity: identity, resumes: resumes)
            security = .planned(TLSPlan(context, start, shard.tlsChannel))
        }
        setSocketOptions()
        if let source {
            var local = source.systemAddress
            if source.port != 0 { _ = clinux_set_reuse_address(descriptor) }
            let bound = clinux_bind(descriptor, &local, source.port == 0)
            guard bound == 0 else {
                end(bound == -EADDRNOTAVAIL ? .badSource : CloseCause(errno: -bound, whileConnecting: true))
                return true
            }
        }
        if let link {
            attachLink(link) { [unowned self] in begin(to: destination, from: source) }
        } else {
            begin(to: destination, from: source)
        }
        if state == .connecting { setDeadline((shard.now + timeout).nanoseconds) }
        return true
    }

    /// The system begins to connect.
    private func begin(to destination: SocketAddress, from source: SocketAddress?) {
        var remote = destination.systemAddress
        let answer = clinux_connect(descriptor, &remote)
        guard answer == 0 || answer == -EINPROGRESS else {
            return end(CloseCause(errno: -answer, whileConnecting: true))
        }
        let mayMeetItself = source.map { $0.port != 0 } ?? false || Self.ephemeralPorts.contains(destination.port)
        if mayMeetItself, localAddress?.port == destination.port { flags.insert(.samePort) }
        _ = watch(flags.contains(.linked) ? CLinuxWritable : Self.changes)
    }

    /// Takes over an accepted socket. The endpoint must be idle; the caller then starts it.
    final func adopt(_ accepted: Int32) -> Bool {
        guard state == .idle, !shard.isStopping else { return false }
        register()
        shard.openConnections += 1
        descriptor = accepted
        setSocketOptions()
        return true
    }

    /// Where the system takes the ports of sockets from that connect.
    private static let ephemeralPorts = CapacityFacts.ephemeralPorts()

    /// The socket of a connect can be written to, or has failed.
    final func finishConnecting(_ readiness: UInt32) {
        let error = readiness & (CLinuxFailed | CLinuxHungUp) == 0 ? 0 : clinux_pending_error(descriptor)
        guard error == 0 else {
            end(CloseCause(errno: error, whileConnecting: true))
            return
        }
        // On a loopback address a port of the ephemeral range with nobody listening may be given to this very socket,
        // which then meets itself.
        if flags.contains(.samePort), let local = localAddress, local == peerAddress {
            endAbruptly(.refused)
            return
        }
        if case .planned(let plan) = security {
            // What is left of the time for TCP and TLS together; the wait for other handshakes is not in it.
            beginTLS(plan, timeout: Instant(nanoseconds: deadline) - shard.now)
        } else {
            open()
            // What came with the connection is not reported again.
            if readiness & Self.reading != 0 { watchLevels() }
        }
    }

    /// What an open connection is watched for while nothing waits to be sent.
    static var reading: UInt32 { CLinuxReadable | CLinuxPeerFinished }
    /// What a connection is watched for from its beginning: to be up, to have bytes and to end, each reported when it
    /// happens and not again. One system call for the usual connection, whose reads always empty the socket, and the
    /// kernel does not look at it a second time after each event. Where something is to be reported again, or anything
    /// else is watched for, the connection is watched by `updateInterest` or `watchLevels` from then on.
    static var changes: UInt32 { CLinuxWritable | reading | CLinuxOnChange }

    /// What is left in the socket is reported again.
    final func watchLevels() {
        guard interest == Self.changes else { return }
        interest = 0
        updateInterest()
    }

    /// Bytes may flow from here on.
    final func open() {
        state = .open
        shard.connectBegan = Instant(nanoseconds: lastReceived)
        lastReceived = shard.now.nanoseconds
        watchReceiving()
        updateInterest()
        guard state == .open else { return }
        connected()
    }

    /// Registers the socket with the shard's epoll set.
    final func watch(_ readiness: UInt32) -> Bool {
        let answer = clinux_epoll_add(shard.poller.descriptor, descriptor, readiness, shard.slots.tag(of: slot))
        guard answer == 0 else {
            end(CloseCause(errno: -answer, whileConnecting: false))
            return false
        }
        interest = readiness
        return true
    }

    /// Watches for what the present state needs; a system call only when that has changed.
    final func updateInterest() {
        var wanted: UInt32 = 0
        switch state {
        case .idle, .ended: return
        case .connecting: wanted = CLinuxWritable
        case .securing: wanted = securingInterest
        case .open, .flushing:
            if flags.isDisjoint(with: [.readingPaused, .peerFinished]) { wanted = CLinuxReadable | CLinuxPeerFinished }
            if !outbox.isEmpty { wanted |= CLinuxWritable }
        case .lingering: wanted = CLinuxReadable | CLinuxPeerFinished
        }
        if flags.contains(.linked) {
            guard descriptor >= 0 else { return }
            if link?.wantsInput == false { wanted &= ~(CLinuxReadable | CLinuxPeerFinished) }
        }
        guard wanted != interest else { return }
        if interest == Self.changes, state == .open, wanted == Self.reading { return }
        interest = wanted
        let answer = clinux_epoll_modify(shard.poller.descriptor, descriptor, wanted, shard.slots.tag(of: slot))
        if answer != 0 { end(CloseCause(errno: -answer, whileConnecting: false)) }
    }

    private func setSocketOptions() {
        _ = clinux_set_no_delay(descriptor)
        if let bytes = shard.options.socketSendBuffer {
            _ = clinux_set_send_buffer(descriptor, Int32(clamping: bytes))
        }
        if let bytes = shard.options.socketReceiveBuffer {
            _ = clinux_set_receive_buffer(descriptor, Int32(clamping: bytes))
        }
    }
}
