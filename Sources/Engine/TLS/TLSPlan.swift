import Basis
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
    /// TLS begins once TCP is up and fewer handshakes than the limit are under way. OpenSSL's part of a connection
    /// takes 10 KiB and more; agents that wait do without.
    case planned(TLSPlan)
    /// OpenSSL has the connection: during the handshake, and for good with TLS 1.2.
    case established(TLSState)
    /// The record layer has it.
    case records(RecordConnection)
    /// A server's side whose client has not sent a byte.
    case expected(TLSServerContext)
}

/// What is remembered until TCP is up.
final class TLSPlan {
    let context: TLSClientContext
    let start: TLSStart
    /// What continues without OpenSSL after the handshake.
    let successor: RecordConnection
    /// How long the handshake may take once it begins.
    var timeout = Nanoseconds.zero

    init(_ context: TLSClientContext, _ start: TLSStart, _ channel: TLSChannel) {
        self.context = context
        self.start = start
        successor = RecordConnection(channel.resources)
    }
}
