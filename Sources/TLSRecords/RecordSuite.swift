/// A cipher suite of TLS 1.3 whose records this target seals and opens (RFC 8446 §B.4). Suites with AES-CCM stay with
/// OpenSSL.
public enum RecordSuite: UInt8, CaseIterable, Sendable {
    case aes128GCM, aes256GCM, chacha20Poly1305

    /// - Parameter number: the suite's number on the wire.
    public init?(number: UInt16) {
        switch number {
        case 0x1301: self = .aes128GCM
        case 0x1302: self = .aes256GCM
        case 0x1303: self = .chacha20Poly1305
        default: return nil
        }
    }

    /// Bytes of a traffic secret: those of the suite's digest.
    public var secretBytes: Int { self == .aes256GCM ? 48 : 32 }

    /// Bytes of a key of the AEAD.
    var keyBytes: Int { self == .aes128GCM ? 16 : 32 }

    /// Bytes of an initialisation vector (RFC 8446 §5.3).
    static let ivBytes = 12

    /// The AEAD's name in OpenSSL.
    var cipherName: String {
        switch self {
        case .aes128GCM: "AES-128-GCM"
        case .aes256GCM: "AES-256-GCM"
        case .chacha20Poly1305: "ChaCha20-Poly1305"
        }
    }
}

/// The direction of records, from this side.
enum RecordDirection: Int {
    case write, read
}
