// Invariants of the unsafe memory in this file:
//  - A TLSState owns one SSL, whose BIO refers to the channel of the endpoint's shard; the endpoint is confined to that
//    shard and holds it, so the channel outlives the SSL and is used by one thread at a time.
//  - The SSL refers back to its state through its application pointer, set in init; the state owns the SSL.
//  - `TLSChannel.channel`'s input is set only during a call of OpenSSL, over bytes that live for that call.

import COpenSSL

/// How a client's handshake begins.
struct TLSStart {
    var address: SocketAddress
    /// The name that SNI asks for and that the certificate must carry; nil: the address.
    var serverName: String?
    /// The certificate to show; nil: the context's own, or none.
    var identity: TLSIdentity?
    /// Whether a kept session may be resumed.
    var resumes: Bool
}

/// TLS of one connection: an SSL and what it needs to be remembered by.
final class TLSState {
    /// What a call of OpenSSL came to.
    enum Outcome {
        case done(Int)
        /// Bytes from the peer are needed.
        case needsInput
        /// The channel's output is full and must be sent first.
        case needsOutput
        /// The peer has said goodbye.
        case peerFinished
        case failed(TLSFailure)
    }

    let pointer: OpaquePointer
    /// Held: OpenSSL's callbacks reach into it.
    private let owner: AnyObject
    private let tickets: TLSTickets?
    private let ticketKey: TLSTickets.Key?
    /// A certificate of its own was given to this connection, apart from the context's.
    private var ownsIdentity = false
    /// A verdict that OpenSSL has no code for, noted by a callback.
    var failure: TLSFailure?

    /// A client's side.
    init?(client context: TLSClientContext, channel: TLSChannel, _ start: TLSStart) {
        guard let made = SSL_new(context.context.pointer) else { return nil }
        pointer = made
        owner = context
        tickets = context.options.resumes ? context.tickets : nil
        ticketKey =
            context.options.resumes
            ? TLSTickets.Key(
                address: start.address, serverName: start.serverName, identity: start.identity?.certificate.digest)
            : nil
        guard attach(to: channel), name(start.serverName ?? start.address.host, context.options),
            show(start.identity)
        else { return nil }
        if start.resumes, let tickets, let ticketKey { tickets.offer(for: ticketKey, on: made) }
        SSL_set_connect_state(made)
    }

    /// A server's side.
    init?(server context: TLSServerContext, channel: TLSChannel) {
        guard let made = SSL_new(context.context.pointer) else { return nil }
        pointer = made
        owner = context
        tickets = nil
        ticketKey = nil
        guard attach(to: channel) else { return nil }
        SSL_set_accept_state(made)
    }

    deinit {
        // OpenSSL takes a connection freed without a goodbye for broken and would not resume its session; the fleet's
        // reconnect storms do exactly that.
        SSL_set_shutdown(pointer, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(pointer)
    }

    private func attach(to channel: TLSChannel) -> Bool {
        SSL_set_ex_data(pointer, 0, Unmanaged.passUnretained(self).toOpaque())
        return copenssl_attach(pointer, TLSChannel.method.pointer, channel.pointer) == 1
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

    private func show(_ identity: TLSIdentity?) -> Bool {
        guard let identity else { return true }
        ownsIdentity = true
        guard SSL_use_certificate(pointer, identity.certificate.pointer) == 1,
            SSL_use_PrivateKey(pointer, identity.key.pointer) == 1
        else { return false }
        return identity.chain.dropFirst().allSatisfy {
            copenssl_add_connection_chain_certificate(pointer, $0.pointer) == 1
        }
    }

    /// The state of the connection that a callback is about.
    static func of(_ connection: OpaquePointer) -> TLSState? {
        SSL_get_ex_data(connection, 0).map { Unmanaged<TLSState>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Keeps a session that the server handed out; takes over one reference where it answers true.
    func keep(_ session: OpaquePointer) -> Bool {
        guard let tickets, let ticketKey else { return false }
        tickets.keep(session, for: ticketKey)
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

    /// Says goodbye (close_notify).
    func finish() {
        ERR_clear_error()
        SSL_shutdown(pointer)
        ERR_clear_error()
    }

    /// Lets go of the certificate and the key of this side: the handshake was their only use (renegotiation is off, and
    /// authentication after the handshake is not offered).
    func forgetIdentity() {
        guard ownsIdentity else { return }
        SSL_certs_clear(pointer)
    }

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
        // Behind a refused certificate stand the errors that led to it; the verdict says more than they do.
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
        return isVerdict ? TLSFailure(verdict: SSL_get_verify_result(pointer)) : TLSFailure(error: first)
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

/// What all TLS connections of a shard share: the way in and out of OpenSSL, and where decrypted bytes stand. Made with
/// the shard's first TLS connection.
final class TLSChannel {
    /// The process's kind of BIO; never freed.
    struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    static let method = Method(pointer: copenssl_channel_method())

    /// Room for several full records (16 KiB each and their frames) or a handshake's flight.
    static let outputCapacity = 80 * 1024
    /// A record's bytes may have waited in the SSL for their end when a read brings the rest of it and more.
    static let longestRecord = 16_384

    let pointer: UnsafeMutablePointer<copenssl_channel>
    private let output: UnsafeMutableRawBufferPointer
    /// Decrypted bytes of one read.
    let plaintext: UnsafeMutableRawBufferPointer

    init(readBufferBytes: Int) {
        output = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.outputCapacity, alignment: 64)
        plaintext = UnsafeMutableRawBufferPointer.allocate(
            byteCount: readBufferBytes + Self.longestRecord, alignment: 64)
        pointer = UnsafeMutablePointer<copenssl_channel>.allocate(capacity: 1)
        pointer.initialize(
            to: copenssl_channel(
                input: nil, input_count: 0, output: output.baseAddress?.assumingMemoryBound(to: UInt8.self),
                output_count: 0, output_capacity: output.count))
    }

    deinit {
        pointer.deallocate()
        output.deallocate()
        plaintext.deallocate()
    }

    /// Runs calls of OpenSSL that may read `input`.
    func feeding<Answer>(_ input: UnsafeRawBufferPointer, _ body: () -> Answer) -> Answer {
        pointer.pointee.input = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        pointer.pointee.input_count = input.count
        defer {
            pointer.pointee.input = nil
            pointer.pointee.input_count = 0
        }
        return body()
    }

    /// What OpenSSL wants sent, which is forgotten; valid until its next call.
    func takeOutput() -> UnsafeRawBufferPointer {
        defer { pointer.pointee.output_count = 0 }
        return UnsafeRawBufferPointer(rebasing: output[0..<pointer.pointee.output_count])
    }
}
