/// Writes the views of the messages that travel by themselves: checked once, plain fields at hand, the rest found on
/// request.
struct ViewOutput {
    let schema: ProtocolSchema
    private let fields: FieldOutput
    private var out = SwiftText()

    init(_ schema: ProtocolSchema) {
        self.schema = schema
        fields = FieldOutput(schema: schema)
    }

    mutating func file(_ view: ProtocolSchema.View) -> String {
        out = SwiftText()
        out.line(0, "public import Protobuf\n")
        guard let type = schema.type(view.message) else {
            fatalError("a view of \(view.message), which does not exist")
        }
        head(type)
        presence(type)
        parts(type, view)
        looks(type, view)
        entryPoints(type)
        return out.text
    }

    private mutating func head(_ type: ProtocolSchema.Declaration) {
        let plain = type.fields.filter { fields.isPlain($0.type) }
        out.doc(0, "`\(type.name)` in borrowed bytes: checked once, read where it is, copied only on request.")
        out.line(0, "///")
        out.doc(
            0,
            "Making the view walks the whole message and checks depth, lengths and UTF-8, so that nothing can fail "
                + "later. What fits a register is then at hand; sub-messages are built by the methods, each at its own "
                + "cost."
        )
        out.line(0, "public struct \(type.name)View: ~Escapable {")
        out.line(1, "let bytes: RawSpan")
        out.doc(1, "Which fields are on the wire. A number or uid may be there and yet have its default value.")
        out.line(1, "public let present: Fields")
        out.doc(1, "Fields that this version of the protocol does not have, at any depth.")
        out.line(1, "public let unknownFieldCount: Int")
        for field in plain {
            out.doc(1, field.sentence)
            out.line(1, "public let \(field.swiftName): \(fields.swiftType(field))")
        }
        out.line(0, "")
        out.doc(1, "A view of `bytes`. Cost: one pass, no allocation (but for a malformed instance uid).")
        out.doc(1, "- Throws: Exactly when `\(type.name)(decoding:)` does.")
        out.line(1, "@_lifetime(copy bytes)")
        out.line(1, "public init(_ bytes: RawSpan, limits: DecodingLimits = .default) throws(DecodingError) {")
        out.line(2, "var present: UInt32 = 0")
        for field in plain {
            out.line(2, "var \(field.swiftName): \(fields.swiftType(field)) = \(fields.initial(field))")
        }
        out.line(
            2, "unknownFieldCount = try WireReader.read(bytes, limits: limits) { (reader) throws(DecodingError) in")
        out.line(3, "while true {")
        out.line(4, "switch try reader.tag() {")
        out.line(4, "case 0: return reader.unknownFieldCount")
        for field in type.fields {
            out.line(4, "case \(field.tag):")
            let isPlain = plain.contains { $0.number == field.number }
            out.line(5, isPlain ? fields.read(field) : fields.check(field.type))
            out.line(5, "present |= 1 << \(field.number)")
        }
        out.line(4, "case let tag: try reader.skip(tag)")
        out.line(4, "}")
        out.line(3, "}")
        out.line(2, "}")
        out.line(2, "self.bytes = bytes")
        out.line(2, "self.present = Fields(rawValue: present)")
        for field in plain { out.line(2, "self.\(field.swiftName) = \(field.swiftName)") }
        out.line(1, "}\n")
    }

    private mutating func presence(_ type: ProtocolSchema.Declaration) {
        out.doc(1, "The size of the message on the wire, in bytes.")
        out.line(1, "public var byteCount: Int { bytes.byteCount }\n")
        out.doc(1, "The message's fields; bit n is field number n.")
        out.line(1, "public struct Fields: OptionSet, Hashable, Sendable {")
        out.line(2, "public let rawValue: UInt32\n")
        out.line(2, "public init(rawValue: UInt32) {")
        out.line(3, "self.rawValue = rawValue")
        out.line(2, "}\n")
        for field in type.fields {
            out.line(2, "public static let \(field.swiftName) = Fields(rawValue: 1 << \(field.number))")
        }
        out.line(1, "}")
        out.line(0, "}\n")
    }

