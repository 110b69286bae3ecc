/// Writes the Swift of a section's types.
struct TypeOutput {
    let schema: ProtocolSchema
    let module: ProtocolModule
    private let fields: FieldOutput
    private var out = SwiftText()

    init(_ schema: ProtocolSchema, _ module: ProtocolModule) {
        self.schema = schema
        self.module = module
        fields = FieldOutput(schema: schema)
    }

    mutating func file(_ section: ProtocolSchema.Section) -> String {
        out = SwiftText()
        imports(of: section.types)
        for type in section.types {
            switch type.kind {
            case .enum: enumeration(type)
            case .flags: flags(type)
            case .union: union(type)
            case .message: message(type)
            }
        }
        return out.text
    }

    private mutating func imports(of types: [ProtocolSchema.Declaration]) {
        let hasMaps = types.contains { type in
            type.fields.contains { field in if case .map = field.type { true } else { false } }
        }
        if hasMaps { out.line(0, "\(module.importAccess) import OrderedCollections") }
        if module.importsRuntime, types.contains(where: { $0.kind != .flags }) {
            out.line(0, "\(module.importAccess) import Protobuf")
        }
        if hasMaps || module.importsRuntime { out.line(0, "") }
    }

    private var access: String { module.access }
    /// Of what the runtime's protocols ask for.
    private var witness: String { module.witnessAccess }

    private func sentence(_ type: ProtocolSchema.Declaration) -> String {
        let sentence = type.sentence.hasSuffix(".") ? String(type.sentence.dropLast()) : type.sentence
        return "\(sentence) (\(module.specification): \(type.name))."
    }

    // MARK: Enums and flags

    private mutating func enumeration(_ type: ProtocolSchema.Declaration) {
        out.doc(0, sentence(type))
        out.line(0, "\(access)enum \(type.name): Hashable, Sendable {")
        for field in type.fields {
            out.doc(1, field.sentence)
            out.line(1, "case \(field.swiftName)")
        }
        out.doc(1, "A value that this version of the protocol does not name; kept as it was received.")
        out.line(1, "case unrecognized(Int32)")
        out.line(0, "}\n")
        out.line(0, "extension \(type.name): WireEnumeration {")
        out.line(1, "\(access)init(rawValue: Int32) {")
        out.line(2, "switch rawValue {")
        for field in type.fields { out.line(2, "case \(field.number): self = .\(field.swiftName)") }
        out.line(2, "default: self = .unrecognized(rawValue)")
        out.line(2, "}")
        out.line(1, "}\n")
        out.line(1, "\(access)var rawValue: Int32 {")
        out.line(2, "switch self {")
        for field in type.fields { out.line(2, "case .\(field.swiftName): \(field.number)") }
        out.line(2, "case .unrecognized(let value): value")
        out.line(2, "}")
        out.line(1, "}")
        out.line(0, "}\n")
    }

    private mutating func flags(_ type: ProtocolSchema.Declaration) {
        out.doc(0, sentence(type) + " Unknown bits are kept.")
        out.line(0, "\(access)struct \(type.name): OptionSet, Hashable, Sendable {")
        out.line(1, "\(access)var rawValue: UInt64\n")
        out.line(1, "@inlinable")
        out.line(1, "\(access)init(rawValue: UInt64) {")
        out.line(2, "self.rawValue = rawValue")
        out.line(1, "}")
        for field in type.fields {
            out.line(0, "")
            out.doc(1, field.sentence)
            out.line(1, "\(access)static let \(field.swiftName) = \(type.name)(rawValue: 1 << \(field.number))")
        }
        out.line(0, "}\n")
    }

    // MARK: Messages

    private mutating func message(_ type: ProtocolSchema.Declaration) {
        out.doc(0, sentence(type))
        out.line(0, "\(access)struct \(type.name): Equatable, Sendable {")
        for field in type.fields {
            let rare = field.isRare ? "@Rare " : ""
            out.doc(1, field.sentence)
            out.line(
                1, "\(rare)\(access)var \(field.swiftName): \(fields.swiftType(field)) = \(fields.initial(field))")
        }
        if !type.fields.isEmpty { out.line(0, "") }
        out.line(1, "\(access)init() {}")
        if !type.fields.isEmpty {
            let arguments = type.fields.map { "\($0.swiftName): \(fields.swiftType($0)) = \(fields.initial($0))" }
            out.line(0, "")
            out.call(1, "\(access)init", arguments, " {")
            for field in type.fields { out.line(2, "self.\(field.swiftName) = \(field.swiftName)") }
            out.line(1, "}")
        }
        out.line(0, "}\n")
        out.line(0, "extension \(type.name): SchemaMessage {")
        visitHead()
        for field in type.fields.sorted(by: { $0.number > $1.number }) { out.line(2, fields.show(field)) }
        out.line(1, "}\n")
        mergeHead()
        for field in type.fields {
            let siblings = type.fields.filter {
                $0.oneof != nil && $0.oneof == field.oneof && $0.number != field.number
            }
            let clearing = siblings.map { "\($0.swiftName) = nil" }.joined(separator: "; ")
            let read = fields.read(field)
            if clearing.isEmpty {
                out.line(3, "case \(field.tag): \(read)")
            } else {
                out.line(3, "case \(field.tag):")
                out.line(4, clearing)
                out.line(4, read)
            }
        }
        loopFoot()
        check(type)
        out.line(0, "}\n")
    }

