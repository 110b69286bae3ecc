extension Tree {
    /// Block YAML; short lists and mappings of words on one line.
    public var yaml: String {
        var text = ""
        block(0, &text)
        return text
    }

    /// On one line.
    public var flow: String {
        switch shape {
        case .nothing: ""
        case .scalar(let text, let plain): plain ? text : Tree.quotedIfNeeded(text)
        case .list(let items): "[" + items.map(\.flow).joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{" + entries.map { "\(Tree.quotedIfNeeded($0.key)): \($0.value.flow)" }.joined(separator: ", ") + "}"
        }
    }

    var isFlat: Bool {
        switch shape {
        case .nothing, .scalar: true
        case .list(let items): items.allSatisfy { if case .scalar = $0.shape { true } else { false } }
        case .mapping(let entries): entries.isEmpty
        }
    }

    private func block(_ depth: Int, _ text: inout String, dash: Bool = false) {
        let indent = String(repeating: "  ", count: depth)
        switch shape {
        case .mapping(let entries) where !entries.isEmpty:
            for (index, entry) in entries.enumerated() {
                text += (dash && index == 0 ? "" : indent) + Tree.quotedIfNeeded(entry.key) + ":"
                if entry.value.isFlat {
                    text += " \(entry.value.flow)\n"
                } else if case .list(let items) = entry.value.shape {
                    text += "\n"
                    for item in items {
                        text += indent + "  - "
                        item.block(depth + 2, &text, dash: true)
                    }
                } else {
                    text += "\n"
                    entry.value.block(depth + 1, &text)
                }
            }
        default: text += "\(flow)\n"
        }
    }

    /// Plain where every YAML reader reads that text, else in double quotes.
    static func quotedIfNeeded(_ text: String) -> String {
        let isLetter = { (byte: UInt8) in (65...90).contains(byte) || (97...122).contains(byte) }
        let isPlain =
            text.utf8.first.map(isLetter) == true
            && text.utf8.allSatisfy { isLetter($0) || NumberText.isDigit($0) || "-_./".utf8.contains($0) }
        // The words that some dialect of YAML reads as nothing, a truth value or a number.
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