    private mutating func parts(_ type: ProtocolSchema.Declaration, _ view: ProtocolSchema.View) {
        out.doc(
            0, "Builds sub-messages. Cost: that of decoding the sub-message. Nothing when the message does not have it."
        )
        out.line(0, "extension \(type.name)View {")
        for field in type.fields {
            guard case .message(let name) = field.type else { continue }
            out.doc(1, field.sentence)
            out.line(1, "public func \(field.swiftName)() -> \(name)? {")
            out.line(2, "present.contains(.\(field.swiftName)) ? FieldLookup.message(\(field.tag), in: bytes) : nil")
            out.line(1, "}\n")
        }
        out.doc(1, "The whole message as a value.")
        out.line(1, "public func \(view.valueName)() -> \(type.name) {")
        out.line(2, "FieldLookup.whole(bytes)")
        out.line(1, "}\n")
        out.doc(
            1,
            "Lends each part of the sub-messages that are on the wire to `body`, in order: which field, and its "
                + "content."
        )
        out.line(1, "public func forEachPart(_ body: (_ field: Fields, _ content: RawSpan) -> Void) {")
        out.line(2, "FieldLookup.forEachContent(in: bytes) { number, content in")
        out.line(3, "if number < 32 { body(Fields(rawValue: 1 << number), content) }")
        out.line(2, "}")
        out.line(1, "}")
        out.line(0, "}\n")
    }

    private mutating func looks(_ type: ProtocolSchema.Declaration, _ view: ProtocolSchema.View) {
        out.doc(
            0,
            "Looks into sub-messages without building them. Cost: a walk over the sub-message's own fields, no "
                + "allocation."
        )
        out.line(0, "extension \(type.name)View {")
        for (index, look) in view.looks.enumerated() {
            guard look.path.count == 2, let outer = type.fields.first(where: { $0.name == look.path[0] }),
                case .message(let name) = outer.type,
                let inner = schema.type(name)?.fields.first(where: { $0.name == look.path[1] })
            else { fatalError("\(view.message): no field \(look.path)") }
            if index > 0 { out.line(0, "") }
            out.doc(1, "`\(look.path.joined(separator: "."))`: \(inner.sentence)")
            self.look(look.name, outer, inner)
        }
        out.line(0, "}\n")
    }

    private mutating func look(_ name: String, _ outer: ProtocolSchema.Field, _ inner: ProtocolSchema.Field) {
        let absent = "guard present.contains(.\(outer.swiftName)) else { return"
        switch inner.type {
        case .bytes, .text:
            out.doc(1, "Empty when absent.")
            out.line(1, "public var \(name): RawSpan {")
            out.line(2, "@_lifetime(copy self)")
            out.line(2, "get {")
            out.line(3, "let isPresent = present.contains(.\(outer.swiftName))")
            out.line(
                3, "let content = isPresent ? FieldLookup.content(\(inner.tag), of: \(outer.tag), in: bytes) : 0..<0")
            out.line(3, "return bytes.extracting(content)")
            out.line(2, "}")
        case .uid:
            out.line(1, "public var \(name): InstanceUIDField {")
            out.line(2, "\(absent) .absent }")
            lookup(outer, inner)
        default:
            out.doc(1, "Nothing when `\(outer.name)` is absent.")
            out.line(1, "public var \(name): \(fields.swiftType(inner))? {")
            out.line(2, "\(absent) nil }")
            lookup(outer, inner)
        }
        out.line(1, "}")
    }

    private mutating func lookup(_ outer: ProtocolSchema.Field, _ inner: ProtocolSchema.Field) {
        out.call(
            2, "return FieldLookup.last",
            [
                "\(inner.tag)", "of: \(outer.tag)", "in: bytes",
                "default: \(fields.swiftType(inner))\(initializer(inner))",
            ],
            " { (reader) throws(DecodingError) in")
        out.line(3, fields.scalar(inner.type) ?? "")
        out.line(2, "}")
    }

    private func initializer(_ field: ProtocolSchema.Field) -> String {
        switch field.type {
        case .enumeration, .uid: fields.initial(field)
        default: "(\(fields.initial(field)))"
        }
    }

    /// The messages that travel by themselves have entry points of their own next to the runtime's, so that other
    /// modules' calls reach code made for them instead of code made for any message.
    private mutating func entryPoints(_ type: ProtocolSchema.Declaration) {
        out.line(0, "extension \(type.name) {")
        for (kind, argument) in [("RawSpan", "bytes"), ("[UInt8]", "bytes.span.bytes")] {
            out.doc(1, "The message that `bytes` hold. Everything in it is copied; unknown fields are dropped.")
            out.line(
                1, "public init(decoding bytes: \(kind), limits: DecodingLimits = .default) throws(DecodingError) {")
            out.line(2, "self.init()")
            out.line(2, "try merge(decoding: \(argument), limits: limits)")
            out.line(1, "}\n")
        }
        out.doc(
            1, "Appends the bytes: measured first, then written in one pass. Allocates only if `bytes` has to grow.")
        out.line(1, "public func encode(appendingTo bytes: inout [UInt8]) {")
        out.line(2, "append(to: &bytes)")
        out.line(1, "}")
        out.line(0, "}")
    }
}
