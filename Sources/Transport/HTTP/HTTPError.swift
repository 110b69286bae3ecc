/// How a peer broke HTTP/1.1 (RFC 9112). Always the peer's fault; the remedy is to answer with `responseStatus` where
/// we are the server, and to close.
public enum HTTPError: Error, Hashable, Sendable {
    case headTooLarge(limit: UInt32)
    case lineTooLong(limit: UInt32)
    case tooManyFields(limit: UInt32)
    /// The first line is neither a request nor a status line: most often the peer does not speak HTTP.
    case badStartLine
    case unsupportedVersion
    /// A field name that is not a token, or white space before the colon.
    case badFieldName
    /// A control character in a field value.
    case badFieldValue
    /// A continuation line without a field before it.
    case obsoleteFolding
    /// A line that ends without a carriage return.
    case bareLineFeed
    /// A carriage return that ends no line.
    case bareCarriageReturn
    case badContentLength
    /// Several lengths that differ.
    case conflictingContentLength
    /// Both a length and a transfer coding: the mark of request smuggling (RFC 9112, section 6.3).
    case contentLengthWithTransferEncoding
    /// A transfer coding other than `chunked` alone, or any in HTTP/1.0.
    case unsupportedTransferEncoding
    /// An HTTP/1.1 request without a Host, or with several.
    case badHost
    case bodyTooLarge(limit: Int)
    case badChunkSize
    case chunkLineTooLong(limit: UInt32)
    /// More bytes of chunk extensions in total than allowed.
    case chunkExtensionsTooLong(limit: UInt32)
    /// A chunk without the end of a line after it.
    case badChunkEnd
    case badTrailer
    case tooManyInformational(limit: UInt32)
    /// The connection closed inside a message.
    case truncated

    /// The status that a server answers before it closes.
    public var responseStatus: UInt16 {
        switch self {
        case .headTooLarge, .lineTooLong, .tooManyFields: 431
        case .bodyTooLarge: 413
        case .unsupportedVersion: 505
        case .unsupportedTransferEncoding: 501
        case .badStartLine, .badFieldName, .badFieldValue, .obsoleteFolding, .bareLineFeed, .bareCarriageReturn,
            .badContentLength, .conflictingContentLength, .contentLengthWithTransferEncoding, .badHost, .badChunkSize,
            .chunkLineTooLong, .chunkExtensionsTooLong, .badChunkEnd, .badTrailer, .tooManyInformational, .truncated:
            400
        }
    }

    /// The name under which the error is counted; the same for all payloads.
    public var name: String {
        switch self {
        case .headTooLarge: "http_head_too_large"
        case .lineTooLong: "http_line_too_long"
        case .tooManyFields: "http_too_many_fields"
        case .badStartLine: "http_bad_start_line"
        case .unsupportedVersion: "http_unsupported_version"
        case .badFieldName: "http_bad_field_name"
        case .badFieldValue: "http_bad_field_value"
        case .obsoleteFolding: "http_obsolete_folding"
        case .bareLineFeed: "http_bare_line_feed"
        case .bareCarriageReturn: "http_bare_carriage_return"
        case .badContentLength: "http_bad_content_length"
        case .conflictingContentLength: "http_conflicting_content_length"
        case .contentLengthWithTransferEncoding: "http_content_length_with_transfer_encoding"
        case .unsupportedTransferEncoding: "http_unsupported_transfer_encoding"
        case .badHost: "http_bad_host"
        case .bodyTooLarge: "http_body_too_large"
        case .badChunkSize: "http_bad_chunk_size"
        case .chunkLineTooLong: "http_chunk_line_too_long"
        case .chunkExtensionsTooLong: "http_chunk_extensions_too_long"
        case .badChunkEnd: "http_bad_chunk_end"
        case .badTrailer: "http_bad_trailer"
        case .tooManyInformational: "http_too_many_informational"
        case .truncated: "http_truncated"
        }
    }
}

extension HTTPError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .headTooLarge(let limit): "the peer sent an HTTP head of more than \(limit) bytes"
        case .lineTooLong(let limit): "the peer sent a line of more than \(limit) bytes in an HTTP head"
        case .tooManyFields(let limit): "the peer sent more than \(limit) HTTP fields"
        case .badStartLine: "the peer does not speak HTTP/1.1: check the address, the port and the scheme"
        case .unsupportedVersion: "the peer speaks another version of HTTP than 1.1"
        case .badFieldName: "the peer sent an HTTP field with a malformed name"
        case .badFieldValue: "the peer sent an HTTP field with a control character in its value"
        case .obsoleteFolding: "the peer began the fields of an HTTP head with a continued line"
        case .bareLineFeed: "the peer ended a line without a carriage return"
        case .bareCarriageReturn: "the peer sent a carriage return inside a line"
        case .badContentLength: "the peer sent a Content-Length that is not a number"
        case .conflictingContentLength: "the peer sent several lengths that differ"
        case .contentLengthWithTransferEncoding: "the peer sent both Content-Length and Transfer-Encoding"
        case .unsupportedTransferEncoding: "the peer used a transfer coding other than chunked"
        case .badHost: "the request has no Host field, or several"
        case .bodyTooLarge(let limit): "the peer sent a body of more than \(limit) bytes"
        case .badChunkSize: "the peer sent a chunk with a malformed size"
        case .chunkLineTooLong(let limit): "the peer opened a chunk with a line of more than \(limit) bytes"
        case .chunkExtensionsTooLong(let limit): "the peer sent more than \(limit) bytes of chunk extensions"
        case .badChunkEnd: "the peer sent a chunk longer than its size"
        case .badTrailer: "the peer sent a malformed trailer section"
        case .tooManyInformational(let limit): "the peer sent more than \(limit) informational responses"
        case .truncated: "the connection closed in the middle of an HTTP message"
        }
    }
}
