public import Basis
import CLinux

extension Endpoint {
    /// Ends the connection in good order: sends what waits, shuts this side, drops what still comes, and waits for the
    /// peer to close its side. Then `closed(.local)`; or `closed(.timedOut(.close))`, with a reset, when the peer has
    /// not closed within `limit`. A connection that is still being made is abandoned at once.
    public final func closeGracefully(within limit: Nanoseconds = .seconds(5)) {
        shard.assertOnShard()
        switch state {
        case .idle, .ended, .flushing, .lingering:
            return
        case .connecting, .securing:
            end(.local)
        case .open:
            uncork()
            guard state == .open else { return }
            sendCloseNotify()
            guard state == .open else { return }
            beginClosing(within: limit)
        }
    }

    /// Ends this side's stream once what waits has been sent; bytes of the peer are still received. Nothing can be
    /// written afterwards. The connection ends when the peer has closed its side, too, and the owner answers it with
    /// `closeGracefully` or lets it end. Ignored unless `isOpen`.
    public final func finishWriting() {
        shard.assertOnShard()
        guard state == .open, !flags.contains(.writingFinished) else { return }
        uncork()
        guard state == .open else { return }
        sendCloseNotify()
        guard state == .open else { return }
        flags.insert(.writingFinished)
        link?.finish()
        if hasSentAll { shutDownStream() }
    }

    /// All that waited has been sent, and no more will be.
    final func shutDownStream() {
        if clinux_shutdown_write(descriptor) != 0 { end(.local) }
    }

    /// Ends the connection at once, with a reset: the peer sees an error, nothing waits, no port stays occupied. Then
    /// `closed(.local)`.
    public final func abort() {
        shard.assertOnShard()
        endAbruptly(.local)
    }

    /// How long a peer has to receive an alert before the connection is closed.
    static let alertLinger = Nanoseconds.seconds(1)

    /// From here on: what waits is sent, this side is shut, the peer's end awaited.
    final func beginClosing(within limit: Nanoseconds) {
        flags.remove(.readingPaused)
        link?.finish()
        setDeadline((shard.now + limit + (link?.closingTime ?? .zero)).nanoseconds)
        state = .flushing
        if hasSentAll {
            shutDownWriting()
        } else {
            updateInterest()
        }
    }

    /// All that waited has been sent, and the user is done.
    final func shutDownWriting() {
        if flags.contains(.peerFinished) || link?.hasPeerEnd == true || clinux_shutdown_write(descriptor) != 0 {
            end(.local)
            return
        }
        state = .lingering
        updateInterest()
    }

    /// `end`, with a reset instead of an orderly close.
    final func endAbruptly(_ cause: CloseCause) {
        guard state != .idle, state != .ended else { return }
        if descriptor >= 0 { _ = clinux_set_reset_on_close(descriptor) }
        end(cause)
    }

    /// Closes the socket; `tellEnd` notifies the owner in the same turn.
    final func end(_ cause: CloseCause) {
        guard state != .idle, state != .ended else { return }
        if flags.contains(.linked) { detachLink() }
        state = .ended
        if !flags.contains(.failed) { endCause = cause }
        shard.openConnections -= flags.contains(.listening) ? 0 : 1
        if descriptor >= 0 {
            _ = clinux_close(descriptor)
            descriptor = -1
        }
        shard.slots.invalidateTags(of: slot)
        shard.waitingBytes -= outbox.count
        outbox.free()
        receiveDue = .max
        leaveHandshake()
        if let tls { countKept(tls, isEnd: true) }
        security = .none
        interest = 0
        if flags.contains(.corked) {
            shard.corkBuffer.owner = nil
            _ = shard.corkBuffer.take()
        }
        flags.formIntersection([.listening])
        setDeadline(.max)
        shard.ended.append(slot)
    }

    /// Tells the owner that the connection has ended.
    final func tellEnd() {
        guard state == .ended else { return }
        state = .idle
        closed(endCause)
        unregisterIfIdle()
    }

    /// The shard stops: no timer, no connection.
    final func abandon() {
        cancelTimer()
        end(.local)
    }
}
