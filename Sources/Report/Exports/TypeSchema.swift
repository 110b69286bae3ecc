import Foundation

/// The JSON Schema of a type, made by decoding it: what its `init(from:)` asks for is what a document has to have.
///
/// A key that is read by `decode` is required, one by `decodeIfPresent` may be absent. Further keys are allowed:
/// within one
/// version keys are only ever added. Names are in snake case, as documents have them.
struct TypeSchema {
    /// The schema as JSON: sorted keys, indented.
    static func json(_ type: any Decodable.Type, title: String, description: String) throws -> String {
        var schema = try object(of: type)
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = title
        schema["description"] = description
        let data = try JSONSerialization.data(
            withJSONObject: schema, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    fileprivate static func object(of type: any Decodable.Type) throws -> [String: Any] {
        switch type {
        case is String.Type: return ["type": "string"]
        case is Bool.Type: return ["type": "boolean"]
        case is Double.Type: return ["type": "number"]
        case is UInt64.Type: return ["type": "integer", "minimum": 0]
        case is Int.Type, is Int32.Type, is Int64.Type: return ["type": "integer"]
        case let list as any ListType.Type: return ["type": "array", "items": try object(of: list.element)]
        case let table as any TableType.Type:
            return ["type": "object", "additionalProperties": try object(of: table.value)]
        default:
            let keys = KeyCollector()
            _ = try type.init(from: SchemaDecoder(keys: keys))
            return ["type": "object", "properties": keys.properties, "required": keys.required.sorted()]
        }
    }
}

/// The keys that a type asks for.
private final class KeyCollector {
    var properties: [String: Any] = [:]
    var required: [String] = []

    func add(_ key: any CodingKey, _ type: any Decodable.Type, isRequired: Bool) throws {
        let name = Self.snakeCase(key.stringValue)
        properties[name] = try TypeSchema.object(of: type)
        if isRequired { required.append(name) }
    }

    /// As `JSONEncoder.KeyEncodingStrategy.convertToSnakeCase` writes it, for names without runs of capitals.
    private static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { text, character in
            if character.isUppercase { text.append("_") }
            text.append(character.lowercased())
        }
    }
}

/// A list, a table or an optional value, whatever its elements.
private protocol ListType {
    static var element: any Decodable.Type { get }
}

private protocol TableType {
    static var value: any Decodable.Type { get }
}

extension Array: ListType where Element: Decodable {
    fileprivate static var element: any Decodable.Type { Element.self }
}

extension Dictionary: TableType where Key == String, Value: Decodable {
    fileprivate static var value: any Decodable.Type { Value.self }
}

/// Gives every key an empty value, and notes that it was asked for.
private struct SchemaDecoder: Decoder {
    let keys: KeyCollector
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Keys<Key>(keys: keys))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Self.unexpected }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Self.unexpected }

    /// No document of ours is other than an object, and no object of ours is read in another way.
    static let unexpected = DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: [], debugDescription: "a type whose form is not known"))

    struct Keys<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let keys: KeyCollector
        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { [] }

        func contains(_ key: Key) -> Bool { true }
        func decodeNil(forKey key: Key) throws -> Bool { true }

        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try keys.add(key, type, isRequired: true)
            return try SchemaDecoder.empty(type)
        }

        func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
            try keys.add(key, type, isRequired: false)
            return nil
        }

        func nestedContainer<Other: CodingKey>(
            keyedBy type: Other.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Other> { throw SchemaDecoder.unexpected }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            throw SchemaDecoder.unexpected
        }
        func superDecoder() throws -> any Decoder { throw SchemaDecoder.unexpected }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw SchemaDecoder.unexpected }

        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try plain(type, key, false) }
        func decode(_ type: String.Type, forKey key: Key) throws -> String { try plain(type, key, "") }
        func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try plain(type, key, 0) }
        func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try plain(type, key, 0) }
        func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try plain(type, key, 0) }
        func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try plain(type, key, 0) }
        func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try plain(type, key, 0) }

        func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try absent(type, key) }
        func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try absent(type, key) }
        func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try absent(type, key) }
        func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try absent(type, key) }
        func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try absent(type, key) }
        func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try absent(type, key) }
        func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try absent(type, key) }

        private func plain<Value: Decodable>(_ type: Value.Type, _ key: Key, _ value: Value) throws -> Value {
            try keys.add(key, type, isRequired: true)
            return value
        }

        private func absent<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
            try keys.add(key, type, isRequired: false)
            return nil
        }
    }

    /// A value of a type without anything in it.
    static func empty<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let list = [] as? Value { return list }
        if let table = [:] as? Value { return table }
        return try type.init(from: SchemaDecoder(keys: KeyCollector()))
    }
}

extension SummaryDocument {
    /// The JSON Schema of `summary.json`, which is `docs/summary.schema.json`.
    public static func schemaJSON() throws -> String {
        try TypeSchema.json(
            SummaryDocument.self, title: "summary.json of a run of Muster",
            description: "Schema version \(currentVersion). docs/results.md has the meaning of every key.")
    }
}
