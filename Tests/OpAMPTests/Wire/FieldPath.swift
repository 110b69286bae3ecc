@testable import ProtocolGenerator

/// A field inside a message that travels by itself: the numbers of the sub-messages on the way to it.
struct FieldPath {
    var fields: [(number: UInt32, isMap: Bool)]
    /// Whether the last field holds text; a sub-message otherwise.
    var endsInText: Bool

    var numbers: [UInt32] { fields.map(\.number) }

    /// Every length-delimited field that a message can have in it; a message is entered once on each way.
    static func all(from root: String) throws -> [FieldPath] {
        let schema = try ProtocolSources.schema()
        var paths: [FieldPath] = []
        func walk(_ name: String, _ way: [(number: UInt32, isMap: Bool)], _ entered: Set<String>) {
            for field in schema.type(name)?.fields ?? [] {
                let number = UInt32(field.number)
                switch field.type {
                case .text, .list(.text): paths.append(FieldPath(fields: way + [(number, false)], endsInText: true))
                case .map(.text): paths.append(FieldPath(fields: way + [(number, true)], endsInText: true))
                case .message(let inner), .list(.message(let inner)): enter(inner, way + [(number, false)], entered)
                case .map(.message(let inner)): enter(inner, way + [(number, true)], entered)
                default: break
                }
            }
        }
        func enter(_ inner: String, _ way: [(number: UInt32, isMap: Bool)], _ entered: Set<String>) {
            paths.append(FieldPath(fields: way, endsInText: false))
            if !entered.contains(inner) { walk(inner, way, entered.union([inner])) }
        }
        walk(root, [], [root])
        return paths
    }

    /// The field `count` times, each time with an unknown field behind it. The sub-messages above `level` are there
    /// once, those from it on repeat with the field.
    func repeated(_ count: Int, fromLevel level: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        let unknown: [UInt8] = [0xC0, 0x0C, 0]
        for index in 0..<count {
            var content: [UInt8] = endsInText ? Array(String(index).utf8) : []
            for (depth, field) in fields.enumerated().reversed() where depth >= min(level, fields.count - 1) {
                content = Self.wrapped(content, in: field, key: depth == fields.count - 1 ? String(index) : "k")
            }
            bytes += content + unknown
        }
        for (depth, field) in fields.enumerated().reversed() where depth < min(level, fields.count - 1) {
            bytes = Self.wrapped(bytes, in: field, key: "k")
        }
        return bytes
    }

    private static func wrapped(_ content: [UInt8], in field: (number: UInt32, isMap: Bool), key: String) -> [UInt8] {
        guard field.isMap else { return FieldBytes.field(field.number, content) }
        let entry = FieldBytes.field(1, Array(key.utf8)) + FieldBytes.field(2, content)
        return FieldBytes.field(field.number, entry)
    }
}

/// Bytes of single fields, written without the codec.
enum FieldBytes {
    static func varint(_ value: Int) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F | 0x80)] + varint(value >> 7)
    }

    /// A length-delimited field.
    static func field(_ number: UInt32, _ content: [UInt8]) -> [UInt8] {
        varint(Int(number) << 3 | 2) + varint(content.count) + content
    }
}
