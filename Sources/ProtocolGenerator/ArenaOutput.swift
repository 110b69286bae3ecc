/// Writes a section's messages as records in an arena: plain memory for the decoder, borrowing accessors for readers.
struct ArenaOutput {
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
        if module.importsRuntime { out.line(0, "public import Protobuf\n") }
        for type in section.types where type.kind == .message || type.kind == .union {
            if type.kind == .union { unionRecord(type) } else { record(type) }
            out.line(0, "extension ArenaReference<\(type.name)Record> {")
            if type.kind == .union { unionCopy(type) } else { accessors(type) }
            out.line(0, "}\n")
        }
        return out.text
    }

    /// The decoder's entry points for the messages that travel by themselves.
    mutating func roots(_ views: [ProtocolSchema.View]) -> String {
        out = SwiftText()
        out.line(0, "public import Protobuf\n")
        out.line(0, "extension ArenaDecoder {")
        for (index, name) in views.map(\.message).enumerated() {
            if index > 0 { out.line(0, "") }
            out.doc(1, "Decodes an `\(name)` and lends it to `body`.")
            out.doc(1, "- Throws: Exactly when `\(name)(decoding:)` does.")
            out.line(1, "@inlinable")
            out.line(1, "public mutating func with\(name)<Result>(")
            out.line(2, "_ bytes: RawSpan, limits: DecodingLimits = .default,")
            out.line(2, "_ body: (borrowing ArenaReference<\(name)Record>) -> Result")
            out.line(1, ") throws(DecodingError) -> Result {")
            out.line(2, "try decode(bytes, as: \(name)Record.self, limits: limits, body)")
            out.line(1, "}")
        }
        out.line(0, "}")
        return out.text
    }

    // MARK: Records

    private func recordType(_ type: ProtocolSchema.FieldType) -> (name: String, initial: String) {
        switch type {
        case .text, .bytes, .uid: ("ArenaSlice", "ArenaSlice()")
        case .enumeration: ("Int32", "0")
        case .flags: ("UInt64", "0")
        case .message(let name): ("UnsafeMutablePointer<\(name)Record>?", "nil")
        case .list: ("ArenaElements<\(element(type))>", "ArenaElements()")
        case .map: ("ArenaEntries<\(element(type))>", "ArenaEntries()")
        default: (fields.swiftType(type), fields.initial(type))
        }
    }

    /// What a list or map holds.
    private func element(_ type: ProtocolSchema.FieldType) -> String {
        switch type {
        case .list(.message(let name)), .map(.message(let name)): "\(name)Record"
        default: "ArenaSlice"
        }
    }

    private func read(_ field: ProtocolSchema.Field) -> String {
        let target = "record.pointee.\(field.swiftName)"
        return switch field.type {
        case .text: "\(target) = try reader.text()"
        case .bytes, .uid: "\(target) = try reader.bytes()"
        case .enumeration: "\(target) = Int32(truncatingIfNeeded: try reader.wire.varint())"
        case .flags: "\(target) = try reader.wire.varint()"
        case .message: "try reader.message(into: &\(target))"
        case .list(.text): "try reader.texts(\(field.tag), into: &\(target))"
        case .list: "try reader.messages(\(field.tag), into: &\(target))"
        case .map(.text): "try reader.textMap(into: &\(target))"
        case .map: "try reader.map(\(field.tag), into: &\(target))"
        default: "\(target) = \((fields.scalar(field.type) ?? "").replacing("reader.", with: "reader.wire."))"
        }
    }

    private mutating func recordHead(_ type: ProtocolSchema.Declaration) {
        out.doc(0, "`\(type.name)` as a record in an arena.")
        out.line(0, "public struct \(type.name)Record: BitwiseCopyable {")
    }

    private mutating func recordBody(_ type: ProtocolSchema.Declaration, _ cases: [String]) {
        out.line(0, "")
        out.line(1, "@usableFromInline")
        out.line(1, "package init() {}")
        out.line(0, "}\n")
        out.line(0, "extension \(type.name)Record: ArenaRecord {")
        out.line(1, "@usableFromInline")
        out.line(1, "@inline(never)")
        out.line(1, "package static func merge(")
        out.line(2, "into record: UnsafeMutablePointer<\(type.name)Record>, from reader: inout ArenaReader")
        out.line(1, ") throws(DecodingError) {")
        out.line(2, "while true {")
        out.line(3, "switch try reader.tag() {")
        out.line(3, "case 0: return")
        for line in cases { out.line(3, line) }
        out.line(3, "case let tag: try reader.skip(tag)")
        out.line(3, "}")
        out.line(2, "}")
        out.line(1, "}")
        out.line(0, "}\n")
    }

    private mutating func record(_ type: ProtocolSchema.Declaration) {
        recordHead(type)
        for field in type.fields {
            let (name, initial) = recordType(field.type)
            out.line(1, "var \(field.swiftName): \(name) = \(initial)")
        }
        recordBody(type, type.fields.map { "case \($0.tag): \(read($0))" })
    }

    /// A oneof: which field, and a number's bits, a place in the bytes or the address of a record.
    private mutating func unionRecord(_ type: ProtocolSchema.Declaration) {
        recordHead(type)
        out.doc(1, "The number of the field that is set; 0 for none.")
        out.line(1, "var field: UInt32 = 0")
        out.doc(1, "A number's bits, a place in the message's bytes, or the address of a record.")
        out.line(1, "var content: UInt64 = 0")
        var cases: [String] = []
        for field in type.fields {
            let set = "(record.pointee.field, record.pointee.content) = (\(field.number), "
            switch field.type {
            case .text: cases.append("case \(field.tag): \(set)try reader.text().packed)")
            case .bytes: cases.append("case \(field.tag): \(set)try reader.bytes().packed)")
            case .message(let name):
                cases.append("case \(field.tag):")
                cases.append("    let address = record.pointee.field == \(field.number) ? record.pointee.content : 0")
                cases.append("    var part = UnsafeMutablePointer<\(name)Record>(bitPattern: UInt(address))")
                cases.append("    try reader.message(into: &part)")
                cases.append("    \(set)UInt64(UInt(bitPattern: part)))")
            default:
                let bits = field.type.layout == 1 ? "fixed64" : "varint"
                cases.append("case \(field.tag): \(set)try reader.wire.\(bits)())")
            }
        }
        recordBody(type, cases)
    }

    // MARK: Accessors

    private mutating func accessors(_ type: ProtocolSchema.Declaration) {
        for field in type.fields {
            out.doc(1, field.sentence)
            accessor(field)
            out.line(0, "")
        }
        out.doc(1, "The message as a value; everything in it is copied.")
        out.line(1, "public func copied() -> \(type.name) {")
        out.call(2, type.name, type.fields.map { "\($0.swiftName): \(copy($0))" }, "")
        out.line(1, "}")
    }

    private mutating func accessor(_ field: ProtocolSchema.Field) {
        let (name, stored) = (field.swiftName, "record.pointee.\(field.swiftName)")
        switch field.type {
        case .text: out.line(1, "public var \(name): String { text(\(stored)) }")
        case .uid: out.line(1, "public var \(name): InstanceUIDField { InstanceUIDField(bytes(\(stored))) }")
        case .enumeration(let type), .flags(let type):
            out.line(1, "public var \(name): \(type) { \(type)(rawValue: \(stored)) }")
        case .bytes: lent(name, "RawSpan", "bytes(\(stored))")
        case .list: lent(name, "ArenaList<\(element(field.type))>", "ArenaList(\(stored), in: self)")
        case .map: lent(name, "ArenaMap<\(element(field.type))>", "ArenaMap(\(stored), in: self)")
        case .message(let inner):
            out.line(1, "public var \(name): ArenaReference<\(inner)Record>? {")
            out.line(2, "@_lifetime(copy self)")
            out.line(2, "get {")
            out.line(3, "guard let found = \(stored) else { return nil }")
            out.line(3, "return ArenaReference<\(inner)Record>(found, in: self)")
            out.line(2, "}")
            out.line(1, "}")
        default: out.line(1, "public var \(name): \(fields.swiftType(field.type)) { \(stored) }")
        }
    }

    private mutating func lent(_ name: String, _ type: String, _ value: String) {
        out.line(1, "public var \(name): \(type) {")
        out.line(2, "@_lifetime(copy self) get { \(value) }")
        out.line(1, "}")
    }

    private func copy(_ field: ProtocolSchema.Field) -> String {
        switch field.type {
        case .bytes: "\(field.swiftName).copied()"
        case .message: "\(field.swiftName)?.copied()"
        case .list(.text), .map(.text): "\(field.swiftName).texts()"
        case .list, .map: "\(field.swiftName).copied { $0.copied() }"
        default: field.swiftName
        }
    }

    private mutating func unionCopy(_ type: ProtocolSchema.Declaration) {
        out.doc(1, "The value; everything in it is copied.")
        out.line(1, "public func copied() -> \(type.name) {")
        out.line(2, "let content = record.pointee.content")
        out.line(2, "switch record.pointee.field {")
        for field in type.fields {
            let value: String
            switch field.type {
            case .text: value = "text(ArenaSlice(packed: content))"
            case .bytes: value = "bytes(ArenaSlice(packed: content)).copied()"
            case .bool: value = "content != 0"
            case .int64: value = "Int64(bitPattern: content)"
            case .double: value = "Double(bitPattern: content)"
            case .message(let name):
                out.line(2, "case \(field.number):")
                out.line(
                    3, "guard let part = UnsafePointer<\(name)Record>(bitPattern: UInt(content)) else { return .null }")
                out.line(3, "return .\(field.swiftName)(ArenaReference<\(name)Record>(part, in: self).copied())")
                continue
            default: value = "content"
            }
            out.line(2, "case \(field.number): return .\(field.swiftName)(\(value))")
        }
        out.line(2, "default: return .null")
        out.line(2, "}")
        out.line(1, "}")
    }
}
