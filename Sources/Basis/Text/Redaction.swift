/// What outputs show in place of credentials. Pure functions; linear in the text.
public enum Redaction {
    /// In place of a credential.
    public static let mark = "[redacted]"

    /// A URL without the parts that may hold a credential: user name and password, query and fragment (RFC 3986). Of a
    /// text that is no URL the same parts are left out.
    public static func url(_ text: String) -> String {
        let tail = text.firstIndex { $0 == "?" || $0 == "#" } ?? text.endIndex
        var shown = String(text[..<tail])
        if let at = shown.lastIndex(of: "@") {
            // An "@" after the first "/" can also be a part of a password that is not encoded.
            let start = shown.firstRange(of: "://")?.upperBound ?? shown.startIndex
            if start <= at { shown.replaceSubrange(start..<at, with: mark) }
        }
        if tail < text.endIndex { shown += "\(text[tail])\(mark)" }
        return shown
    }

    /// The text without each of `secrets`.
    public static func text(_ text: String, without secrets: some Sequence<String>) -> String {
        secrets.reduce(text) { $1.isEmpty ? $0 : $0.replacing($1, with: mark) }
    }
}
