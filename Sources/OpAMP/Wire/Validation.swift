/// Checking without building: accepts exactly the bytes that decoding into values accepts.
extension WireReader {
    /// Checks the rest of the current message as one of the given kind.
    mutating func check(_ kind: MessageKind) throws(DecodingError) {
        while let field = try nextField() {
            try check(field, as: kind.field(field.number))
        }
    }

    /// Checks one field's content; skips it where it is unknown or laid out in another way than its kind asks for.
    @inline(__always)
    mutating func check(_ field: FieldTag, as kind: FieldKind) throws(DecodingError) {
        switch kind {
        case .varint where field.has(.varint): _ = try varint()
        case .fixed64 where field.has(.fixed64): _ = try fixed64()
        case .bytes where field.has(.lengthDelimited): _ = try contentRange()
        case .text where field.has(.lengthDelimited): try checkText()
        case .message(let kind) where field.has(.lengthDelimited):
            let outer = try enterMessage()
            try check(kind)
            leaveMessage(outer)
        case .textMap where field.has(.lengthDelimited):
            let outer = try enterEntry()
            try checkEntry(.text)
            leaveEntry(outer)
        case .map(let kind) where field.has(.lengthDelimited):
            let outer = try enterEntry()
            try checkEntry(.message(kind))
            leaveEntry(outer)
        default: try skip(field)
        }
    }

    private mutating func checkEntry(_ value: FieldKind) throws(DecodingError) {
        while let field = try nextField() {
            let kind: FieldKind =
                switch field.number {
                case 1: .text
                case 2: value
                default: .unknown
                }
            switch kind {
            case .text where field.has(.lengthDelimited): try checkText()
            case .message(let kind) where field.has(.lengthDelimited):
                let outer = try enterMessage()
                try check(kind)
                leaveMessage(outer)
            default: try skip(field)
            }
        }
    }
}
