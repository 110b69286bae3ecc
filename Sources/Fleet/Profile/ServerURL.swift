import Basis
import Schema

/// The address of an OpAMP server: `ws://host:4320/v1/opamp`. Port and path may be left out; 4320 and `/v1/opamp` are
/// what OpAMP servers listen on by custom.
public struct ServerURL: Hashable, Sendable {
    /// The transport of the server.
    public enum Scheme: String, CaseIterable, Hashable, Sendable {
        case ws, wss, http, https
    }

    public static let defaultPort = 4320
    public static let defaultPath = "/v1/opamp"
    /// Longer addresses are refused: RFC 9110 asks servers for 8,000 bytes of request line, and no host name is near
    /// it.
    public static let longestText = 4_096

    public var scheme: Scheme
    /// A name or an address; an IPv6 address without its brackets.
    public var host: String
    /// 1 ... 65535.
    public var port: Int
    /// Begins with `/`; may hold a query.
    public var path: String

    public init(scheme: Scheme = .ws, host: String, port: Int = defaultPort, path: String = defaultPath) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
    }

    /// Over TLS.
    public var isSecure: Bool { scheme == .wss || scheme == .https }

    /// WebSocket, as opposed to plain HTTP polling.
    public var isWebSocket: Bool { scheme == .ws || scheme == .wss }

    /// The host as written in a URL and in the `Host` header: an IPv6 address in brackets.
    public var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }

    /// The address that a server has offered. Characters that no URL may hold are percent-encoded; what is wrong beyond
    /// that is the server's fault.
    init(offered text: String) throws(ServerURLError) {
        try self.init(PercentEncoding.url(text))
    }

    /// The address that `text` writes. What is wrong is the user's to mend and says how.
    /// - Parameter usualPort: of a scheme, where the text has none.
    public init(
        _ text: String, usualPort: (Scheme) -> Int = { _ in ServerURL.defaultPort }
    ) throws(ServerURLError) {
        guard text.utf8.count <= Self.longestText else { throw .tooLong }
        guard !text.isEmpty else { throw .missingScheme(text) }
        if let bad = text.unicodeScalars.first(where: {
            $0.value <= 0x20 || $0.value >= 0x7F || "\"<>\\^`{|}".unicodeScalars.contains($0)
        }) {
            throw .badCharacter(bad, in: text)
        }
        guard let mark = Self.range(of: "://", in: text) else { throw .missingScheme(text) }
        let word = text[..<mark.lowerBound]
        guard let scheme = Scheme(rawValue: word.lowercased()) else { throw .unknownScheme(String(word)) }
        let rest = text[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let tail = rest.dropFirst(authority.count)
        if authority.contains("@") { throw .credentials }
        if tail.contains("#") { throw .fragment }
        let (host, port): (String, Int?)
        do { (host, port) = try Self.split(authority) } catch {
            // A password with a "/" that is not encoded.
            throw tail.contains("@") ? .credentials : error
        }
        self.scheme = scheme
        self.host = host
        self.port = port ?? usualPort(scheme)
        path = tail.isEmpty ? Self.defaultPath : tail.hasPrefix("?") ? "/" + tail : String(tail)
    }

    /// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
    private static func split(_ authority: Substring) throws(ServerURLError) -> (String, Int?) {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw .badHost(String(authority)) }
            let address = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard isIPv6(address) else { throw .badHost(String(authority)) }
            if rest.isEmpty { return (address.lowercased(), nil) }
            guard rest.hasPrefix(":") else { throw .badHost(String(authority)) }
            return (address.lowercased(), try port(rest.dropFirst()))
        }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 2 { throw .bareIPv6(String(authority)) }
        let host = parts.first.map { $0.lowercased() } ?? ""
        if host.isEmpty { throw .missingHost }
        guard isName(host) else { throw .badHost(host) }
        return (host, parts.count == 2 ? try port(parts[1]) : nil)
    }

    private static func port(_ text: Substring) throws(ServerURLError) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy(NumberText.isDigit), let port = Int(text), (1...65_535).contains(port)
        else {
            throw .badPort(String(text))
        }
        return port
    }

    /// Letters, digits, `-`, `.` and `_` (which DNS does not know and container networks use), no empty label, no edge
    /// hyphen. What looks like an IPv4 address has to be one.
    private static func isName(_ host: String) -> Bool {
        guard host.utf8.count <= 253 else { return false }
        let labels = (host.hasSuffix(".") ? host.dropLast() : host[...]).split(
            separator: ".", omittingEmptySubsequences: false)
        let areNames = labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { NumberText.isDigit($0) || (97...122).contains($0) || $0 == 45 || $0 == 95 }
        }
        guard areNames, let last = labels.last else { return false }
        return last.utf8.allSatisfy(NumberText.isDigit) ? IPLiteral.isIPv4(host) : true
    }

    private static func isIPv6(_ text: Substring) -> Bool { IPLiteral.isIPv6(String(text)) }

    private static func range(of mark: String, in text: String) -> Range<String.Index>? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(mark) { return start..<text.index(start, offsetBy: mark.count) }
            start = text.index(after: start)
        }
        return nil
    }
}

extension ServerURL: CustomStringConvertible {
    /// The address in full, port and path included.
    public var text: String { "\(scheme.rawValue)://\(bracketedHost):\(port)\(path)" }

    /// The address for outputs: without its query, which may hold a credential.
    public var description: String { Redaction.url(text) }
}
