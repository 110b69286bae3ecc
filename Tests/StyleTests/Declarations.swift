/// A function or a type in a file.
struct Declaration: Sendable {
    enum Kind: Sendable {
        case function, type, value
    }

    let kind: Kind
    let name: String
    let line: Int
    /// How many columns it is indented.
    let indent: Int
    /// The words before the keyword: `public`, `static`, `override`…
    let modifiers: Set<Substring>
}

extension SwiftSource {
    private static let types: Set<Substring> = ["struct", "enum", "class", "actor", "protocol", "typealias"]
    private static let values: Set<Substring> = ["var", "let"]
    private static let modifiers: Set<Substring> = [
        "public", "package", "internal", "fileprivate", "private", "open", "final", "static", "class", "override",
        "mutating",
        "nonmutating", "consuming", "borrowing", "indirect", "lazy", "weak", "unowned", "nonisolated", "convenience",
        "required", "isolated", "nonisolated(unsafe)", "unowned(unsafe)", "private(set)", "fileprivate(set)",
        "package(set)",
        "internal(set)",
    ]

    /// What the file declares, one declaration a line; names in tuple patterns are passed over.
    var declarations: [Declaration] {
        code.enumerated().compactMap { index, line in
            var words = line.split(separator: " ")
            while words.first?.hasPrefix("@") == true { words.removeFirst() }
            let place = words.prefix { Self.modifiers.contains($0) && $0 != "class" }.count
            var keyword = place
            // `class func` and `final class`.
            if words.dropFirst(place).first == "class", ["func", "var"].contains(words.dropFirst(place + 1).first) {
                keyword += 1
            }
            guard keyword + 1 < words.count else { return nil }
            let kind: Declaration.Kind
            switch words[keyword] {
            case "func": kind = .function
            case let word where Self.types.contains(word): kind = .type
            case let word where Self.values.contains(word): kind = .value
            default: return nil
            }
            let name = words[keyword + 1].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            guard !name.isEmpty, name != "_" else { return nil }
            return Declaration(
                kind: kind, name: String(name), line: index + 1, indent: line.prefix { $0 == " " }.count,
                modifiers: Set(words[..<keyword]))
        }
    }

    /// The functions and initialisers with bodies, and how many lines each has from its first line to its closing
    /// brace.
    var functionLengths: [(line: Int, name: String, count: Int)] {
        code.indices.compactMap { start in
            let words = code[start].split(separator: " ")
            let head = words.drop { Self.modifiers.contains($0) || $0.hasPrefix("@") }.first ?? ""
            let isInit =
                head == "init" || head.hasPrefix("init(") || head.hasPrefix("init?(") || head.hasPrefix("init<")
            guard head == "func" || head == "deinit" || isInit else { return nil }
            guard let end = bodyEnd(from: start) else { return nil }
            let name = words.drop { $0 != "func" }.dropFirst().first ?? head
            return (start + 1, String(name.prefix { $0 != "(" && $0 != "<" }), end - start + 1)
        }
    }

    /// The line on which the body that begins at or after `start` ends; nil where there is none, as in a protocol.
    private func bodyEnd(from start: Int) -> Int? {
        let indent = code[start].prefix { $0 == " " }.count
        var (braces, parentheses, hasBegun) = (0, 0, false)
        for index in code.indices[start...] {
            let line = code[index]
            // Without a body, the next declaration or the type's end follows at the same indent or less.
            if index > start, !hasBegun, parentheses == 0, !line.allSatisfy({ $0 == " " }),
                line.prefix(while: { $0 == " " }).count <= indent,
                !line.hasPrefix(String(repeating: " ", count: indent) + "{"),
                !line.hasPrefix(String(repeating: " ", count: indent) + ")")
            {
                return nil
            }
            for byte in line.utf8 {
                switch byte {
                case UInt8(ascii: "("): parentheses += 1
                case UInt8(ascii: ")"): parentheses -= 1
                case UInt8(ascii: "{") where parentheses == 0 || hasBegun:
                    braces += 1
                    hasBegun = true
                case UInt8(ascii: "}") where hasBegun:
                    braces -= 1
                    if braces == 0 { return index }
                default: break
                }
            }
        }
        return nil
    }
}
