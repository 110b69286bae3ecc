/// A JSON object whose values are texts, booleans and numbers: enough for the custom messages.
struct FlatJSON: Sendable {
    enum Value: Hashable, Sendable {
        case text(String)
        case bool(Bool)
        /// A number or null, as written.
        case other(String)
    }

    /// Members at most; a status has one or two.
    static let limit = 64

    private var members: [String: Value] = [:]

    subscript(name: String) -> Value? { members[name] }

    /// Nil unless `bytes` are exactly such an object.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard reader.skip("{") else { return nil }
        if !reader.skip("}") {
            repeat {
                guard members.count < Self.limit, let name = reader.text(), reader.skip(":"), let value = reader.value()
                else { return nil }
                members[name] = value
            } while reader.skip(",")
            guard reader.skip("}") else { return nil }
        }
        guard reader.isAtEnd else { return nil }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        var isAtEnd: Bool {
            mutating get {
                skipSpace()
                return position == bytes.count
            }
        }

        mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func value() -> Value? {
            skipSpace()
            if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return text().map(Value.text) }
            let start = position
            while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
            guard position > start else { return nil }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            switch word {
            case "true": return .bool(true)
            case "false": return .bool(false)
            default: return word == "null" || Double(word) != nil ? .other(word) : nil
            }
        }

        mutating func text() -> String? {
            guard skip("\"") else { return nil }
            var content: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: content, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let scalar = escape() else { return nil }
                    content.append(contentsOf: Array(String(scalar).utf8))
                case 0..<0x20: return nil
                default: content.append(byte)
                }
            }
            return nil
        }

        /// The character after a backslash; surrogate pairs are not read.
        private mutating func escape() -> Unicode.Scalar? {
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
            case UInt8(ascii: "u"):
                guard position + 4 <= bytes.count else { return nil }
                let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
                position += 4
                return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
            default: return nil
            }
        }

        private static func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }
}
