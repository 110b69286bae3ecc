/// A Swift file taken apart: its code without comments and the contents of strings, and these two as prose.
struct SwiftSource: Sendable {
    /// A comment, or a piece of a string literal.
    struct Prose: Sendable {
        let line: Int
        let text: String
    }

    let path: String
    /// The file's lines, as they are.
    let lines: [String]
    /// The same lines, with blanks in the place of comments and of what is in strings. Interpolations are code.
    let code: [String]
    let prose: [Prose]

    init(path: String, text: String) {
        var scanner = Scanner(Array(text.utf8))
        scanner.scan()
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = scanner.code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        prose = scanner.prose
    }

    /// The target that the file belongs to.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// The modules that the file imports, with their lines.
    var imports: [(line: Int, module: String)] {
        code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place <= 2, place + 1 < words.count else { return nil }
            return (index + 1, String(words[words.count - 1].prefix { $0 != "." }))
        }
    }
}

/// Separates code from prose, byte by byte.
private struct Scanner {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private(set) var code: [UInt8]
    private(set) var prose: [SwiftSource.Prose] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        code = bytes
    }

    mutating func scan() {
        scanCode(closing: nil)
    }

    private func byte(_ offset: Int = 0) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }

    /// Steps over a byte that is not code.
    private mutating func blank() {
        if byte() == UInt8(ascii: "\n") { line += 1 } else { code[index] = UInt8(ascii: " ") }
        index += 1
    }

    /// - Parameter closing: how many parentheses are open where an interpolation is read; nil for the file itself.
    private mutating func scanCode(closing: Int?) {
        var open = closing ?? 0
        while index < bytes.count {
            switch byte() {
            case UInt8(ascii: "\n"):
                line += 1
                index += 1
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"): scanLineComment()
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): scanBlockComment()
            case UInt8(ascii: "\""): scanString(hashes: 0)
            case UInt8(ascii: "#"):
                var hashes = 1
                while byte(hashes) == UInt8(ascii: "#") { hashes += 1 }
                let isString = byte(hashes) == UInt8(ascii: "\"")
                index += hashes
                if isString { scanString(hashes: hashes) }
            case UInt8(ascii: "("):
                open += 1
                index += 1
            case UInt8(ascii: ")"):
                open -= 1
                index += 1
                if closing != nil, open == 0 { return }
            default:
                index += 1
            }
        }
    }

    private mutating func scanLineComment() {
        let start = index
        let first = line
        while index < bytes.count, byte() != UInt8(ascii: "\n") { blank() }
        add(start..<index, first)
    }

    private mutating func scanBlockComment() {
        let start = index
        let first = line
        var depth = 0
        repeat {
            if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                depth += 1
                blank()
            } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                depth -= 1
                blank()
            }
            blank()
        } while depth > 0 && index < bytes.count
        add(start..<index, first)
    }

    private mutating func scanString(hashes: Int) {
        let isLong = byte(1) == UInt8(ascii: "\"") && byte(2) == UInt8(ascii: "\"")
        let quotes = isLong ? 3 : 1
        index += quotes
        var start = index
        var first = line
        while index < bytes.count {
            if byte() == UInt8(ascii: "\\"), (0..<hashes).allSatisfy({ byte(1 + $0) == UInt8(ascii: "#") }) {
                let escape = 1 + hashes
                if byte(escape) == UInt8(ascii: "(") {
                    add(start..<index, first)
                    for _ in 0..<escape { blank() }
                    index += 1
                    scanCode(closing: 1)
                    start = index
                    first = line
                } else {
                    for _ in 0...escape { blank() }
                }
            } else if byte() == UInt8(ascii: "\""), (0..<quotes).allSatisfy({ byte($0) == UInt8(ascii: "\"") }),
                (0..<hashes).allSatisfy({ byte(quotes + $0) == UInt8(ascii: "#") })
            {
                add(start..<index, first)
                index += quotes + hashes
                return
            } else {
                if byte() == UInt8(ascii: "\n"), isLong {
                    add(start..<index, first)
                    start = index + 1
                    first = line + 1
                }
                blank()
            }
        }
    }

    private mutating func add(_ range: Range<Int>, _ line: Int) {
        guard !range.isEmpty else { return }
        prose.append(SwiftSource.Prose(line: line, text: String(decoding: bytes[range], as: UTF8.self)))
    }
}
