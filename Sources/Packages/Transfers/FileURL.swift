import Basis

/// Where a package's file is: an `http` or `https` address (DownloadableFile.download_url).
public struct FileURL: Hashable, Sendable {
    public var isSecure: Bool
    /// A name or an address, lower case; an IPv6 address without its brackets.
    public var host: String
    /// 1 ... 65535.
    public var port: UInt16
    /// Path and query, beginning with `/`.
    public var target: String

    /// Longer addresses are refused.
    public static let longestText = 8_192

    public init(isSecure: Bool = false, host: String, port: UInt16, target: String) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.target = target
    }

    /// Reads an absolute address; nil where it is none, has another scheme, or carries a user's name. A fragment is
    /// dropped. Characters that no URL may hold are percent-encoded.
    public init?(_ text: String) {
        guard let text = Self.encoded(text), let (scheme, rest) = Self.scheme(of: text) else { return nil }
        switch scheme {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        guard rest.hasPrefix("//") else { return nil }
        let behind = rest.dropFirst(2)
        let authority = behind.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let (host, port) = Self.split(authority) else { return nil }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        target = Self.target(behind.dropFirst(authority.count))
    }

    /// The address that a redirect's `Location` means from here (RFC 3986, section 5.2); nil where it means none.
    public func following(_ location: String) -> FileURL? {
        guard let location = Self.encoded(location), !location.isEmpty else { return nil }
        if Self.scheme(of: location) != nil { return FileURL(location) }
        if location.hasPrefix("//") { return FileURL((isSecure ? "https:" : "http:") + location) }
        var next = self
        let reference = location.prefix { $0 != "#" }
        let path = target.prefix { $0 != "?" }
        if reference.isEmpty { return self }
        if reference.hasPrefix("/") {
            next.target = String(reference)
        } else if reference.hasPrefix("?") {
            next.target = String(path) + String(reference)
        } else {
            let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
            next.target = String(folder) + String(reference)
        }
        next.target = Self.withoutDots(next.target)
        return next
    }

    /// Whether both are on the same server, as far as secrets in headers are concerned.
    public func hasSameOrigin(as other: FileURL) -> Bool {
        isSecure == other.isSecure && host == other.host && port == other.port
    }

    /// Where a proxy's tunnel is to lead: `host:port`.
    public var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The `Host` field.
    public var hostField: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    private static func encoded(_ text: String) -> String? {
        let text = PercentEncoding.url(text)
        return text.utf8.count <= longestText ? text : nil
    }

    private static func scheme(of text: String) -> (String, Substring)? {
        let word = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        guard word.first?.isLetter == true, text.dropFirst(word.count).hasPrefix(":") else { return nil }
        return (word.lowercased(), text.dropFirst(word.count + 1))
    }

    private static func target(_ tail: Substring) -> String {
        let tail = tail.prefix { $0 != "#" }
        return withoutDots(tail.hasPrefix("/") ? String(tail) : "/" + tail)
    }

    private static func split(_ authority: Substring) -> (String, UInt16?)? {
        guard !authority.contains("@"), !authority.isEmpty else { return nil }
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty, host.utf8.count <= 253, !host.contains("%") else { return nil }
        guard let port, !port.isEmpty else { return (host.lowercased(), nil) }
        guard port.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let number = UInt16(port), number > 0 else { return nil }
        return (host.lowercased(), number)
    }

    /// Without `.` and `..` in the path (RFC 3986, section 5.2.4).
    private static func withoutDots(_ target: String) -> String {
        let path = target.prefix { $0 != "?" }
        guard path.contains("/.") else { return target }
        var kept: [Substring] = []
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            switch part {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(part)
            }
        }
        return "/" + kept.joined(separator: "/") + target.dropFirst(path.count)
    }
}

extension FileURL: CustomStringConvertible {
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(isSecure ? "https" : "http")://\(name):\(port)\(target)"
    }
}