    /// What the runtime's protocols ask for has to be usable where the runtime is inlined.
    private mutating func usable() {
        if module.isPublic { out.line(1, "@usableFromInline") }
    }

    private mutating func visitHead() {
        if module.isInlinable { out.line(1, "@inlinable") } else { usable() }
        out.line(1, "\(witness)func visit(_ visitor: inout some FieldVisitor) {")
    }

    /// Never inlined: messages that are in each other would be inlined into each other without end.
    private mutating func mergeHead() {
        usable()
        out.line(1, "@inline(never)")
        out.line(1, "\(witness)mutating func merge(from reader: inout WireReader) throws(DecodingError) {")
        loopHead()
    }

    private mutating func loopHead() {
        out.line(2, "while true {")
        out.line(3, "switch try reader.tag() {")
        out.line(3, "case 0: return")
    }

    private mutating func loopFoot() {
        out.line(3, "case let tag: try reader.skip(tag)")
        out.line(3, "}")
        out.line(2, "}")
        out.line(1, "}\n")
    }

    private mutating func check(_ type: ProtocolSchema.Declaration) {
        usable()
        out.line(1, "@inline(never)")
        out.line(1, "\(witness)static func check(_ reader: inout WireReader) throws(DecodingError) {")
        loopHead()
        // Fields that are checked alike share a case.
        var cases: [(work: String, tags: [Int])] = []
        for field in type.fields {
            let work = fields.check(field.type)
            if let place = cases.firstIndex(where: { $0.work == work }) {
                cases[place].tags.append(field.tag)
            } else {
                cases.append((work, [field.tag]))
            }
        }
        for (work, tags) in cases { out.line(3, "case \(tags.map(String.init).joined(separator: ", ")): \(work)") }
        out.line(3, "case let tag: try reader.skip(tag)")
        out.line(3, "}")
        out.line(2, "}")
        out.line(1, "}")
    }

    // MARK: Unions

    private mutating func union(_ type: ProtocolSchema.Declaration) {
        out.doc(0, sentence(type))
        out.line(0, "\(access)enum \(type.name): Equatable, Sendable {")
        out.doc(1, "None of the cases.")
        out.line(1, "case null")
        for field in type.fields {
            out.doc(1, field.sentence)
            out.line(1, "case \(field.swiftName)(\(fields.swiftType(field.type).replacing("?", with: "")))")
        }
        out.line(0, "")
        out.line(1, "\(access)init() {")
        out.line(2, "self = .null")
        out.line(1, "}")
        out.line(0, "}\n")
        out.line(0, "extension \(type.name): SchemaMessage {")
        visitHead()
        out.line(2, "switch self {")
        out.line(2, "case .null: break")
        for field in type.fields {
            out.line(2, "case .\(field.swiftName)(let value): visitor.\(fields.member(field.type, field.tag, "value"))")
        }
        out.line(2, "}")
        out.line(1, "}\n")
        out.doc(1, "A later case replaces an earlier one; the same message again is merged.")
        mergeHead()
        for field in type.fields { unionCase(field) }
        loopFoot()
        check(type)
        out.line(0, "}\n")
    }

    private mutating func unionCase(_ field: ProtocolSchema.Field) {
        if let scalar = fields.scalar(field.type) {
            out.line(3, "case \(field.tag): self = .\(field.swiftName)(\(scalar))")
        } else if case .message(let name) = field.type {
            out.line(3, "case \(field.tag):")
            out.line(4, "var value: \(name)?")
            out.line(4, "if case .\(field.swiftName)(let earlier) = self {")
            out.line(5, "value = earlier")
            out.line(5, "self = .null")
            out.line(4, "}")
            out.line(4, "try reader.message(into: &value)")
            out.line(4, "if let value { self = .\(field.swiftName)(value) }")
        }
    }
}
