/// Percent-encoding of URLs (RFC 3986, section 2). Pure functions; linear in the text.
public enum PercentEncoding {
    /// A path, each of whose segments is a name: everything but unreserved characters and the slashes is encoded.
    public static func path(_ names: String) -> String {
        encoded(names) { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E: true
            default: false
            }
        }
    }

    /// A name or value of a form (WHATWG URL, application/x-www-form-urlencoded): everything but unreserved characters
    /// is encoded.
    public static func form(_ text: String) -> String {
        encoded(text) { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
            default: false
            }
        }
    }

    /// A URL in which characters that no URL may hold are encoded, as browsers and most clients do: spaces, control
    /// characters, what is not ASCII, and `"`, `<`, `>`, `\\`, `^`, `` ` ``, `{`, `|`, `}`. What is encoded stays.
    public static func url(_ text: String) -> String {
        encoded(text) { byte in byte > 0x20 && byte < 0x7F && !"\"<>\\^`{|}".utf8.contains(byte) }
    }

    private static func encoded(_ text: String, _ isAllowed: (UInt8) -> Bool) -> String {
        guard !text.utf8.allSatisfy(isAllowed) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isAllowed(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}
