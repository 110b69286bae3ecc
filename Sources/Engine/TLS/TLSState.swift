// Invariants of the unsafe memory in this file:
//  - A TLSState owns one SSL, whose BIO leads to the channel of the endpoint's shard; the endpoint is confined to that
//    shard and holds it, so the channel outlives the SSL and is used by one thread at a time.
//  - A callback finds its state by a pointer in the SSL, which deinit removes.

import Basis
import COpenSSL
import OpenSSL

/// TLS of one connection: an SSL and what it needs to be remembered by.
final class TLSState {
    /// What a call of OpenSSL came to.
    enum Outcome {
        case done(Int)
        /// Bytes from the peer are needed.
        case needsInput
        /// The channel's output is full and must be sent first.
        case needsOutput
        /// The peer has sent close_notify.
        case peerFinished
        case failed(TLSFailure)
    }

    /// The context, held: OpenSSL's callbacks reach into it.
    private enum Role {
        case client(TLSClientContext)
        case server(TLSServerContext)
    }

    let pointer: OpaquePointer
    private let role: Role
    /// What a session of this connection is kept under; nil: none is kept.
    private let ticketKey: TLSTickets.Key?
    /// The certificate to show when asked, in place of the context's; forgotten after the handshake.
    private var identity: PackedIdentity?
    /// The server asked for `identity`: OpenSSL was given it, parsed.
    private(set) var showsIdentity = false
    /// The server asked for a certificate, and there is none to show.
    private var lacksIdentity = false
    /// A verdict that OpenSSL has no code for, noted by a callback.
    var failure: TLSFailure?
    /// What the hand-over needs.
    var log: HandshakeLog
    /// Why the connection was not handed over when that was last tried.
    var keptReason: TLSKeptReason?
    var isKeptCounted = false
    /// What takes over at the hand-over; nil: it is made then.
    let successor: RecordConnection?
    /// When the handshake began.
    let began: Instant

    private static let index = copenssl_connection_index()

    /// A client's side.
    init?(_ plan: TLSPlan, channel: TLSChannel, at now: Instant) {
        let (context, start) = (plan.context, plan.start)
        guard let made = SSL_new(context.context.pointer) else { return nil }
        pointer = made
        role = .client(context)
        log = HandshakeLog(isServer: false)
        began = now
        successor = plan.successor
        identity = start.identity
        ticketKey =
            context.options.resumes
            ? TLSTickets.Key(start.address, serverName: start.serverName, identity: start.identity) : nil
        guard attach(channel), name(start.serverName ?? start.address.host, context.options)
        else { return nil }
        if start.resumes, let ticketKey { context.tickets.offer(for: ticketKey, on: made) }
        SSL_set_connect_state(made)
    }

    /// A server's side.
    init?(server context: TLSServerContext, channel: TLSChannel, at now: Instant) {
        guard let made = SSL_new(context.context.pointer) else { return nil }
        pointer = made
        role = .server(context)
        log = HandshakeLog(isServer: true)
        began = now
        successor = nil
        ticketKey = nil
        guard attach(channel) else { return nil }
        SSL_set_accept_state(made)
    }

    private func attach(_ channel: TLSChannel) -> Bool {
        SSL_set_ex_data(pointer, Self.index, Unmanaged.passUnretained(self).toOpaque()) == 1
            && copenssl_attach(pointer, TLSChannel.method.pointer, channel.pointer) == 1
    }

