import OpenSSL

/// How a client's handshake begins.
struct TLSStart {
    var address: SocketAddress
    /// The name that SNI asks for and that the certificate must carry; nil: the address.
    var serverName: String?
    /// The certificate to show; nil: the context's own, or none.
    var identity: PackedIdentity?
    /// Whether a kept session may be resumed.
    var resumes: Bool
}

/// How a connection is secured.
enum EndpointSecurity {
    case none
    /// TLS begins once TCP is up. OpenSSL's part of a connection takes 10 KiB and more; agents in a queue for TCP do
    /// without.
    case planned(TLSPlan)
    case established(TLSState)
}

/// What is remembered until TCP is up.
final class TLSPlan {
    let context: TLSClientContext
    let start: TLSStart

    init(_ context: TLSClientContext, _ start: TLSStart) {
        self.context = context
        self.start = start
    }
}
