/// How a connection's TLS is to be set up (spec: TLSConnectionSettings Message).
public struct TLSConnectionSettings: Equatable, Sendable {
    /// Certificate authorities to trust, in PEM.
    public var caPEMContents: String = ""
    /// Whether the system's certificate authorities are trusted as well.
    public var includeSystemCACertsPool: Bool = false
    /// Whether the peer's certificate goes unchecked.
    public var insecureSkipVerify: Bool = false
    /// The lowest TLS version to accept; empty for the agent's default.
    public var minVersion: String = ""
    /// The highest TLS version to accept; empty for the agent's default.
    public var maxVersion: String = ""
    /// The cipher suites to allow; empty for the agent's default.
    public var cipherSuites: [String] = []

    public init() {}

    public init(
        caPEMContents: String = "",
        includeSystemCACertsPool: Bool = false,
        insecureSkipVerify: Bool = false,
        minVersion: String = "",
        maxVersion: String = "",
        cipherSuites: [String] = []
    ) {
        self.caPEMContents = caPEMContents
        self.includeSystemCACertsPool = includeSystemCACertsPool
        self.insecureSkipVerify = insecureSkipVerify
        self.minVersion = minVersion
        self.maxVersion = maxVersion
        self.cipherSuites = cipherSuites
    }
}

extension TLSConnectionSettings: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.strings(6, cipherSuites)
        visitor.string(5, maxVersion)
        visitor.string(4, minVersion)
        visitor.bool(3, insecureSkipVerify)
        visitor.bool(2, includeSystemCACertsPool)
        visitor.string(1, caPEMContents)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &caPEMContents)
        case 2: try reader.bool(field, into: &includeSystemCACertsPool)
        case 3: try reader.bool(field, into: &insecureSkipVerify)
        case 4: try reader.string(field, into: &minVersion)
        case 5: try reader.string(field, into: &maxVersion)
        case 6: try reader.strings(field, into: &cipherSuites)
        default: try reader.skip(field)
        }
    }
}

/// A certificate with its private key (spec: TLSCertificate Message).
public struct TLSCertificate: Equatable, Sendable {
    /// The certificate, in PEM.
    public var cert: [UInt8] = []
    /// Its private key, in PEM; empty when the agent made the key itself.
    public var privateKey: [UInt8] = []
    /// The authority that signed it, in PEM; optional.
    public var caCert: [UInt8] = []

    public init() {}

    public init(cert: [UInt8] = [], privateKey: [UInt8] = [], caCert: [UInt8] = []) {
        self.cert = cert
        self.privateKey = privateKey
        self.caCert = caCert
    }
}

extension TLSCertificate: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.bytes(3, caCert)
        visitor.bytes(2, privateKey)
        visitor.bytes(1, cert)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.bytes(field, into: &cert)
        case 2: try reader.bytes(field, into: &privateKey)
        case 3: try reader.bytes(field, into: &caCert)
        default: try reader.skip(field)
        }
    }
}
