// Invariants of the unsafe memory in this file:
//  - The shard's read buffer outlives every call; the bytes handed on were all written by the recv before.

public import Basis
import CLinux
import Glibc

/// Connections behind a link: what the socket brings goes to the link, and what the endpoint sends, too. Both arrive
/// when the link says so. An endpoint without one has neither a field nor a lookup for it: one bit of its flags.
extension Endpoint {
    /// The link of the present connection; nil: there is none.
    final var link: EndpointLink? { flags.contains(.linked) ? shard.links[slot] : nil }

    /// Whether something that was sent by then, or that was received from the peer by then, is still on its way.
    public final func isOnWay(sentBy sending: Instant, answeredBy answer: Instant) -> Bool {
        link?.holdsUp(sentBy: sending, answeredBy: answer) ?? false
    }

    final func attachLink(_ route: LinkRoute, dial: @escaping () -> Void) {
        let link = EndpointLink(route, user: self)
        shard.links[slot] = link
        flags.insert(.linked)
        link.begin(dial)
    }

    /// Before the socket is closed: what is on its way to the peer still arrives.
    final func detachLink() {
        flags.remove(.linked)
        guard let link = shard.links.removeValue(forKey: slot) else { return }
        link.leave(self, hasConnected: state != .connecting)
    }

    // MARK: - The socket's side

    /// The socket is ready. False: what is to be done does not concern the link.
    final func readyBehindLink(_ readiness: UInt32) -> Bool {
        guard let link else { return false }
        switch state {
        case .connecting, .idle, .ended: return false
        case .securing: if case .planned = security { return false }
        case .open, .flushing, .lingering: break
        }
        if readiness & CLinuxWritable != 0, descriptor >= 0 { flush() }
        guard flags.contains(.linked), descriptor >= 0 else { return true }
        let isHungUp = readiness & (CLinuxFailed | CLinuxHungUp) != 0
        if interest & CLinuxReadable != 0 {
            if readiness & ~CLinuxWritable != 0 { receive(for: link, untilEnd: readiness & ~CLinuxReadable != 0) }
        } else if isHungUp {
            let error = clinux_pending_error(descriptor)
            socketEnded(link, error == 0 ? .finished : .failed(CloseCause(errno: error, whileConnecting: false)))
            // Nothing more can come, and epoll would say so again and again.
            closeSocket()
        }
        return true
    }

    private func receive(for link: EndpointLink, untilEnd: Bool) {
        let buffer = shard.readBuffer
        for _ in 0..<Self.readsPerEvent {
            let count = clinux_receive(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                shard.counters.receives &+= 1
                shard.counters.bytesReceived &+= UInt64(count)
                // What comes after this side has closed is dropped, as without a link.
                if state == .securing || state == .open {
                    link.received(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
                }
                guard link.wantsInput else { return updateInterest() }
                if count < buffer.count && !untilEnd { return }
            } else if count == 0 {
                return socketEnded(link, .finished)
            } else if count == -Int(EAGAIN) {
                return
            } else if count != -Int(EINTR) {
                return fail(errno: Int32(-count))
            }
        }
    }

    private func socketEnded(_ link: EndpointLink, _ end: LinkQueue.End) {
        link.socketEnded(end)
        // With both sides shut there is nothing left for the socket to do.
        if state == .lingering { closeSocket() } else { updateInterest() }
    }

    /// The socket has failed. Behind a link the endpoint learns of it after the link's latency.
    final func fail(errno code: Int32) {
        let cause = CloseCause(errno: code, whileConnecting: false)
        guard let link else { return end(cause) }
        link.socketEnded(.failed(cause))
        closeSocket()
    }

    /// Closes the socket before the endpoint has learned of its end.
    private func closeSocket() {
        guard descriptor >= 0 else { return }
        _ = clinux_close(descriptor)
        descriptor = -1
        interest = 0
        shard.slots.invalidateTags(of: slot)
        shard.waitingBytes -= outbox.count
        outbox.free()
    }

    // MARK: - The endpoint's side

    /// Whether what arrives is wanted now.
    final var takesFromLink: Bool {
        switch state {
        case .securing: true
        case .open: flags.isDisjoint(with: [.readingPaused, .peerFinished])
        case .flushing, .lingering: true
        case .idle, .connecting, .ended: false
        }
    }

    /// Bytes of the peer have arrived.
    final func takeFromLink(_ bytes: UnsafeRawBufferPointer) {
        lastReceived = shard.now.nanoseconds
        switch state {
        case .securing: continueHandshake(with: bytes)
        case .open: deliver(bytes)
        case .flushing, .lingering, .idle, .connecting, .ended: break
        }
    }

    /// The peer's end has arrived, or an error.
    final func endBehindLink(_ how: LinkQueue.End) {
        switch (state, how) {
        case (.lingering, _): end(.local)
        case (.securing, .finished): end(.tls(.interrupted))
        case (.open, .finished), (.flushing, .finished): seeEnd()
        case (_, .failed(let cause)): end(cause)
        case (.idle, _), (.connecting, _), (.ended, _): break
        }
    }

    /// Whether all bytes have been sent, and over a link its end, too.
    final var hasSentAll: Bool { outbox.isEmpty && (!flags.contains(.linked) || link?.hasFinished ?? true) }

    /// All that the kernel had refused is sent.
    final func flushedBehindLink() {
        if hasSentAll { return finishBehindLink() }
        guard state == .open, flags.contains(.owesDrained) else { return }
        flags.remove(.owesDrained)
        drained()
    }

    /// The end of this side's stream has arrived.
    final func finishBehindLink() {
        guard outbox.isEmpty else { return }
        if state == .flushing {
            shutDownWriting()
        } else if state == .open, flags.contains(.writingFinished) {
            shutDownStream()
        }
    }
}
