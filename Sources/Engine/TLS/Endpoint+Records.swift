// Invariants of the unsafe memory in this file:
//  - Opened bytes are in the shard's plaintext buffer, sealed ones in its output buffer. Neither is written to before
//    the callback over it, or the send of it, has returned: sealing does not touch the plaintext buffer.

import COpenSSL
import TLSRecords

/// Connections that were handed over from OpenSSL to the record layer.
extension Endpoint {
    /// Hands the connection over where nothing is in the way. False: it keeps its SSL.
    final func handOver(_ tls: TLSState, _ channel: TLSChannel) -> Bool {
        if let reason = tls.reasonToKeep(hasOutput: channel.hasOutput) {
            tls.keptReason = reason
            return false
        }
        let connection = tls.successor ?? RecordConnection(channel.resources)
        guard connection.takeOver(tls, channel) else { return false }
        security = .records(connection)
        shard.counters.tls.handedOver &+= 1
        return true
    }

    /// Counts that the connection keeps its SSL: once, and only where it has had a handshake.
    ///
    /// - Parameter isEnd: the connection ends; before its end only a lasting reason counts.
    final func countKept(_ tls: TLSState, isEnd: Bool) {
        guard let reason = tls.keptReason, isEnd || reason.isLasting else { return }
        tls.keptReason = nil
        guard !tls.isKeptCounted else { return }
        tls.isKeptCounted = true
        shard.counters.tls.kept[reason.rawValue] &+= 1
    }

    /// Opens what a read has brought, into the plaintext buffer after `count` bytes that are in it already. Sends what
    /// is owed for it.
    final func openRecords(
        _ connection: RecordConnection, _ bytes: UnsafeRawBufferPointer, after count: Int = 0
    ) -> (Int, TLSState.Outcome) {
        let channel = shard.tlsChannel
        let rest = UnsafeMutableRawBufferPointer(rebasing: channel.plaintext[count...])
        var room = rest.mutableBytes
        let (result, refusesFirst) = connection.open(bytes.bytes, into: &room)
        if refusesFirst {
            shard.counters.tls.firstRecordsRefused &+= 1
            HandOverSwitch.shared.noteRefusal()
        }
        if result.owesOutput, state != .ended {
            let sealed = channel.sealing { connection.control(into: &$0) }
            if sealed.count > 0 { _ = transmit(sealed) }
        }
        let outcome: TLSState.Outcome =
            switch result.end {
            case .needsInput: .needsInput
            case .peerFinished: .peerFinished
            case .failed(let failure): .failed(TLSFailure(failure))
            // The buffer holds a read's bytes and a record more, which is all that there can be.
            case .needsRoom: .failed(TLSFailure(.internalError))
            }
        return (count + result.plaintext, outcome)
    }

    /// Seals and sends. As `write`.
    final func seal(_ bytes: UnsafeRawBufferPointer, _ connection: RecordConnection) -> Bool {
        var position = 0
        while position < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
            var taken: Int?
            let sealed = shard.tlsChannel.sealing { room in
                guard let made = connection.seal(rest.bytes, into: &room) else { return 0 }
                taken = made.taken
                return made.made
            }
            guard let taken else {
                // An alert was sent or received, which has ended the connection already, or OpenSSL has failed.
                endInOrder(.tls(TLSFailure(.internalError)))
                return false
            }
            position += taken
            _ = transmit(sealed)
            guard state == .open else { return false }
        }
        return outbox.isEmpty
    }
}

extension TLSFailure {
    init(_ failure: RecordFailure) {
        switch failure {
        case .alert(let number): self = .alert(number)
        default: self = .record(failure)
        }
    }
}
