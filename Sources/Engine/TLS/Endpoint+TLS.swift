// Invariants of the unsafe memory in this file:
//  - Decrypted bytes are in the shard's plaintext buffer, which nothing else writes to until the callback over them
//    has returned: writing (encrypt) uses the output buffer only.

import Basis
import CLinux
import COpenSSL
import Glibc
public import OpenSSL

extension Endpoint {
    /// The state of TLS; nil in plaintext, and before TCP is up.
    final var tls: TLSState? {
        if case .established(let state) = security { state } else { nil }
    }

    /// What TLS was agreed on; nil in plaintext or before it is.
    public final var tlsSession: TLSSessionSummary? {
        switch security {
        case .established(let tls) where state != .securing: tls.summary
        case .records(let connection) where state != .securing: connection.agreement?.summary
        case .none, .planned, .expected, .established, .records: nil
        }
    }

    /// Why the connection has failed, while the peer still has time to receive the alert about it.
    public final var failure: CloseCause? { flags.contains(.failed) ? endCause : nil }

    /// Whether an earlier session was resumed; false in plaintext or before TLS is agreed on.
    public final var isTLSResumed: Bool {
        switch security {
        case .established(let tls) where state != .securing: tls.isResumed
        case .records(let connection) where state != .securing: connection.agreement?.summary.isResumed ?? false
        case .none, .planned, .expected, .established, .records: false
        }
    }

    /// The certificate that the peer has shown, if any.
    public final var peerCertificate: Certificate? {
        switch security {
        case .established(let tls): tls.peerCertificate
        case .records(let connection): connection.peerCertificate
        case .none, .planned, .expected: nil
        }
    }

    /// Whether the server asked for the agent's certificate; nil: there is no TLS.
    final var showsIdentity: Bool? {
        switch security {
        case .established(let tls): tls.showsIdentity
        case .records(let connection): connection.showsIdentity
        case .none, .planned, .expected: nil
        }
    }

    // MARK: Starting

    /// TCP is up, and TLS is planned: begins the handshake, or waits until others have ended.
    final func beginTLS(_ plan: TLSPlan, timeout: Nanoseconds) {
        plan.timeout = timeout
        state = .securing
        security = .planned(plan)
        guard shard.handshakes.enter() else {
            shard.counters.tls.handshakesDelayed &+= 1
            shard.handshakes.wait(slot)
            setDeadline((shard.now + shard.options.handshakeWait).nanoseconds)
            updateInterest()
            return
        }
        startPlanned(plan)
    }

    /// A handshake that waits has come to its deadline. It goes on waiting as long as others end.
    final func startOverdue(_ plan: TLSPlan) {
        let next = shard.handshakes.lastLeft + shard.options.handshakeWait
        guard next <= shard.now else { return setDeadline(next.nanoseconds) }
        shard.handshakes.enterBeyondLimit()
        startPlanned(plan)
    }

    /// The handshake's turn has come, and it has a place.
    final func startPlanned(_ plan: TLSPlan) {
        flags.insert(.handshaking)
        let made = TLSState(plan, channel: shard.tlsChannel, at: shard.now)
        guard establish(made) else { return }
        setDeadline((shard.now + plan.timeout).nanoseconds)
        startHandshake()
    }

    /// A client's first bytes have come to a server.
    private func prepareTLS(server context: TLSServerContext) -> Bool {
        establish(TLSState(server: context, channel: shard.tlsChannel, at: shard.now))
    }

    private func establish(_ made: TLSState?) -> Bool {
        guard let made else {
            end(.tls(TLSFailure(error: ERR_get_error())))
            return false
        }
        security = .established(made)
        return true
    }

    /// The handshake is over, or has failed: another may begin.
    final func leaveHandshake() {
        guard flags.contains(.handshaking) else { return }
        flags.remove(.handshaking)
        shard.handshakes.leave(at: shard.now)
    }

    /// The handshake is over. A connection that waits for a ticket has its SSL until the server's first data, and its
    /// place as long: a server that is behind would otherwise leave thousands of them.
    private func leaveHandshakeUnlessWaiting(_ tls: TLSState) {
        if case .established = security, tls.keptReason == .ticket { return }
        leaveHandshake()
    }

