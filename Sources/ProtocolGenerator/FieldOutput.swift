/// What one field is in Swift: its type, and the calls of the runtime that write, read and check it.
struct FieldOutput {
    let schema: ProtocolSchema

    func swiftType(_ field: ProtocolSchema.Field) -> String {
        swiftType(field.type) + (field.isExplicit ? "?" : "")
    }

    func initial(_ field: ProtocolSchema.Field) -> String {
        field.isExplicit ? "nil" : initial(field.type)
    }

    func swiftType(_ type: ProtocolSchema.FieldType) -> String {
        switch type {
        case .text: "String"
        case .bytes: "[UInt8]"
        case .uid: "InstanceUIDField"
        case .bool: "Bool"
        case .uint64, .fixed64: "UInt64"
        case .int64, .sfixed64: "Int64"
        case .uint32, .fixed32: "UInt32"
        case .double: "Double"
        case .enumeration(let name), .flags(let name): name
        case .message(let name): name + "?"
        case .list(.message(let name)): "[\(name)]"
        case .list(let element): "[\(swiftType(element))]"
        case .map(.message(let name)): "OrderedDictionary<String, \(name)>"
        case .map(let element): "OrderedDictionary<String, \(swiftType(element))>"
        }
    }

    func initial(_ type: ProtocolSchema.FieldType) -> String {
        switch type {
        case .text: "\"\""
        case .bytes, .flags, .list: "[]"
        case .uid: ".absent"
        case .bool: "false"
        case .uint64, .fixed64, .int64, .sfixed64, .uint32, .fixed32, .double: "0"
        case .enumeration(let name): "." + (schema.type(name)?.fields.first?.swiftName ?? "unrecognized(0)")
        case .message: "nil"
        case .map: "[:]"
        }
    }

    /// Shows a field to the visitor, if it is on the wire.
    func show(_ field: ProtocolSchema.Field) -> String {
        let (tag, name) = (field.tag, field.swiftName)
        if field.isExplicit { return "if let \(name) { visitor.\(member(field.type, tag, name)) }" }
        return switch field.type {
        case .text: "visitor.text(\(tag), \(name))"
        case .bytes: "visitor.bytes(\(tag), \(name))"
        case .uid: "visitor.instanceUID(\(tag), \(name))"
        case .bool: "visitor.bool(\(tag), \(name))"
        case .uint64: "visitor.varint(\(tag), \(name))"
        case .uint32: "visitor.varint(\(tag), UInt64(\(name)))"
        case .int64: "visitor.varint(\(tag), UInt64(bitPattern: \(name)))"
        case .fixed64: "visitor.fixed64(\(tag), \(name))"
        case .sfixed64: "visitor.fixed64(\(tag), UInt64(bitPattern: \(name)))"
        case .fixed32: "visitor.fixed32(\(tag), \(name))"
        case .double: "visitor.double(\(tag), \(name))"
        case .enumeration: "visitor.enumeration(\(tag), \(name))"
        case .flags: "visitor.varint(\(tag), \(name).rawValue)"
        case .message where field.isRare: "visitor.rare(\(tag), _\(name))"
        // Written out here and not in the runtime: what is unwrapped there, in another module, is retained and
        // released.
        case .message: "if let \(name) { visitor.message(\(tag), \(name)) }"
        case .list(.text): "visitor.texts(\(tag), \(name))"
        case .list: "visitor.messages(\(tag), \(name))"
        case .map(.text): "visitor.textMap(\(tag), \(name))"
        case .map: "visitor.map(\(tag), \(name))"
        }
    }

    /// Shows a field that is written whatever its value.
    func member(_ type: ProtocolSchema.FieldType, _ tag: Int, _ value: String) -> String {
        switch type {
        case .text: "member(\(tag), text: \(value))"
        case .bytes: "member(\(tag), bytes: \(value))"
        case .bool: "member(\(tag), varint: \(value) ? 1 : 0)"
        case .int64: "member(\(tag), varint: UInt64(bitPattern: \(value)))"
        case .double: "member(\(tag), fixed64: \(value).bitPattern)"
        case .fixed64: "member(\(tag), fixed64: \(value))"
        case .sfixed64: "member(\(tag), fixed64: UInt64(bitPattern: \(value)))"
        case .message: "message(\(tag), \(value))"
        default: "member(\(tag), varint: UInt64(\(value)))"
        }
    }

    /// Reads a field that fits a register, or a text or bytes; nothing for the others.
    func scalar(_ type: ProtocolSchema.FieldType) -> String? {
        switch type {
        case .text: "try reader.text()"
        case .bytes: "try reader.bytes()"
        case .uid: "try reader.instanceUID()"
        case .bool: "try reader.bool()"
        case .uint64: "try reader.varint()"
        case .uint32: "UInt32(truncatingIfNeeded: try reader.varint())"
        case .int64: "Int64(bitPattern: try reader.varint())"
        case .fixed64: "try reader.fixed64()"
        case .sfixed64: "Int64(bitPattern: try reader.fixed64())"
        case .fixed32: "try reader.fixed32()"
        case .double: "try reader.double()"
        case .enumeration: "try reader.enumeration()"
        case .flags: "try reader.flags()"
        default: nil
        }
    }

    /// Whether a view stores the field.
    func isPlain(_ type: ProtocolSchema.FieldType) -> Bool {
        scalar(type) != nil && type != .text && type != .bytes
    }

    func read(_ field: ProtocolSchema.Field) -> String {
        if let scalar = scalar(field.type) { return "\(field.swiftName) = \(scalar)" }
        let target = (field.isRare ? "&_" : "&") + field.swiftName
        precondition(field.tag < 0x80, "lists and maps have numbers up to 15: \(field.name)")
        return switch field.type {
        case .message: "try reader.message(into: \(target))"
        case .list(.text): "try reader.texts(\(field.tag), into: \(target))"
        case .list: "try reader.messages(\(field.tag), into: \(target))"
        case .map(.text): "try reader.textMap(into: \(target))"
        default: "try reader.map(\(field.tag), into: \(target))"
        }
    }

    func check(_ type: ProtocolSchema.FieldType) -> String {
        switch type {
        case .text, .list(.text): "try reader.checkText()"
        case .bytes, .uid: "_ = try reader.content()"
        case .message(let name), .list(.message(let name)): "try reader.check(\(name).self)"
        case .map(.message(let name)): "try reader.checkMap(\(name).self)"
        case .map: "try reader.checkTextMap()"
        default:
            ["_ = try reader.varint()", "_ = try reader.fixed64()", "", "", "", "_ = try reader.fixed32()"][type.layout]
        }
    }
}
