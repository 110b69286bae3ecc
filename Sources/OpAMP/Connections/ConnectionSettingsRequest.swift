/// Asks the server to create connection settings (spec: ConnectionSettingsRequest Message).
public struct ConnectionSettingsRequest: Equatable, Sendable {
    /// Asks for settings of the OpAMP connection.
    public var opamp: OpAMPConnectionSettingsRequest?

    public init() {}

    public init(opamp: OpAMPConnectionSettingsRequest? = nil) {
        self.opamp = opamp
    }
}

extension ConnectionSettingsRequest: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(1, opamp)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.message(field, into: &opamp)
        default: try reader.skip(field)
        }
    }
}

/// Asks the server for settings of the OpAMP connection.
public struct OpAMPConnectionSettingsRequest: Equatable, Sendable {
    /// Asks for a client certificate.
    public var certificateRequest: CertificateRequest?

    public init() {}

    public init(certificateRequest: CertificateRequest? = nil) {
        self.certificateRequest = certificateRequest
    }
}

extension OpAMPConnectionSettingsRequest: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(1, certificateRequest)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.message(field, into: &certificateRequest)
        default: try reader.skip(field)
        }
    }
}

/// Asks the server for a client certificate.
public struct CertificateRequest: Equatable, Sendable {
    /// The certificate signing request, in PEM, signed with the agent's own key.
    public var csr: [UInt8] = []

    public init() {}

    public init(csr: [UInt8] = []) {
        self.csr = csr
    }
}

extension CertificateRequest: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.bytes(1, csr)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.bytes(field, into: &csr)
        default: try reader.skip(field)
        }
    }
}
