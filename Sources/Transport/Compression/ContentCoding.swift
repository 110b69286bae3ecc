/// The content codings of HTTP (RFC 9110, section 8.4.1) that are supported.
public enum ContentCoding: UInt8, Hashable, Sendable, CaseIterable {
    /// As it is.
    case identity
    /// RFC 1952.
    case gzip
    /// RFC 8878, with windows of at most 8 MiB (RFC 9659).
    case zstd

    /// As written in Content-Encoding and Accept-Encoding.
    public var name: String {
        switch self {
        case .identity: "identity"
        case .gzip: "gzip"
        case .zstd: "zstd"
        }
    }

    /// The coding of that name, compared without case; `x-gzip` is gzip (RFC 9110, section 8.4.1.3).
    public init?(_ name: String) {
        switch name.lowercased() {
        case "identity": self = .identity
        case "gzip", "x-gzip": self = .gzip
        case "zstd": self = .zstd
        default: return nil
        }
    }

    /// The coding in a message's Content-Encoding; identity if it has none.
    /// - Throws: `ContentCodingError.unsupported` for another coding, or several: the peer's fault, answered with 415.
    public init(contentEncodingOf fields: HTTPFields) throws(ContentCodingError) {
        let values = fields.values(of: "Content-Encoding").filter { !$0.isEmpty }
        guard let value = values.first else {
            self = .identity
            return
        }
        guard values.count == 1, let coding = ContentCoding(value) else {
            throw .unsupported(values.joined(separator: ", "))
        }
        self = coding
    }
}

/// Why content could not be decoded. Always the peer's fault.
public enum ContentCodingError: Error, Hashable, Sendable {
    /// A coding that is not supported, or several on top of each other.
    case unsupported(String)
    /// The bytes are not of the coding that was named.
    case corrupt(ContentCoding)
    /// The bytes end before their content does.
    case truncated(ContentCoding)
    /// The content is larger than the limit in bytes.
    case tooLarge(limit: Int)

    /// The name under which the error is counted.
    public var name: String {
        switch self {
        case .unsupported: "content_coding_unsupported"
        case .corrupt: "content_coding_corrupt"
        case .truncated: "content_coding_truncated"
        case .tooLarge: "content_coding_too_large"
        }
    }

    /// The status that a server answers.
    public var responseStatus: UInt16 {
        switch self {
        case .unsupported: 415
        case .corrupt, .truncated: 400
        case .tooLarge: 413
        }
    }
}

extension ContentCodingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unsupported(let name): "the peer encoded its content as \"\(name)\", which is not supported"
        case .corrupt(let coding): "the peer's content is not \(coding.name)"
        case .truncated(let coding): "the peer's \(coding.name) content ends too early"
        case .tooLarge(let limit): "the peer's content is larger than \(limit) bytes once decoded"
        }
    }
}
