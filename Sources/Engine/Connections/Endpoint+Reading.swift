// Invariants of the unsafe memory in this file:
//  - The shard's read buffer outlives every callback; a span over it is handed out only for the length of one, and its
//    bytes were all written by the recv before.

import Basis
import CLinux
import Glibc

extension Endpoint {
    /// The limit of reads of one endpoint per event; then others have their turn (epoll reports the rest again).
    static let readsPerEvent = 16

    /// No bytes are received until `resumeReading`: the peer is slowed down by its own full socket.
    public final func pauseReading() {
        shard.assertOnShard()
        flags.insert(.readingPaused)
        if state == .open { updateInterest() }
    }

    /// Ends `pauseReading`; bytes that arrived during the pause are received in a later turn.
    public final func resumeReading() {
        shard.assertOnShard()
        flags.remove(.readingPaused)
        if state == .open { updateInterest() }
        link?.schedule()
    }

    /// An open socket is ready: writes first, because room for them may let the owner answer.
    final func exchange(_ readiness: UInt32) {
        // As long as changes are watched for, nothing waits to be sent.
        if readiness & CLinuxWritable != 0, interest != Self.changes { flush() }
        guard state == .open || state == .flushing else { return }
        if interest & CLinuxReadable == 0 {
            // While reading is paused, epoll would report an error again and again: handle it now.
            if readiness & (CLinuxFailed | CLinuxHungUp) != 0 { takePendingError() }
            return
        }
        let mustSeeEnd = readiness & (CLinuxPeerFinished | CLinuxFailed | CLinuxHungUp) != 0
        if readiness & CLinuxReadable != 0 || mustSeeEnd { receive(untilEnd: mustSeeEnd) }
    }

    private func receive(untilEnd: Bool) {
        let buffer = shard.readBuffer
        for _ in 0..<Self.readsPerEvent {
            let count = clinux_receive(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                shard.counters.receives &+= 1
                shard.counters.bytesReceived &+= UInt64(count)
                lastReceived = shard.now.nanoseconds
                if state == .open { deliver(UnsafeRawBufferPointer(rebasing: buffer[0..<count])) }
                // The callback may have ended, closed or paused; a short read has emptied the socket.
                guard state == .open || state == .flushing, interest & CLinuxReadable != 0 else { return }
                if count < buffer.count && !untilEnd { return }
            } else if count == 0 {
                seeEnd()
                return
            } else if count == -Int(EAGAIN) {
                return
            } else if count != -Int(EINTR) {
                end(CloseCause(errno: Int32(-count), whileConnecting: false))
                return
            }
        }
        watchLevels()
    }

    final func deliver(_ bytes: UnsafeRawBufferPointer) {
        if case .none = security {
            received(bytes.bytes)
        } else {
            decrypt(bytes)
        }
    }

    /// The peer has closed its side.
    final func seeEnd() {
        if state == .open && peerFinished() {
            guard state == .open else { return }
            flags.insert(.peerFinished)
            updateInterest()
        } else if state == .open {
            // RFC 8446 §6.1: each side sends close_notify before it closes, also in answer to the peer's.
            sendCloseNotify()
            guard state == .open else { return }
            end(.peerClosed)
        } else if state == .flushing {
            // Nothing more can be agreed on: what waits is still sent, then both sides are closed.
            flags.insert(.peerFinished)
            updateInterest()
        }
    }

    private func takePendingError() {
        let error = clinux_pending_error(descriptor)
        if error != 0 {
            end(CloseCause(errno: error, whileConnecting: false))
        } else if state == .open && flags.contains(.readingPaused) && !flags.contains(.peerFinished) {
            // Hung up without an error while paused: both sides are shut, there is nothing left to wait for.
            end(.peerClosed)
        }
    }

    /// Our side is shut: drops what comes, until the peer's end.
    final func awaitEnd() {
        let buffer = shard.readBuffer
        for _ in 0..<Self.readsPerEvent {
            let count = clinux_receive(descriptor, buffer.baseAddress, buffer.count)
            if count == -Int(EAGAIN) { return }
            if count <= 0 && count != -Int(EINTR) {
                end(.local)
                return
            }
        }
    }
}
