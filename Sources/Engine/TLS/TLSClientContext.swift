// Invariants of the unsafe memory in this file:
//  - Callbacks find their connection's TLSState by a pointer in the SSL, which is there as long as the state.

import COpenSSL
public import OpenSSL

/// How a fleet's connections are secured; made once, used by any number of endpoints on any shards.
public final class TLSClientContext: Sendable {
    let context: TLSContext
    let tickets = TLSTickets()
    let options: TLSClientOptions
    /// Held for the callbacks; the context is freed first.
    private let judgement: PeerJudgement

    /// - Throws: `TLSError` for certificates, keys or settings that cannot be used.
    public init(_ options: TLSClientOptions = TLSClientOptions()) throws(TLSError) {
        self.options = options
        context = try TLSContext(isServer: false, versions: options.versions)
        try context.use(cipherSuites: options.cipherSuites)
        judgement = PeerJudgement(options.trust)
        try context.use(options.trust)
        if options.trust.skipsVerification {
            SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
        } else {
            SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
            judgement.install(in: context)
        }
        if let identity = options.identity { try context.use(identity) }
        SSL_CTX_set_cert_cb(
            context.pointer,
            { connection, _ in
                guard let connection, let state = TLSState.of(connection) else { return 0 }
                return state.showIdentity() ? 1 : 0
            }, nil)
        let protocols = try TLSContext.wireProtocols(options.applicationProtocols)
        if !protocols.isEmpty { SSL_CTX_set_alpn_protos(context.pointer, protocols, UInt32(protocols.count)) }
        if options.requiresStapledStatus {
            copenssl_request_status(context.pointer)
            copenssl_set_status_callback(
                context.pointer,
                { connection, _ in
                    // A resumed handshake shows no certificate, so nothing is stapled to it (RFC 8446, section
                    // 4.2.11): the status was judged when the session was established. TLS 1.3 asks here all the
                    // same.
                    guard let connection, SSL_session_reused(connection) == 0,
                        let failure = StapledStatus.failure(of: connection)
                    else { return 1 }
                    TLSState.of(connection)?.failure = failure
                    return 0
                }, nil)
        }
        let cacheMode = options.resumes ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF
        copenssl_set_session_cache(context.pointer, Int(cacheMode))
        if options.resumes {
            SSL_CTX_sess_set_new_cb(context.pointer) { connection, session in
                guard let connection, let session, let state = TLSState.of(connection) else { return 0 }
                // 1: the reference is ours now.
                return state.keep(session) ? 1 : 0
            }
        }
    }

    /// Sessions kept for resumption.
    public var ticketCount: Int { tickets.count }

    /// Drops all kept sessions: the next handshakes are full ones.
    public func forgetTickets() {
        tickets.forgetAll()
    }
}
