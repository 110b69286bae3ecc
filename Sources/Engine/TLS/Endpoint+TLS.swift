// Invariants of the unsafe memory in this file:
//  - Decrypted bytes are in the shard's plaintext buffer, which nothing else writes to until the callback over them
//    has returned: writing (encrypt) uses the output buffer only.

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
        state == .securing ? nil : tls?.summary
    }

    /// Whether an earlier session was resumed; false in plaintext or before TLS is agreed on.
    public final var isTLSResumed: Bool {
        state != .securing && tls?.isResumed == true
    }

    /// The certificate that the peer has shown, if any.
    public final var peerCertificate: Certificate? {
        tls?.peerCertificate
    }

    // MARK: Starting

    final func prepareTLS(client context: TLSClientContext, _ start: TLSStart) -> Bool {
        establish(TLSState(client: context, channel: shard.tlsChannel, start))
    }

    final func prepareTLS(server context: TLSServerContext) -> Bool {
        establish(TLSState(server: context, channel: shard.tlsChannel))
    }

    private func establish(_ made: TLSState?) -> Bool {
        guard let made else {
            end(.tls(TLSFailure(error: ERR_get_error())))
            return false
        }
        security = .established(made)
        return true
    }

    /// TCP is up.
    final func startHandshake() {
        state = .securing
        updateInterest()
        reached()
        guard state == .securing else { return }
        continueHandshake(with: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// What the socket is watched for during the handshake.
    final var securingInterest: UInt32 {
        CLinuxReadable | CLinuxPeerFinished | (outbox.isEmpty ? 0 : CLinuxWritable)
    }

    /// The socket is ready during the handshake.
    final func continueHandshake(_ readiness: UInt32) {
        if readiness & CLinuxWritable != 0 { flush() }
        guard state == .securing, readiness & ~CLinuxWritable != 0 else { return }
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

    private func continueHandshake(with input: UnsafeRawBufferPointer) {
        guard let tls else { return }
        let channel = shard.tlsChannel
        // Bytes of the application may follow the handshake's last in the same read.
        let (outcome, plaintext, after) = channel.feeding(input, to: tls) {
            () -> (TLSState.Outcome, Int, TLSState.Outcome?) in
            var outcome = tls.handshake()
            while case .needsOutput = outcome {
                guard sendOutput() else { break }
                outcome = tls.handshake()
            }
            guard case .done = outcome else { return (outcome, 0, nil) }
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
            tls.forgetHandshake()
            open()
            if let after { deliver(plaintext, after) }
        }
    }

    // MARK: Bytes

    /// Decrypts what a read has brought and hands it on, once.
    final func decrypt(_ bytes: UnsafeRawBufferPointer) {
        guard let tls else { return }
        let channel = shard.tlsChannel
        let (count, outcome) = channel.feeding(bytes, to: tls) { readAll(tls, channel) }
        // A new key, or an alert, may have to be answered.
        _ = sendOutput()
        deliver(count, outcome)
    }

    /// Decrypts until the input is used up. The plaintext buffer holds a read's bytes and one record more, which is
    /// all that there can be.
    private func readAll(_ tls: TLSState, _ channel: TLSChannel) -> (Int, TLSState.Outcome) {
        var count = 0
        while true {
            let room = UnsafeMutableRawBufferPointer(rebasing: channel.plaintext[count...])
            let outcome = tls.read(into: room)
            guard case .done(let more) = outcome else {
                tls.trim()
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

    /// Encrypts and sends. As `write`.
    final func encrypt(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let tls else { return false }
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
        guard let tls else { return }
        tls.finish()
        _ = sendOutput()
    }

    /// Sends what OpenSSL has written. False where the connection ended over it.
    private func sendOutput() -> Bool {
        let output = shard.tlsChannel.takeOutput()
        guard output.count > 0, descriptor >= 0, state != .ended else { return state != .ended }
        _ = transmit(output)
        return state != .ended
    }

    /// Ends for a failure that the peer is to learn of: an alert has been sent, and closing at once could overtake it.
    private func endInOrder(_ cause: CloseCause) {
        guard state == .securing || state == .open else { return }
        _ = sendOutput()
        guard state == .securing || state == .open else { return }
        endCause = cause
        flags.insert(.failed)
        beginClosing(within: Self.alertLinger)
    }
}
