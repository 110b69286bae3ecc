public import Engine
public import OpAMP
import OpenSSL
public import Transport

/// A resolved destination of own telemetry.
public struct TelemetryRoute: Sendable {
    public let addresses: [SocketAddress]
    /// The `Host` field.
    public let host: String
    /// The request target, such as `/v1/metrics`.
    public let path: String
    /// The fields of every request: what was offered, and what OTLP/HTTP asks for.
    public let fields: HTTPFields
    /// TLS, where the endpoint asks for it.
    public let tls: TLSClientContext?
    /// The name that the destination's certificate has to bear.
    public let serverName: String
    /// The certificate that is shown to a destination that asks for one.
    public let identity: PackedIdentity?

    /// `nil` where there is no address.
    public init?(
        addresses: [SocketAddress], host: String, path: String, headers: [(name: String, value: String)],
        tls: TLSClientContext? = nil, serverName: String = "", identity: PackedIdentity? = nil
    ) {
        guard !addresses.isEmpty else { return nil }
        self.addresses = addresses
        self.host = host
        self.path = path
        self.tls = tls
        self.serverName = serverName
        self.identity = identity
        var fields = HTTPFields()
        // Literals of visible characters are always valid; a header that HTTP does not allow cannot be sent.
        try? fields.append("Content-Type", "application/x-protobuf")
        try? fields.append("User-Agent", "OTel-OTLP-Exporter-Muster")
        for header in headers { try? fields.append(header.name, header.value) }
        self.fields = fields
    }
}

/// Finds the route to an offered destination. Called off the shard.
public typealias DestinationResolver =
    @Sendable (TelemetryConnectionSettings) async throws(OfferProblem) -> TelemetryRoute
