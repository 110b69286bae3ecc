public import Basis

/// Says that the server could not process a report (spec: ServerErrorResponse Message).
public struct ServerErrorResponse: Equatable, Sendable {
    /// What went wrong.
    public var type: ServerErrorResponseType = .unknown
    /// The same for people.
    public var errorMessage: String = ""
    /// With `.unavailable`: when to try again. The wire's oneof `Details` has this single case.
    public var retryInfo: RetryInfo?

    public init() {}

    public init(type: ServerErrorResponseType = .unknown, errorMessage: String = "", retryInfo: RetryInfo? = nil) {
        self.type = type
        self.errorMessage = errorMessage
        self.retryInfo = retryInfo
    }
}

extension ServerErrorResponse: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.message(3, retryInfo)
        visitor.string(2, errorMessage)
        visitor.enumeration(1, type)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.enumeration(field, into: &type)
        case 2: try reader.string(field, into: &errorMessage)
        case 3: try reader.message(field, into: &retryInfo)
        default: try reader.skip(field)
        }
    }
}

/// When an agent may try again.
public struct RetryInfo: Equatable, Sendable {
    /// How long to wait at least, in nanoseconds.
    public var retryAfterNanoseconds: UInt64 = 0

    public init() {}

    public init(retryAfterNanoseconds: UInt64 = 0) {
        self.retryAfterNanoseconds = retryAfterNanoseconds
    }
}

extension RetryInfo: FieldTable {
    func visit(_ visitor: inout some FieldVisitor) {
        visitor.uint64(1, retryAfterNanoseconds)
    }

    mutating func decode(_ field: FieldTag, from reader: inout WireReader) throws(DecodingError) {
        switch field.number {
        case 1: try reader.uint64(field, into: &retryAfterNanoseconds)
        default: try reader.skip(field)
        }
    }
}

extension RetryInfo {
    /// How long to wait at least; a span beyond the range of `Nanoseconds` (292 years) becomes its longest.
    public var retryAfter: Nanoseconds {
        Nanoseconds(Int64(clamping: retryAfterNanoseconds))
    }
}
