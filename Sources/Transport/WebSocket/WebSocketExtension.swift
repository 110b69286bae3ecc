import Basis

/// One element of a `Sec-WebSocket-Extensions` field (RFC 6455, section 9.1). Names in lower case.
struct WebSocketExtension: Equatable {
    var name: String
    var parameters: [(name: String, value: String?)]

    static func == (left: WebSocketExtension, right: WebSocketExtension) -> Bool {
        left.name == right.name && left.parameters.elementsEqual(right.parameters) { $0 == $1 }
    }

    /// The most elements of a field, and the most parameters of an element, that are read; real peers use two or three.
    static let maximumCount = 16

    /// All elements of the fields' values, joined in order; nil where they do not follow the grammar.
    static func parse(_ values: [String]) -> [WebSocketExtension]? {
        var elements: [WebSocketExtension] = []
        for value in values {
            var scanner = Scanner(value)
            repeat {
                guard elements.count < maximumCount, let element = scanner.element() else { return nil }
                elements.append(element)
            } while scanner.skip(0x2C)
            guard scanner.isAtEnd else { return nil }
        }
        return elements
    }

    private struct Scanner {
        private let bytes: [UInt8]
        private var index = 0

        init(_ text: String) {
            bytes = Array(text.utf8)
        }

        var isAtEnd: Bool { index == bytes.count }

        mutating func element() -> WebSocketExtension? {
            guard let name = token() else { return nil }
            var element = WebSocketExtension(name: name.lowercased(), parameters: [])
            while skip(0x3B) {
                guard element.parameters.count < maximumCount, let name = token() else { return nil }
                var value: String?
                if skip(0x3D) {
                    guard let text = bytes.indices.contains(index) && bytes[index] == 0x22 ? quoted() : token()
                    else { return nil }
                    value = text
                }
                element.parameters.append((name.lowercased(), value))
            }
            return element
        }

        /// Whether `separator` comes next, white space around it aside; consumed if so.
        mutating func skip(_ separator: UInt8) -> Bool {
            skipSpace()
            guard index < bytes.count, bytes[index] == separator else { return false }
            index += 1
            skipSpace()
            return true
        }

        private mutating func skipSpace() {
            while index < bytes.count, bytes[index].isSpaceOrTab { index += 1 }
        }

        private mutating func token() -> String? {
            skipSpace()
            let start = index
            while index < bytes.count, bytes[index].isTokenCharacter { index += 1 }
            return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
        }

        /// A quoted value, which must itself be a token once unquoted.
        private mutating func quoted() -> String? {
            index += 1
            var value: [UInt8] = []
            while index < bytes.count, bytes[index] != 0x22 {
                if bytes[index] == 0x5C { index += 1 }
                guard index < bytes.count, bytes[index].isTokenCharacter else { return nil }
                value.append(bytes[index])
                index += 1
            }
            guard index < bytes.count, !value.isEmpty else { return nil }
            index += 1
            return String(decoding: value, as: UTF8.self)
        }
    }
}
