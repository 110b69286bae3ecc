public import OrderedCollections

/// How an agent should reach an OpAMP server (spec: OpAMPConnectionSettings Message).
public struct OpAMPConnectionSettings: Equatable, Sendable {
    /// The server's `ws`, `wss`, `http` or `https` address.
    public var destinationEndpoint: String = ""
    /// Request headers for connecting.
    public var headers: Headers?
    /// The client certificate to use from now on.
    public var certificate: TLSCertificate?
    /// Seconds between heartbeats, or between polls over HTTP; 0 means no heartbeats.
    public var heartbeatIntervalSeconds: UInt64 = 0
    /// How TLS is to be set up.
    public var tls: TLSConnectionSettings?
    /// The proxy to go through.
    public var proxy: ProxyConnectionSettings?

    public init() {}

    public init(
        destinationEndpoint: String = "",
        headers: Headers? = nil,
        certificate: TLSCertificate? = nil,
        heartbeatIntervalSeconds: UInt64 = 0,
        tls: TLSConnectionSettings? = nil,
        proxy: ProxyConnectionSettings? = nil
    ) {
        self.destinationEndpoint = destinationEndpoint
        self.headers = headers
        self.certificate = certificate
        self.heartbeatIntervalSeconds = heartbeatIntervalSeconds
        self.tls = tls
        self.proxy = proxy
    }
}

extension OpAMPConnectionSettings: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(6, proxy)
        visitor.message(5, tls)
        visitor.uint64(4, heartbeatIntervalSeconds)
        visitor.message(3, certificate)
        visitor.message(2, headers)
        visitor.string(1, destinationEndpoint)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &destinationEndpoint)
        case 2: try reader.message(field, into: &headers)
        case 3: try reader.message(field, into: &certificate)
        case 4: try reader.uint64(field, into: &heartbeatIntervalSeconds)
        case 5: try reader.message(field, into: &tls)
        case 6: try reader.message(field, into: &proxy)
        default: try reader.skip(field)
        }
    }
}

/// Where an agent should send telemetry about itself (spec: TelemetryConnectionSettings).
public struct TelemetryConnectionSettings: Equatable, Sendable {
    /// An OTLP/HTTP address.
    public var destinationEndpoint: String = ""
    /// Request headers for connecting.
    public var headers: Headers?
    /// The client certificate to use from now on.
    public var certificate: TLSCertificate?
    /// How TLS is to be set up.
    public var tls: TLSConnectionSettings?
    /// The proxy to go through.
    public var proxy: ProxyConnectionSettings?

    public init() {}

    public init(
        destinationEndpoint: String = "",
        headers: Headers? = nil,
        certificate: TLSCertificate? = nil,
        tls: TLSConnectionSettings? = nil,
        proxy: ProxyConnectionSettings? = nil
    ) {
        self.destinationEndpoint = destinationEndpoint
        self.headers = headers
        self.certificate = certificate
        self.tls = tls
        self.proxy = proxy
    }
}

extension TelemetryConnectionSettings: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(5, proxy)
        visitor.message(4, tls)
        visitor.message(3, certificate)
        visitor.message(2, headers)
        visitor.string(1, destinationEndpoint)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &destinationEndpoint)
        case 2: try reader.message(field, into: &headers)
        case 3: try reader.message(field, into: &certificate)
        case 4: try reader.message(field, into: &tls)
        case 5: try reader.message(field, into: &proxy)
        default: try reader.skip(field)
        }
    }
}

/// Settings of a connection that only the agent knows the use of (spec: OtherConnectionSettings).
public struct OtherConnectionSettings: Equatable, Sendable {
    /// The address, in whatever form the agent expects.
    public var destinationEndpoint: String = ""
    /// Request headers for connecting.
    public var headers: Headers?
    /// The client certificate to use from now on.
    public var certificate: TLSCertificate?
    /// Settings by name.
    public var otherSettings: OrderedDictionary<String, String> = [:]
    /// How TLS is to be set up.
    public var tls: TLSConnectionSettings?
    /// The proxy to go through.
    public var proxy: ProxyConnectionSettings?

    public init() {}

    public init(
        destinationEndpoint: String = "",
        headers: Headers? = nil,
        certificate: TLSCertificate? = nil,
        otherSettings: OrderedDictionary<String, String> = [:],
        tls: TLSConnectionSettings? = nil,
        proxy: ProxyConnectionSettings? = nil
    ) {
        self.destinationEndpoint = destinationEndpoint
        self.headers = headers
        self.certificate = certificate
        self.otherSettings = otherSettings
        self.tls = tls
        self.proxy = proxy
    }
}

extension OtherConnectionSettings: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(6, proxy)
        visitor.message(5, tls)
        visitor.stringMap(4, otherSettings)
        visitor.message(3, certificate)
        visitor.message(2, headers)
        visitor.string(1, destinationEndpoint)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &destinationEndpoint)
        case 2: try reader.message(field, into: &headers)
        case 3: try reader.message(field, into: &certificate)
        case 4: try reader.stringMap(field, into: &otherSettings)
        case 5: try reader.message(field, into: &tls)
        case 6: try reader.message(field, into: &proxy)
        default: try reader.skip(field)
        }
    }
}
