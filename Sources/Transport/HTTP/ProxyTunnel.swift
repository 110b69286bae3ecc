/// The client's side of one HTTP CONNECT (RFC 9110, section 9.3.6): asks a proxy for a tunnel, checks its answer.
///
/// Behind a successful answer the connection belongs to the two ends of the tunnel. Lives only until then; holds the
/// answer's head while it arrives. Times are the caller's.
public struct ProxyTunnel: Sendable {
    private var reader: HTTPReader

    public init(limits: HTTPLimits = HTTPLimits()) {
        reader = HTTPReader(.responses, limits: limits)
        reader.expectResponse(to: .connect)
    }

    /// Appends the request.
    /// - Parameters:
    ///   - authority: where the tunnel is to lead, `host:port`.
    ///   - fields: what is for the proxy alone, such as its credentials.
    public func appendRequest(authority: String, fields: HTTPFields = HTTPFields(), to bytes: inout [UInt8]) {
        HTTPWriter.appendRequest(.connect, target: authority, host: authority, fields: fields, to: &bytes)
    }

    /// Reads on; true once the tunnel is open.
    /// - Throws: `ProxyError`: the proxy's refusal or fault. The connection is to be closed.
    public mutating func next(_ input: RawSpan, at offset: inout Int) throws(ProxyError) -> Bool {
        while let event = try read(input, at: &offset) {
            guard case .response(let head) = event else { continue }
            guard (200...299).contains(head.status) else { throw .refused(HTTPRefusal(head)) }
            // In every protocol over such a tunnel the client sends first.
            guard offset == input.byteCount else { throw .earlyBytes }
            return true
        }
        return false
    }

    /// The error for a connection that closed before the tunnel was open.
    public func transportClosed() -> ProxyError {
        reader.isBetweenMessages ? .closed : .http(.truncated)
    }

    private mutating func read(_ input: RawSpan, at offset: inout Int) throws(ProxyError) -> HTTPEvent? {
        do throws(HTTPError) {
            return try reader.next(input, at: &offset)
        } catch {
            throw .http(error)
        }
    }
}

/// Why a proxy opened no tunnel.
public enum ProxyError: Error, Equatable, Sendable {
    /// The proxy refused: 407 requires credentials, 502 and 504 are about the server behind it.
    case refused(HTTPRefusal)
    /// The proxy sent invalid HTTP/1.1.
    case http(HTTPError)
    /// The connection closed before a byte of the answer came.
    case closed
    /// Bytes came through the tunnel before the client had said a word.
    case earlyBytes

    /// The name under which the error is counted.
    public var name: String {
        switch self {
        case .refused(let refusal): "proxy_refused_\(refusal.status)"
        case .http(let error): "proxy_\(error.name)"
        case .closed: "proxy_closed"
        case .earlyBytes: "proxy_early_bytes"
        }
    }
}

extension ProxyError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let refusal): "the proxy opened no tunnel: \(refusal.status) \(refusal.reason)"
        case .http(let error): "the proxy's answer to CONNECT is wrong: \(error)"
        case .closed: "the proxy closed the connection before it answered"
        case .earlyBytes: "bytes came through the proxy's tunnel before anything was asked"
        }
    }
}
