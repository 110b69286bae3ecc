// Invariants of the unsafe memory in this file:
//  - The callbacks' argument is this context, which owns the SSL_CTX that calls them; connections hold the context.

import COpenSSL
public import OpenSSL

/// How a listener's connections are secured.
public final class TLSServerContext: Sendable {
    let context: TLSContext
    private let judgement: PeerJudgement?
    private let protocols: [UInt8]
    private let status: [UInt8]?

    /// - Throws: `TLSError` for certificates, keys or settings that cannot be used.
    public init(_ options: TLSServerOptions) throws(TLSError) {
        context = try TLSContext(isServer: true, versions: options.versions)
        protocols = try TLSContext.wireProtocols(options.applicationProtocols)
        status = options.stapledStatus
        let pointer = context.pointer
        try context.use(cipherSuites: options.cipherSuites)
        try context.use(options.identity)
        switch options.clientCertificates {
        case .notAsked:
            judgement = nil
        case .optional(let trust):
            judgement = try Self.ask(context, trust, SSL_VERIFY_PEER)
        case .required(let trust):
            judgement = try Self.ask(context, trust, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT)
        }
        copenssl_set_session_cache(pointer, Int(SSL_SESS_CACHE_OFF))
        SSL_CTX_set_timeout(pointer, options.ticketLifetimeSeconds)
        if options.issuesTickets {
            // One is enough: an agent keeps its latest.
            SSL_CTX_set_num_tickets(pointer, 1)
        } else {
            copenssl_disable_tickets(pointer)
        }
        // Without a name for its sessions a server that asks for certificates refuses to resume any.
        let name: [UInt8] = Array("muster".utf8)
        SSL_CTX_set_session_id_context(pointer, name, UInt32(name.count))
        installCallbacks()
    }

    private static func ask(_ context: TLSContext, _ trust: TLSTrust, _ mode: Int32) throws(TLSError) -> PeerJudgement {
        let judgement = PeerJudgement(trust)
        try context.use(trust)
        SSL_CTX_set_verify(context.pointer, mode, nil)
        if trust.skipsVerification {
            // Asked for and shown, but not judged.
            SSL_CTX_set_cert_verify_callback(context.pointer, { _, _ in 1 }, nil)
        } else {
            judgement.install(in: context)
        }
        // The names of the authorities, from which clients choose the certificate to show.
        if !trust.authorities.isEmpty {
            for certificate in try Certificate.parse(pem: trust.authorities) {
                SSL_CTX_add_client_CA(context.pointer, certificate.pointer)
            }
        }
        return judgement
    }

    private func installCallbacks() {
        let itself = Unmanaged.passUnretained(self).toOpaque()
        if !protocols.isEmpty {
            SSL_CTX_set_alpn_select_cb(
                context.pointer,
                { _, chosen, chosenCount, offered, offeredCount, argument in
                    guard let argument, let offered, let chosen, let chosenCount else { return SSL_TLSEXT_ERR_NOACK }
                    let context = Unmanaged<TLSServerContext>.fromOpaque(argument).takeUnretainedValue()
                    return context.choose(offered, offeredCount, chosen, chosenCount)
                }, itself)
        }
        if status != nil {
            copenssl_set_status_callback(
                context.pointer,
                { connection, argument in
                    guard let connection, let argument else { return SSL_TLSEXT_ERR_NOACK }
                    return Unmanaged<TLSServerContext>.fromOpaque(argument).takeUnretainedValue().staple(connection)
                }, itself)
        }
    }

    private func choose(
        _ offered: UnsafePointer<UInt8>, _ offeredCount: UInt32, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
        _ chosenCount: UnsafeMutablePointer<UInt8>
    ) -> Int32 {
        var found: UnsafeMutablePointer<UInt8>?
        // On success `found` points into the client's offer, which lives as long as OpenSSL needs it.
        let outcome = protocols.withUnsafeBufferPointer { mine in
            SSL_select_next_proto(&found, chosenCount, mine.baseAddress, UInt32(mine.count), offered, offeredCount)
        }
        guard outcome == OPENSSL_NPN_NEGOTIATED, let found else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        guard let match = Self.match(found, chosenCount.pointee, in: offered, offeredCount) else {
            return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        chosen.pointee = match
        return SSL_TLSEXT_ERR_OK
    }

    /// Where the chosen name is in the client's offer: a pointer that outlives the call.
    private static func match(
        _ name: UnsafePointer<UInt8>, _ count: UInt8, in offered: UnsafePointer<UInt8>, _ offeredCount: UInt32
    ) -> UnsafePointer<UInt8>? {
        var position = 0
        while position < Int(offeredCount) {
            let length = Int(offered[position])
            guard position + 1 + length <= Int(offeredCount) else { return nil }
            if length == Int(count) && memcmp(offered + position + 1, name, length) == 0 {
                return offered + position + 1
            }
            position += 1 + length
        }
        return nil
    }

    private func staple(_ connection: OpaquePointer) -> Int32 {
        guard let status, let copy = copenssl_allocate(status.count) else { return SSL_TLSEXT_ERR_NOACK }
        copy.update(from: status, count: status.count)
        copenssl_staple_status(connection, copy, status.count)
        return SSL_TLSEXT_ERR_OK
    }
}
