/// Why a schema cannot be read.
struct SchemaError: Error, Equatable, CustomStringConvertible {
    var file: String
    var line: Int
    var reason: String

    var description: String { "\(file):\(line): \(reason)" }
}

/// Reads the text of schemas, line by line; `protocol/opamp.schema` describes the format.
struct SchemaParser {
    private(set) var schema = ProtocolSchema()
    private let file: String
    private let kinds: [String: ProtocolSchema.Declaration.Kind]
    private var isInView = false

    /// - Parameter known: Schemas whose types may be used.
    init(file: String, text: String, known: [ProtocolSchema] = []) throws(SchemaError) {
        self.file = file
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var kinds: [String: ProtocolSchema.Declaration.Kind] = [:]
        for type in known.flatMap(\.types) { kinds[type.name] = type.kind }
        for line in lines where !line.hasPrefix(" ") {
            let words = line.split(separator: " ").map(String.init)
            if words.count > 1, let kind = ProtocolSchema.Declaration.Kind(rawValue: words[0]) {
                kinds[words[1]] = kind
            }
        }
        self.kinds = kinds
        for (index, line) in lines.enumerated() where !line.hasPrefix("#") && line.contains(where: { $0 != " " }) {
            do throws(Reason) {
                try read(line)
            } catch {
                throw SchemaError(file: file, line: index + 1, reason: error.text)
            }
        }
    }

    private struct Reason: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private mutating func read(_ line: String) throws(Reason) {
        let halves = line.split(separator: "|", maxSplits: 1).map(String.init)
        let sentence = halves.count > 1 ? Self.trimmed(halves[1]) : ""
        let words = halves[0].split(separator: " ").map(String.init)
        guard line.hasPrefix(" ") else { return try declare(words, sentence) }
        if isInView { return try addLook(words) }
        let field = try field(words, sentence)
        guard let section = schema.sections.indices.last, let type = schema.sections[section].types.indices.last else {
            throw Reason("a field before the first message")
        }
        let fields = schema.sections[section].types[type].fields
        guard !fields.contains(where: { $0.number == field.number || $0.name == field.name }) else {
            throw Reason("the number or the name already exists in this message")
        }
        schema.sections[section].types[type].fields.append(field)
    }

    private mutating func declare(_ words: [String], _ sentence: String) throws(Reason) {
        isInView = false
        switch words[0] {
        case "section" where words.count == 2 && !sentence.isEmpty:
            schema.sections.append(.init(file: words[1], title: sentence))
        case "view" where words.count == 4 && words[2] == "as":
            isInView = true
            schema.views.append(.init(message: words[1], valueName: words[3]))
        case "short" where words.count > 3 && !sentence.isEmpty:
            let fields = words[3...].map { (name: String($0.prefix { $0 != "?" }), isOptional: $0.hasSuffix("?")) }
            schema.shorts.append(.init(name: words[1], message: words[2], fields: fields, sentence: sentence))
        case "path" where words.count == 4:
            let steps = words[3].split(separator: ".").map { $0.split(separator: "/").map(String.init) }
            schema.paths.append(.init(name: words[1], message: words[2], steps: steps))
        default:
            guard let kind = ProtocolSchema.Declaration.Kind(rawValue: words[0]), words.count == 3, !sentence.isEmpty
            else {
                throw Reason("expected: KIND NAME SINCE | SENTENCE")
            }
            guard let section = schema.sections.indices.last else { throw Reason("a type before the first section") }
            schema.sections[section].types.append(
                .init(kind: kind, name: words[1], since: words[2], sentence: sentence))
        }
    }

    private mutating func addLook(_ words: [String]) throws(Reason) {
        guard words.count == 3, words[1] == "=" else { throw Reason("expected: NAME = FIELD.FIELD") }
        let path = words[2].split(separator: ".").map(String.init)
        schema.views[schema.views.count - 1].looks.append((words[0], path))
    }

    /// `NUMBER NAME [as SWIFT] [: TYPE [rare] [oneof NAME]] SINCE`
    private func field(_ all: [String], _ sentence: String) throws(Reason) -> ProtocolSchema.Field {
        guard let number = Int(all[0]), all.count >= 3, !sentence.isEmpty, let since = all.last else {
            throw Reason("expected: NUMBER NAME [as SWIFT] [: TYPE [rare] [oneof NAME]] SINCE | SENTENCE")
        }
        var words = all[2..<all.count - 1]
        func next() -> String { words.popFirst() ?? "" }
        var field = ProtocolSchema.Field(
            number: number, name: all[1], swiftName: Self.camelCased(all[1]), type: .uint64, since: since,
            sentence: sentence)
        if words.first == "as" { (_, field.swiftName) = (next(), next()) }
        if words.first == ":" {
            var type = (next(), next()).1
            field.isExplicit = type.hasSuffix("?")
            if field.isExplicit { type.removeLast() }
            field.type = try self.type(type)
            if words.first == "rare" { field.isRare = !next().isEmpty }
            if words.first == "oneof" { field.oneof = (next(), next()).1 }
        }
        guard words.isEmpty else { throw Reason("unknown: \(words.joined(separator: " "))") }
        return field
    }

    private func type(_ text: String) throws(Reason) -> ProtocolSchema.FieldType {
        if text.hasPrefix("["), text.hasSuffix("]") { return .list(try type(String(text.dropFirst().dropLast()))) }
        if text.hasPrefix("{"), text.hasSuffix("}") { return .map(try type(String(text.dropFirst().dropLast()))) }
        switch text {
        case "string": return .text
        case "bytes": return .bytes
        case "uid": return .uid
        case "bool": return .bool
        case "uint64": return .uint64
        case "int64": return .int64
        case "uint32": return .uint32
        case "fixed64": return .fixed64
        case "sfixed64": return .sfixed64
        case "fixed32": return .fixed32
        case "double": return .double
        default:
            switch kinds[text] {
            case .message, .union: return .message(text)
            case .enum: return .enumeration(text)
            case .flags: return .flags(text)
            case nil: throw Reason("no type \(text)")
            }
        }
    }

    private static func camelCased(_ name: String) -> String {
        let parts = name.split(separator: "_").map(String.init)
        return parts[0] + parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
