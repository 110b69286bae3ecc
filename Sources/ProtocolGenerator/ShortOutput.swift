/// Writes the messages that are encoded from arguments.
struct ShortOutput {
    let schema: ProtocolSchema
    private let fields: FieldOutput
    private var out = SwiftText()

    init(_ schema: ProtocolSchema) {
        self.schema = schema
        fields = FieldOutput(schema: schema)
    }

    mutating func file() -> String {
        out = SwiftText()
        out.line(0, "internal import Protobuf\n")
        for short in schema.shorts { self.short(short) }
        return out.text
    }

    private mutating func short(_ short: ProtocolSchema.Short) {
        let chosen = short.fields.map { name, isOptional in
            guard let field = schema.type(short.message)?.fields.first(where: { $0.name == name }) else {
                fatalError("\(short.name): \(short.message) has no field \(name)")
            }
            return (field: field, type: argument(field, isOptional))
        }
        let arguments = chosen.map { field, type in
            "\(field.swiftName): \(type)"
                + (field.type.isFlags || type.hasSuffix("?") ? " = \(fields.initial(field))" : "")
        }
        out.doc(0, short.sentence)
        out.line(0, "public enum \(short.name) {")
        out.doc(
            1,
            "Appends the bytes: those of `\(short.message)` with the same fields. No allocation while `bytes` has room."
        )
        out.call(1, "public static func encode", arguments + ["appendingTo bytes: inout [UInt8]"], " {")
        out.call(2, "Fields", chosen.map { "\($0.field.swiftName): \($0.field.swiftName)" }, ".append(to: &bytes)")
        out.line(1, "}\n")
        out.line(1, "private struct Fields: FieldListing {")
        for (field, type) in chosen { out.line(2, "let \(field.swiftName): \(type)") }
        out.line(0, "")
        out.line(2, "@inline(__always)")
        out.line(2, "func visit(_ visitor: inout some FieldVisitor) {")
        for (field, type) in chosen.sorted(by: { $0.field.number > $1.field.number }) {
            let name = field.swiftName
            switch (field.type, type) {
            case (.uid, "InstanceUID"):
                out.line(3, "visitor.member(\(field.tag), high: \(name).high, low: \(name).low)")
            case (.message, _): out.line(3, "if let \(name) { visitor.member(\(field.tag), bytes: \(name)) }")
            default: out.line(3, fields.show(field))
            }
        }
        out.line(2, "}")
        out.line(1, "}")
        out.line(0, "}\n")
    }

    private func argument(_ field: ProtocolSchema.Field, _ isOptional: Bool) -> String {
        switch field.type {
        case .uid: isOptional ? "InstanceUIDField" : "InstanceUID"
        case .message: "[UInt8]?"
        default: fields.swiftType(field)
        }
    }
}

extension ProtocolSchema.FieldType {
    var isFlags: Bool { if case .flags = self { true } else { false } }
}
