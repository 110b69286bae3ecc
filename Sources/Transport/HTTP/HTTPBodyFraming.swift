import Basis

/// How the end of a message's body is known (RFC 9112, section 6.3).
enum HTTPBodyFraming: Equatable, Sendable {
    case none
    case fixed(Int)
    case chunked
    case untilClose
    /// The connection changes to another protocol behind the head.
    case tunnel

    /// The framing of a request's body.
    init(of head: HTTPRequestHead, limits: HTTPLimits) throws(HTTPError) {
        let hosts = head.fields.count(of: "Host")
        guard hosts == 1 || (hosts == 0 && head.version == .http10) else { throw .badHost }
        self = try Self.declared(head.fields, head.version, limits) ?? .none
    }

    /// The framing of the body of a response to a request with `method`.
    init(of head: HTTPResponseHead, to method: HTTPMethod, limits: HTTPLimits) throws(HTTPError) {
        switch head.status {
        case 101: self = .tunnel
        case 200...299 where method == .connect: self = .tunnel
        case 204, 304: self = .none
        case _ where method == .head: self = .none
        default: self = try Self.declared(head.fields, head.version, limits) ?? .untilClose
        }
    }

    /// What the fields say; nil where they say nothing.
    private static func declared(
        _ fields: HTTPFields, _ version: HTTPVersion, _ limits: HTTPLimits
    ) throws(HTTPError) -> HTTPBodyFraming? {
        if let coding = fields.index(of: "Transfer-Encoding", from: 0) {
            guard !fields.contains("Content-Length") else { throw .contentLengthWithTransferEncoding }
            guard version == .http11, fields.value(at: coding).equalsIgnoringCase("chunked"),
                fields.index(of: "Transfer-Encoding", from: coding + 1) == nil
            else { throw .unsupportedTransferEncoding }
            return .chunked
        }
        var declared: Int?
        var start = 0
        while let index = fields.index(of: "Content-Length", from: start) {
            let length = try contentLength(fields.value(at: index))
            guard declared == nil || declared == length else { throw .conflictingContentLength }
            declared = length
            start = index + 1
        }
        guard let declared else { return nil }
        guard declared <= limits.bodyBytes else { throw .bodyTooLarge(limit: limits.bodyBytes) }
        return .fixed(declared)
    }

    /// Digits and nothing else. A length that no integer holds counts as the largest: too large, not malformed.
    private static func contentLength(_ text: RawSpan) throws(HTTPError) -> Int {
        guard text.byteCount > 0 else { throw .badContentLength }
        var length = 0
        var isHuge = false
        for index in 0..<text.byteCount {
            guard text.byte(index).isDecimalDigit else { throw .badContentLength }
            let (product, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(text.byte(index) - 0x30))
            isHuge = isHuge || overflow || carry
            length = isHuge ? 0 : sum
        }
        return isHuge ? .max : length
    }
}
