/// The records of one TLS 1.3 connection after its handshake (RFC 8446 §5), without I/O: bytes in, plaintext and bytes
/// out. The handshake, with certificates, names and tickets, is OpenSSL's; `RecordLayer` takes its two application
/// traffic secrets and the numbers of records that it has sealed and opened with them.
///
/// What it does with a record, and the alert that follows, is a table in docs/tls.md. In short:
///
/// - Application data is decrypted into the caller's buffer. Records may come in pieces or several at once.
/// - Key updates are followed in both directions; one that asks for an answer gets one, before the next data at the
///   latest and only one for all that came in a read.
/// - Tickets are skipped: the resumption secret stayed with OpenSSL.
/// - Before a key has sealed 2^24 records it is replaced (RFC 8446 §5.5 allows 2^24.5 with AES-GCM), and a peer that
///   continues with its own key beyond that is asked once for a new one.
/// - Records without data are limited: the 33rd in a row ends the connection.
/// - After an alert in either direction, or a failure, nothing more is opened or sealed.
///
/// A value owns a block of 152 to 216 bytes and is itself a pointer. `end(_:)` wipes the block and gives it back; it is
/// the only way to let go of a value, and dropping one instead ends the process. All calls of a value get the same
/// `RecordResources`.
public struct RecordLayer: ~Copyable {
    static let headerBytes = 5
    static let tagBytes = 16
    /// The largest payload of a record, and the largest body: payload, type and tag, and what §5.2 allows in addition.
    static let maxPlaintext = 16_384
    static let maxCiphertext = maxPlaintext + 256
    static let maxRecord = headerBytes + maxCiphertext
    /// What a record has beside payload and padding: header, content type and tag.
    public static let overhead = headerBytes + 1 + tagBytes
    /// Records without application data that are accepted in a row.
    static let maxUseless: UInt8 = 32
    /// The longest body of a NewSessionTicket: fields with a length of one byte and of two, and eight bytes (§4.6.1).
    static let maxTicket = 131_338
    /// A key update's message, of five bytes, as a record.
    static let updateRecordBytes = 5 + overhead
    /// The room that `control`, `close`, `fail` and `update` need at most.
    public static let controlRoom = 2 * updateRecordBytes

    /// The content types that are allowed after the handshake (RFC 8446 §B.1).
    enum ContentType {
        static let alert: UInt8 = 21
        static let handshake: UInt8 = 22
        static let applicationData: UInt8 = 23
    }

    let block: RecordBlock

    /// - Parameters:
    ///   - writeSecret, readSecret: the application traffic secrets of this side and of the peer, `suite.secretBytes`
    ///     bytes each. They are copied; the caller wipes its own.
    ///   - written, read: records that were sealed and opened with the keys of these secrets before.
    ///   - maxFragment: the most plaintext of a record that is sent: 16,384, or less where max_fragment_length was
    ///     agreed on (RFC 6066 §4).
    ///   - limitShift: the binary logarithm of the records after which a key is replaced, 2...24. For tests.
    public init(
        _ suite: RecordSuite, isServer: Bool, writeSecret: [UInt8], readSecret: [UInt8], written: UInt64, read: UInt64,
        maxFragment: Int = 16_384, limitShift: UInt8 = 24, _ resources: RecordResources
    ) {
        precondition((1...Self.maxPlaintext).contains(maxFragment) && (2...24).contains(limitShift))
        block = RecordBlock(
            RecordBlock.Head(
                writeSequence: written, readSequence: read, pieces: nil, maxFragment: UInt16(maxFragment), suite: suite,
                flags: isServer ? .isServer : [], useless: 0, alert: 0, limitShift: limitShift),
            writeSecret: writeSecret, readSecret: readSecret, resources)
    }

    /// Wipes secrets and keys and gives the memory back.
    public consuming func end(_ resources: RecordResources) {
        block.free(resources)
        discard self
    }

    deinit {
        precondition(false, "a record layer was dropped without end(_:)")
    }

    public var suite: RecordSuite { block.head.suite }
    /// Records opened with the present key of the peer.
    public var readSequence: UInt64 { block.head.readSequence }
    /// Records sealed with the present key of this side.
    public var writeSequence: UInt64 { block.head.writeSequence }
    /// Whether part of a record or of a handshake message has come.
    public var isAmidRecord: Bool { block.head.pieces != nil }
    /// Whether nothing more can be sealed: an alert was sent, or received.
    public var isWriteClosed: Bool { block.head.flags.contains(.writeClosed) }
}
