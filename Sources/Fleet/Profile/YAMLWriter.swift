/// Writes block YAML: mappings, lists of mappings, and words in quotes wherever a reader could take them for something else.
struct YAMLWriter {
    /// A scalar on the way out.
    enum Scalar {
        /// A number or word of ours, written as it is.
        case exact(String)
        /// The user's text.
        case text(String)
    }

    private(set) var text = ""
    private var depth = 0
    /// Whether the next line is the first one of a list's item and takes its dash.
    private var dash = false

    mutating func scalar(_ key: String, _ value: Scalar) {
        switch value {
        case .exact(let word): line("\(Self.word(key)): \(word)")
        case .text(let text): line("\(Self.word(key)): \(Self.word(text))")
        }
    }

    mutating func mapping(_ key: String, _ content: (inout YAMLWriter) -> Void) {
        let start = text.utf8.count
        line("\(Self.word(key)):")
        let end = text.utf8.count
        depth += 1
        content(&self)
        depth -= 1
        if text.utf8.count == end {
            // Nothing inside: a mapping all the same.
            text = String(decoding: text.utf8.prefix(end - 1), as: UTF8.self) + " {}\n"
        }
        assert(text.utf8.count > start)
    }

    /// A list of mappings.
    mutating func list<Item>(_ key: String, _ items: [Item], _ content: (inout YAMLWriter, Item) -> Void) {
        if items.isEmpty { return line("\(Self.word(key)): []") }
        line("\(Self.word(key)):")
        depth += 2
        for item in items {
            dash = true
            content(&self, item)
        }
        depth -= 2
    }

    /// A list of words, on one line.
    mutating func words(_ key: String, _ words: [String]) {
        line("\(Self.word(key)): [\(words.map(Self.word).joined(separator: ", "))]")
    }

    private mutating func line(_ content: String) {
        let indentation =
            dash ? String(repeating: "  ", count: depth - 1) + "- " : String(repeating: "  ", count: depth)
        dash = false
        text += indentation + content + "\n"
    }

    /// `text` plain where every YAML reader takes it for that text, else in double quotes.
    static func word(_ text: String) -> String {
        let isLetter = { (byte: UInt8) in (65...90).contains(byte) || (97...122).contains(byte) }
        let isPlain =
            text.utf8.first.map(isLetter) == true
            && text.utf8.allSatisfy { byte in
                isLetter(byte) || NumberText.isDigit(byte) || "-_./".utf8.contains(byte)
            }
        // The words that some dialect of YAML takes for nothing, a truth value or a number.
        let special: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        if isPlain, !special.contains(text.lowercased()) { return text }
        return "\"" + text.unicodeScalars.map(escaped).joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\t": return "\\t"
        case " "..."~": return String(scalar)
        // Letters of the world stay readable; what does not show, or ends a line somewhere, is written by its number.
        case _ where scalar.properties.isAlphabetic || scalar.properties.isEmojiPresentation: return String(scalar)
        default:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
    }
}
