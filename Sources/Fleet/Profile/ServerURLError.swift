import Basis

/// Why a text is no server address. The user's to mend; the description says how.
public enum ServerURLError: Error, Hashable, Sendable {
    case missingScheme(String)
    case unknownScheme(String)
    case missingHost
    case badHost(String)
    /// An IPv6 address without brackets: which colon begins the port is unclear.
    case bareIPv6(String)
    case badPort(String)
    case badCharacter(Unicode.Scalar, in: String)
    /// A user name or password before the host: it would end up in logs and results.
    case credentials
    case fragment
    case tooLong
    /// Not the address of an HTTP proxy.
    case noProxy(String)
}

extension ServerURLError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingScheme(let text):
            let shown = Redaction.url(text)
            let rest = text.isEmpty ? "127.0.0.1:4320" : shown
            return "the server address '\(shown)' has no scheme; write ws://\(rest)"
        case .unknownScheme(let scheme):
            return "the server address begins with '\(scheme)://', which Muster does not speak; "
                + "write ws://, wss://, http:// or https://"
        case .missingHost:
            return "the server address names no host; write it as ws://host:4320/v1/opamp"
        case .badHost(let host):
            return
                "'\(host)' is not a host name or address; write a name, an IPv4 address, or an IPv6 address in "
                + "brackets as [::1]"
        case .bareIPv6(let text):
            return "'\(text)' contains several colons; write an IPv6 address in brackets, as [::1]:4320"
        case .badPort(let text):
            return "'\(text)' is not a port; write a number from 1 to 65535 after the colon, or omit it for 4320"
        case .badCharacter(let scalar, let text):
            let code = "U+" + String(scalar.value, radix: 16, uppercase: true)
            return
                "the server address '\(Redaction.url(text))' contains a character that is not allowed in a URL "
                + "(\(code)); percent-encode or remove it"
        case .credentials:
            return "the server address contains a user name or password; remove it, it would show in logs and results"
        case .fragment:
            return "the server address contains a '#' part, which is never sent; remove it"
        case .tooLong:
            return "the server address is longer than \(ServerURL.longestText) bytes"
        case .noProxy(let text):
            return
                "'\(Redaction.url(text))' is not the address of an HTTP proxy; "
                + "write it with its port, as http://host:3128"
        }
    }
}
