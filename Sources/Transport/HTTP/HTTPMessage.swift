/// A request's method (RFC 9110, section 9). Methods are case-sensitive.
public enum HTTPMethod: Hashable, Sendable {
    case get
    case head
    case post
    case put
    case delete
    case options
    case connect
    case other(String)

    /// As written in a request line.
    public var text: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .connect: "CONNECT"
        case .other(let text): text
        }
    }

    init(_ text: String) {
        switch text {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        case "CONNECT": self = .connect
        default: self = .other(text)
        }
    }
}

/// The versions of HTTP that are understood. A higher minor version counts as 1.1 (RFC 9110, section 2.5).
public enum HTTPVersion: Hashable, Sendable {
    case http10
    case http11
}

/// The head of a request.
public struct HTTPRequestHead: Equatable, Sendable {
    public var method: HTTPMethod
    /// As received: path and query, or whatever else the client sent.
    public var target: String
    public var version: HTTPVersion
    public var fields: HTTPFields

    public init(method: HTTPMethod, target: String, version: HTTPVersion = .http11, fields: HTTPFields = HTTPFields()) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
    }

    /// The target without the scheme and the authority of an absolute form (RFC 9112, section 3.2.2), which a server
    /// has to accept: `http://host/path?query` is `/path?query`.
    public var originForm: String {
        guard let mark = target.firstRange(of: "://"),
            ["http", "https"].contains(target[..<mark.lowerBound].lowercased())
        else { return target }
        let rest = target[mark.upperBound...].drop { $0 != "/" && $0 != "?" }
        return rest.hasPrefix("/") ? String(rest) : "/\(rest)"
    }

    /// The target up to its query.
    public var path: Substring { target.prefix { $0 != "?" } }
}

/// The head of a response.
public struct HTTPResponseHead: Equatable, Sendable {
    /// 100 to 599.
    public var status: UInt16
    /// The reason phrase, often empty.
    public var reason: String
    public var version: HTTPVersion
    public var fields: HTTPFields

    public init(
        status: UInt16, reason: String = "", version: HTTPVersion = .http11, fields: HTTPFields = HTTPFields()
    ) {
        self.status = status
        self.reason = reason
        self.version = version
        self.fields = fields
    }
}
