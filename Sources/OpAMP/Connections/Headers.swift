/// Request headers of a connection.
public struct Headers: Equatable, Sendable {
    /// The headers, in order; a name may occur more than once.
    public var headers: [Header] = []

    public init() {}

    public init(headers: [Header] = []) {
        self.headers = headers
    }
}

extension Headers: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.messages(1, headers)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.messages(field, into: &headers)
        default: try reader.skip(field)
        }
    }
}

/// One request header.
public struct Header: Equatable, Sendable {
    /// The header's name.
    public var key: String = ""
    /// The header's value.
    public var value: String = ""

    public init() {}

    public init(key: String = "", value: String = "") {
        self.key = key
        self.value = value
    }
}

extension Header: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.string(2, value)
        visitor.string(1, key)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &key)
        case 2: try reader.string(field, into: &value)
        default: try reader.skip(field)
        }
    }
}

/// The proxy that a connection goes through.
public struct ProxyConnectionSettings: Equatable, Sendable {
    /// The proxy's address.
    public var url: String = ""
    /// Headers of the CONNECT request.
    public var connectHeaders: Headers?

    public init() {}

    public init(url: String = "", connectHeaders: Headers? = nil) {
        self.url = url
        self.connectHeaders = connectHeaders
    }
}

extension ProxyConnectionSettings: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(2, connectHeaders)
        visitor.string(1, url)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.string(field, into: &url)
        case 2: try reader.message(field, into: &connectHeaders)
        default: try reader.skip(field)
        }
    }
}
