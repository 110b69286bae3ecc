extension UInt8 {
    /// Whether the byte may be part of a token: a method, a field name, a parameter (RFC 9110, 5.6.2).
    var isTokenCharacter: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    /// Whether the byte may be part of a field value: visible, space, tab, or obsolete text (RFC 9110, 5.5).
    @inline(__always)
    var isFieldValueCharacter: Bool { self >= 0x20 ? self != 0x7F : self == 0x09 }
}
