// Invariants of the unsafe memory in this file:
//  - Pointers into spans, the outbox and the cork buffer are used only inside the call that made them, and nothing that
//    could mutate their owner runs meanwhile.

import CLinux
import Glibc

extension Endpoint {
    /// Sends bytes: to the kernel at once, and into the endpoint's bounded buffer what the kernel refuses. Nothing is
    /// kept of the span. Ignored unless `isOpen`.
    ///
    /// A failure ends the connection; `closed` follows in the same turn.
    /// - Returns: whether nothing waits for the peer: the kernel has accepted all, or will be offered it on `uncork`.
    @discardableResult
    public final func write(_ bytes: RawSpan) -> Bool {
        shard.assertOnShard()
        guard state == .open, !flags.contains(.writingFinished) else { return false }
        return bytes.withUnsafeBytes { bytes in
            if flags.contains(.corked) { return gather(bytes) }
            return encrypt(bytes)
        }
    }

    /// From here to `uncork`, or to the end of the present callback, writes are collected and sent in one system call.
    public final func cork() {
        shard.assertOnShard()
        guard state == .open, !flags.contains(.corked) else { return }
        shard.corkBuffer.owner?.uncork()
        shard.corkBuffer.owner = self
        flags.insert(.corked)
    }

    /// Sends what has gathered since `cork`.
    public final func uncork() {
        guard flags.contains(.corked) else { return }
        flags.remove(.corked)
        shard.corkBuffer.owner = nil
        sendGathered()
    }

    private func gather(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if shard.corkBuffer.append(bytes) { return outbox.isEmpty }
        sendGathered()
        guard state == .open else { return false }
        if shard.corkBuffer.append(bytes) { return outbox.isEmpty }
        return encrypt(bytes)
    }

    private func sendGathered() {
        let gathered = shard.corkBuffer.take()
        guard gathered.count > 0, state == .open else { return }
        _ = encrypt(gathered)
    }

    /// Sends bytes as they go over the wire: by the connection's link where it has one.
    final func transmit(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let link else { return transmitAtOnce(bytes) }
        guard !link.send(bytes) else { return true }
        endAbruptly(.writeOverflow)
        return false
    }

    /// Gives bytes to the kernel.
    final func transmitAtOnce(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard outbox.isEmpty else {
            let (sum, overflow) = outbox.count.addingReportingOverflow(bytes.count)
            if overflow || sum > shard.options.writeBufferLimit {
                endAbruptly(.writeOverflow)
                return false
            }
            return keep(bytes)
        }
        var sent = 0
        while sent < bytes.count {
            let count = clinux_send(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
            if count >= 0 {
                shard.counters.sends &+= 1
                shard.counters.bytesSent &+= UInt64(count)
                sent += count
            } else if count == -Int(EAGAIN) {
                return keep(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            } else if count != -Int(EINTR) {
                fail(errno: Int32(-count))
                return false
            }
        }
        return true
    }

    /// The kernel is full: the rest waits. Always false.
    private func keep(_ rest: UnsafeRawBufferPointer) -> Bool {
        guard shard.waitingBytes + rest.count <= shard.options.writeBuffersLimit, outbox.append(rest) else {
            endAbruptly(.writeOverflow)
            return false
        }
        shard.waitingBytes += rest.count
        flags.insert(.owesDrained)
        updateInterest()
        return false
    }

    /// The socket has room again.
    final func flush() {
        while !outbox.isEmpty {
            let waiting = outbox.bytes
            let count = clinux_send(descriptor, waiting.baseAddress, waiting.count)
            if count >= 0 {
                shard.counters.sends &+= 1
                shard.counters.bytesSent &+= UInt64(count)
                outbox.consume(count)
                shard.waitingBytes -= count
            } else if count == -Int(EAGAIN) {
                return
            } else if count != -Int(EINTR) {
                return fail(errno: Int32(-count))
            }
        }
        updateInterest()
        if flags.contains(.linked) { return flushedBehindLink() }
        if state == .flushing {
            shutDownWriting()
        } else if state == .open && flags.contains(.writingFinished) {
            shutDownStream()
        } else if state == .open && flags.contains(.owesDrained) {
            flags.remove(.owesDrained)
            drained()
        }
    }
}
