public import OpenSSL

/// An agent's own certificate at rest: its bytes, and what it shares with the other agents. A parsed certificate takes
/// several KiB, its bytes less than one; it is parsed when a server asks for it and let go after the handshake.
public final class PackedIdentity: Sendable {
    /// The own certificate (DER): no other identity has the same.
    let certificate: [UInt8]
    /// What leads from the certificate towards an authority; the same objects for all agents of an authority.
    private let issuers: [Certificate]
    private let key: PrivateKey

    public init(_ identity: TLSIdentity) {
        certificate = identity.certificate.der
        issuers = Array(identity.chain.dropFirst())
        key = identity.key
    }

    /// The identity, ready for a handshake. About 20 µs with P-256.
    public func unpacked() throws(TLSError) -> TLSIdentity {
        try TLSIdentity(chain: [Certificate(der: certificate)] + issuers, key: key)
    }
}
