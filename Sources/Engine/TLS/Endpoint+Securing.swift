public import Basis
import OpenSSL

extension Endpoint {
    /// Begins TLS, as a client, on a connection that is in plaintext: behind a proxy's tunnel. `connected`
    /// follows once the connection is secured, or `closed`. Ignored unless `isOpen`, or if TLS is already in use.
    ///
    /// - Parameters:
    ///   - destination: under which the server's tickets are remembered, and its name where `serverName` is nil.
    ///   - serverName: the name that the server's certificate must carry and that SNI asks for.
    ///   - identity: the certificate to show when asked, in place of the context's.
    ///   - resumes: as in `connect`.
    ///   - timeout: for the handshake, from when it begins: it may have to wait for others (`ShardOptions`).
    public final func secure(
        with context: TLSClientContext, to destination: SocketAddress, serverName: String?,
        identity: PackedIdentity? = nil, resumes: Bool = true, timeout: Nanoseconds = .seconds(10)
    ) {
        shard.assertOnShard()
        guard state == .open, case .none = security else { return }
        uncork()
        let start = TLSStart(address: destination, serverName: serverName, identity: identity, resumes: resumes)
        guard state == .open else { return }
        beginTLS(TLSPlan(context, start, shard.tlsChannel), timeout: timeout)
    }
}
