import Foundation
import Testing

@testable import ProtocolGenerator

/// The schema beside the protocol's own definition, which the oracle's codec is generated from.
@Suite("The schema has the names, numbers and types of the protocol")
struct OfficialProtoTests {
    @Test("Every message and every field, no more and no less")
    func messages() throws {
        let proto = ProtoFile(text: try ProtocolSources.text("Tests/OpAMPTests/Oracle/OpAMPOracle.proto"))
        let schema = try ProtocolSources.schema()
        let messages = schema.types.filter { $0.kind == .message || $0.kind == .union }
        #expect(Set(messages.map(\.name)) == Set(proto.messages.keys))
        for message in messages {
            let ours = Set(message.fields.map { ProtoFile.Field(schema: $0, isUnion: message.kind == .union) })
            #expect(ours == proto.messages[message.name], "\(message.name)")
        }
    }

    @Test("Every enum's and every flag's number")
    func enums() throws {
        let proto = ProtoFile(text: try ProtocolSources.text("Tests/OpAMPTests/Oracle/OpAMPOracle.proto"))
        let schema = try ProtocolSources.schema()
        let named = schema.types.filter { $0.kind == .enum || $0.kind == .flags }
        #expect(Set(named.map(\.name)) == Set(proto.enums.keys))
        for type in named {
            // The protocol writes flags as an enum of masks, with zero for none of them.
            let numbers = type.kind == .flags ? [0] + type.fields.map { 1 << $0.number } : type.fields.map(\.number)
            #expect(Set(numbers) == proto.enums[type.name], "\(type.name)")
        }
    }
}

/// What a .proto file defines, as far as the schema says the same.
private struct ProtoFile {
    struct Field: Hashable {
        var number: Int
        var name: String
        var type: String
        var isInOneof: Bool
    }

    var messages: [String: Set<Field>] = [:]
    var enums: [String: Set<Int>] = [:]

    init(text: String) {
        var scopes: [(kind: String, name: String)] = []
        for line in text.split(separator: "\n") {
            let code = line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex)
            let words = code.split { " ;=,".contains($0) }.map(String.init)
            guard let first = words.first else { continue }
            if ["message", "enum", "oneof"].contains(first), words.count > 1 {
                if !code.contains("}") { scopes.append((first, words[1])) }
                if first == "message" { messages[words[1]] = [] }
                if first == "enum" { enums[words[1]] = [] }
            } else if first == "}" {
                _ = scopes.popLast()
            } else if let scope = scopes.last, let number = words.last.flatMap({ Int($0) }), words.count > 1 {
                if scope.kind == "enum" {
                    enums[scope.name]?.insert(number)
                } else if let message = scopes.last(where: { $0.kind == "message" }) {
                    let field = Field(
                        number: number, name: words[words.count - 2], type: Self.type(words.dropLast(2)),
                        isInOneof: scope.kind == "oneof")
                    messages[message.name]?.insert(field)
                }
            }
        }
    }

    /// `repeated T` as `[T]`, `map<string, T>` as `{T}`.
    private static func type(_ words: ArraySlice<String>) -> String {
        if words.first == "repeated" { return "[\(words.last ?? "")]" }
        if words.first == "map<string" { return "{\(words.last.map { String($0.dropLast()) } ?? "")}" }
        return words.joined(separator: " ")
    }
}

extension ProtoFile.Field {
    fileprivate init(schema field: ProtocolSchema.Field, isUnion: Bool) {
        let type =
            switch field.type {
            case .uid: "bytes"
            case .flags: "uint64"
            default: field.type.schemaText
            }
        self.init(number: field.number, name: field.name, type: type, isInOneof: isUnion || field.oneof != nil)
    }
}