    deinit {
        log.wipe()
        SSL_set_ex_data(pointer, Self.index, nil)
        // OpenSSL treats a connection that is freed without a close_notify as broken and does not resume its session;
        // the fleet's reconnect storms do exactly that.
        SSL_set_shutdown(pointer, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(pointer)
    }

    /// Asks for, and expects, the server's name; SNI carries names only, never addresses (RFC 6066 §3).
    private func name(_ host: String, _ options: TLSClientOptions) -> Bool {
        let isAddress = SocketAddress(host: host, port: 0) != nil
        if !isAddress && copenssl_set_server_name(pointer, host) != 1 { return false }
        guard options.verifiesHost, !options.trust.skipsVerification else { return true }
        if isAddress { return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(pointer), host) == 1 }
        SSL_set_hostflags(pointer, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return SSL_set1_host(pointer, host) == 1
    }

    /// The state of the connection that a callback is about.
    static func of(_ connection: OpaquePointer) -> TLSState? {
        SSL_get_ex_data(connection, index).map { Unmanaged<TLSState>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The server asks for a certificate. Only now is the own one parsed: a resumed session does without, and of
    /// thousands of handshakes at once none has it in memory while it waits for the server.
    func showIdentity() -> Bool {
        guard let identity else {
            if case .client(let context) = role { lacksIdentity = context.options.identity == nil }
            return true
        }
        guard let unpacked = try? identity.unpacked() else { return false }
        showsIdentity = true
        guard SSL_use_certificate(pointer, unpacked.certificate.pointer) == 1,
            SSL_use_PrivateKey(pointer, unpacked.key.pointer) == 1
        else { return false }
        return unpacked.chain.dropFirst().allSatisfy {
            copenssl_add_connection_chain_certificate(pointer, $0.pointer) == 1
        }
    }

    /// Keeps a session that the server sent; owns one reference if it returns true.
    func keep(_ session: OpaquePointer) -> Bool {
        guard case .client(let context) = role, let ticketKey else { return false }
        context.tickets.keep(session, for: ticketKey)
        return true
    }

    // MARK: Calls of OpenSSL

    func handshake() -> Outcome {
        ERR_clear_error()
        let answer = SSL_do_handshake(pointer)
        return answer == 1 ? .done(0) : outcome(of: answer)
    }

    func read(into target: UnsafeMutableRawBufferPointer) -> Outcome {
        ERR_clear_error()
        var count = 0
        let answer = SSL_read_ex(pointer, target.baseAddress, target.count, &count)
        return answer == 1 ? .done(count) : outcome(of: answer)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        ERR_clear_error()
        var count = 0
        let answer = SSL_write_ex(pointer, bytes.baseAddress, bytes.count, &count)
        return answer == 1 ? .done(count) : outcome(of: answer)
    }

    /// Sends close_notify.
    func finish() {
        ERR_clear_error()
        SSL_shutdown(pointer)
        ERR_clear_error()
    }

    /// Lets go of what the handshake alone has used: the certificate and the key of this side, the keys exchanged, the
    /// authorities that the server named (renegotiation is off, and authentication after the handshake is not offered).
    func forgetHandshake() {
        identity = nil
        if showsIdentity { SSL_certs_clear(pointer) }
        copenssl_forget_handshake(pointer)
    }

    /// Whether sessions are kept, to be resumed later.
    var keepsSessions: Bool { ticketKey != nil }

    var isResumed: Bool { SSL_session_reused(pointer) == 1 }

    /// Gives back buffers that hold nothing. OpenSSL does so itself after most calls, but keeps one for writing when a
    /// ticket has come in (TLS 1.3): 16 KiB for as long as an agent is silent.
    func trim() {
        SSL_free_buffers(pointer)
    }

    private func outcome(of answer: Int32) -> Outcome {
        switch SSL_get_error(pointer, answer) {
        case SSL_ERROR_WANT_READ: return .needsInput
        case SSL_ERROR_WANT_WRITE: return .needsOutput
        case SSL_ERROR_ZERO_RETURN: return .peerFinished
        default: return .failed(judgement())
        }
    }

    private func judgement() -> TLSFailure {
        let first = ERR_get_error()
        // After a refused certificate come the errors that led to it; the verdict is more precise than they are.
        var isVerdict = false
        var each = first
        while each != 0 {
            if copenssl_error_library(each) == ERR_LIB_SSL
                && copenssl_error_reason(each) == SSL_R_CERTIFICATE_VERIFY_FAILED
            {
                isVerdict = true
            }
            each = ERR_get_error()
        }
        if let failure { return failure }
        guard !isVerdict else { return TLSFailure(verdict: SSL_get_verify_result(pointer)) }
        // TLS 1.2 has no alert of its own for a certificate that was asked for and not shown (RFC 5246, section 7.4.6).
        let failure = TLSFailure(error: first)
        return failure == .handshakeFailure && lacksIdentity ? .certificateRequired : failure
    }

    // MARK: What was agreed on

    var summary: TLSSessionSummary {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(pointer, &name, &count)
        let applicationProtocol = name.map {
            String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self)
        }
        return TLSSessionSummary(
            version: TLSVersion(rawValue: SSL_version(pointer)) ?? .tls12,
            cipher: SSL_CIPHER_standard_name(SSL_get_current_cipher(pointer)).map { String(cString: $0) } ?? "",
            isResumed: SSL_session_reused(pointer) == 1, applicationProtocol: applicationProtocol,
            serverName: SSL_get_servername(pointer, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) })
    }

    /// The peer's certificate.
    var peerCertificate: Certificate? {
        SSL_get1_peer_certificate(pointer).map { Certificate(owning: $0) }
    }
}