    /// TCP is up.
    final func startHandshake() {
        updateInterest()
        reached()
        guard state == .securing else { return }
        continueHandshake(with: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// What the socket is watched for during the handshake, and before it begins.
    final var securingInterest: UInt32 {
        if case .planned = security { return CLinuxPeerFinished }
        return CLinuxReadable | CLinuxPeerFinished | (outbox.isEmpty ? 0 : CLinuxWritable)
    }

    /// The socket is ready during the handshake.
    final func continueHandshake(_ readiness: UInt32) {
        if readiness & CLinuxWritable != 0 { flush() }
        guard state == .securing, readiness & ~CLinuxWritable != 0 else { return }
        if case .planned = security {
            // A server says nothing before the client's first message: it has closed its side, or the network has.
            let error = clinux_pending_error(descriptor)
            return end(error == 0 ? .tls(.interrupted) : CloseCause(errno: error, whileConnecting: false))
        }
        let buffer = shard.readBuffer
        let count = clinux_receive(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 {
            shard.counters.receives &+= 1
            shard.counters.bytesReceived &+= UInt64(count)
            continueHandshake(with: UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        } else if count == 0 {
            end(.tls(.interrupted))
        } else if count != -Int(EAGAIN) && count != -Int(EINTR) {
            end(CloseCause(errno: Int32(-count), whileConnecting: false))
        }
    }

    final func continueHandshake(with input: UnsafeRawBufferPointer) {
        if case .expected(let context) = security {
            guard prepareTLS(server: context) else { return }
        }
        guard let tls else { return }
        let channel = shard.tlsChannel
        // Bytes of the application may follow the handshake's last in the same read.
        let (outcome, plaintext, after) = channel.feeding(input) {
            () -> (TLSState.Outcome, Int, TLSState.Outcome?) in
            var outcome = tls.handshake()
            while case .needsOutput = outcome {
                guard sendOutput() else { break }
                outcome = tls.handshake()
            }
            // The last message of the handshake leaves before the connection is handed over.
            guard case .done = outcome, sendOutput() else { return (outcome, 0, nil) }
            let (count, after) = readAll(tls, channel)
            return (outcome, count, after)
        }
        _ = sendOutput()
        guard state == .securing else { return }
        switch outcome {
        case .needsInput, .needsOutput: return
        case .peerFinished: end(.tls(.interrupted))
        case .failed(let failure): endInOrder(.tls(failure))
        case .done:
            leaveHandshakeUnlessWaiting(tls)
            tls.forgetHandshake()
            if case .established = security { countKept(tls, isEnd: false) }
            shard.handshakeBegan = tls.began
            open()
            if let after { deliver(plaintext, after) }
        }
    }

    // MARK: Bytes

    /// Decrypts what a read has brought and hands it on, once.
    final func decrypt(_ bytes: UnsafeRawBufferPointer) {
        switch security {
        case .records(let connection):
            let (count, outcome) = openRecords(connection, bytes)
            deliver(count, outcome)
        case .established(let tls):
            let channel = shard.tlsChannel
            let (count, outcome) = channel.feeding(bytes) { readAll(tls, channel) }
            leaveHandshake()
            // A new key, or an alert, may have to be answered.
            _ = sendOutput()
            deliver(count, outcome)
        case .none, .planned, .expected: break
        }
    }

    /// Decrypts until the input is used up, by OpenSSL as long as the connection has its SSL. The plaintext buffer
    /// holds a read's bytes and one record more, which is all that there can be.
    private func readAll(_ tls: TLSState, _ channel: TLSChannel) -> (Int, TLSState.Outcome) {
        var count = 0
        while true {
            if handOver(tls, channel), case .records(let connection) = security {
                return openRecords(connection, channel.takeInput(), after: count)
            }
            let room = UnsafeMutableRawBufferPointer(rebasing: channel.plaintext[count...])
            let outcome = tls.read(into: room)
            guard case .done(let more) = outcome else {
                if count > 0 { tls.log.dataReads += 1 }
                tls.trim()
                if case .needsInput = outcome { _ = handOver(tls, channel) }
                return (count, outcome)
            }
            count += more
            if count == channel.plaintext.count { return (count, .needsInput) }
        }
    }

    private func deliver(_ count: Int, _ outcome: TLSState.Outcome) {
        if count > 0 && state == .open {
            received(UnsafeRawBufferPointer(rebasing: shard.tlsChannel.plaintext[0..<count]).bytes)
        }
        guard state == .open else { return }
        switch outcome {
        case .done, .needsInput, .needsOutput: return
        case .peerFinished: seeEnd()
        case .failed(let failure): endInOrder(.tls(failure))
        }
    }

    /// Sends bytes of the application. As `write`.
    final func encrypt(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch security {
        case .none: transmit(bytes)
        case .records(let connection): seal(bytes, connection)
        case .established(let tls): encrypt(bytes, tls)
        case .planned, .expected: false
        }
    }

    private func encrypt(_ bytes: UnsafeRawBufferPointer, _ tls: TLSState) -> Bool {
        var rest = bytes
        while rest.count > 0 {
            switch tls.write(rest) {
            case .done(let count):
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                // Small writes of one call gather; a large one is sent as it goes.
                if rest.count > 0 && shard.tlsChannel.pointer.pointee.output_count < TLSChannel.outputCapacity / 2 {
                    continue
                }
                _ = sendOutput()
            case .needsOutput:
                _ = sendOutput()
            case .needsInput:
                // Only a handshake under way needs input to write, and there is none: renegotiation is off.
                endInOrder(.tls(.other(code: 0)))
            case .peerFinished:
                end(.peerClosed)
            case .failed(let failure):
                endInOrder(.tls(failure))
            }
            guard state == .open else { return false }
        }
        return outbox.isEmpty
    }

    /// Sends close_notify before a graceful close.
    final func sendCloseNotify() {
        switch security {
        case .established(let tls):
            tls.finish()
            _ = sendOutput()
        case .records(let connection):
            let sealed = shard.tlsChannel.sealing { connection.close(into: &$0) }
            if sealed.count > 0 { _ = transmit(sealed) }
        case .none, .planned, .expected: break
        }
    }

    /// Sends what OpenSSL has written. False where the connection ended over it.
    private func sendOutput() -> Bool {
        let output = shard.tlsChannel.takeOutput()
        guard output.count > 0, descriptor >= 0, state != .ended else { return state != .ended }
        _ = transmit(output)
        return state != .ended
    }

    /// Ends for a failure that the peer is to learn of: an alert has been sent, and closing at once could overtake it.
    final func endInOrder(_ cause: CloseCause) {
        guard state == .securing || state == .open else { return }
        _ = sendOutput()
        guard state == .securing || state == .open else { return }
        endCause = cause
        flags.insert(.failed)
        beginClosing(within: Self.alertLinger)
    }
}
