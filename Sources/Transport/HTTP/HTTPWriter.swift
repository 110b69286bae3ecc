import Basis

/// Writes heads (RFC 9112, sections 3 and 4) behind what a caller's buffer already holds; the body follows by the
/// caller.
public enum HTTPWriter {
    /// Appends a request's head.
    /// - Parameters:
    ///   - target: path and query. What may not be in a request line is percent-encoded, so that no text of a profile
    ///     can begin a second line; the same for `host`.
    ///   - fields: all fields but Host and Content-Length.
    ///   - contentLength: the size in bytes of the body that follows; nil for none.
    public static func appendRequest(
        _ method: HTTPMethod, target: String, host: String, fields: HTTPFields = HTTPFields(),
        contentLength: Int? = nil, to bytes: inout [UInt8]
    ) {
        for byte in method.text.utf8 where byte.isTokenCharacter {
            bytes.append(byte)
        }
        bytes.append(0x20)
        appendVisible(target.isEmpty ? "/" : target, to: &bytes)
        bytes.append(" HTTP/1.1\r\nHost: ")
        appendVisible(host, to: &bytes)
        bytes.append("\r\n")
        bytes.append(contentsOf: fields.block)
        appendLength(contentLength, to: &bytes)
        bytes.append("\r\n")
    }

    /// Appends a response's head.
    /// - Parameters:
    ///   - status: 100 to 599.
    ///   - reason: the reason phrase; the usual one where nil.
    ///   - fields: all fields but Content-Length and Connection.
    ///   - contentLength: the size in bytes of the body that follows; nil where the status has none, such as 101 or
    ///     204.
    ///   - keepAlive: false adds `Connection: close`.
    public static func appendResponse(
        _ status: UInt16, reason: String? = nil, fields: HTTPFields = HTTPFields(), contentLength: Int?,
        keepAlive: Bool = true, to bytes: inout [UInt8]
    ) {
        bytes.append("HTTP/1.1 ")
        bytes.append(decimal: UInt64(status))
        bytes.append(0x20)
        for byte in (reason ?? usualReason(status)).utf8 where byte.isFieldValueCharacter {
            bytes.append(byte)
        }
        bytes.append("\r\n")
        bytes.append(contentsOf: fields.block)
        appendLength(contentLength, to: &bytes)
        if !keepAlive { bytes.append("Connection: close\r\n") }
        bytes.append("\r\n")
    }

    /// Appends the informational response that lets a client send its body (RFC 9110, section 15.2.1).
    public static func appendContinue(to bytes: inout [UInt8]) {
        bytes.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    private static func appendLength(_ length: Int?, to bytes: inout [UInt8]) {
        guard let length else { return }
        bytes.append("Content-Length: ")
        bytes.append(decimal: UInt64(clamping: length))
        bytes.append("\r\n")
    }

    private static func appendVisible(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if (0x21...0x7E).contains(byte) {
                bytes.append(byte)
            } else {
                bytes.append(0x25)
                bytes.append(hexadecimalDigit(byte >> 4))
                bytes.append(hexadecimalDigit(byte & 15))
            }
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x41 + value - 10
    }

    /// The phrase that RFC 9110 and RFC 6585 give a status; empty for others.
    public static func usualReason(_ status: UInt16) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
