// Invariants of the unsafe memory in this file:
//  - OpenSSL's callbacks get bytes and a line that live until they return; nothing is kept but copies.

import Basis
import COpenSSL
import Glibc

/// What is noted of a TLS 1.3 connection while OpenSSL has it: the two application traffic secrets, the number of
/// records sealed with each, and whether OpenSSL is between messages. OpenSSL tells all of it by two public
/// callbacks: one for key logs (the secrets go nowhere but here), one for records and messages.
struct HandshakeLog {
    let isServer: Bool
    private(set) var clientSecret: [UInt8] = []
    private(set) var serverSecret: [UInt8] = []
    /// Records sealed, and opened, since the secret of that direction was logged, which OpenSSL does when it goes over
    /// to its key.
    private(set) var written: UInt64 = 0
    private(set) var read: UInt64 = 0
    private(set) var tickets = 0
    private(set) var keyUpdates = 0
    private(set) var alerts = 0
    /// Reads that brought application data.
    var dataReads = 0
    /// The length of the record that is being read.
    private var recordLength = 0
    /// Bytes inside handshake records opened with the application key, and bytes of the messages that OpenSSL has made
    /// of them: a difference is a message of which a part has come, or padding.
    private var handshakeBytes = 0
    private var messageBytes = 0

    init(isServer: Bool) {
        self.isServer = isServer
    }

    /// Whether no part of a message waits in OpenSSL. No call of it shows the first bytes of a message's header.
    var isBetweenMessages: Bool { handshakeBytes == messageBytes }

    /// A line of a key log (the SSLKEYLOGFILE format): its label, the client's random, the secret.
    mutating func logged(_ line: UnsafePointer<CChar>) {
        let isClient = strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24) == 0
        guard isClient || strncmp(line, "SERVER_TRAFFIC_SECRET_0 ", 24) == 0, let space = strrchr(line, 0x20) else {
            return
        }
        var secret: [UInt8] = []
        secret.reserveCapacity(48)
        var position = space + 1
        while let high = UInt8(bitPattern: position[0]).hexadecimalValue,
            let low = UInt8(bitPattern: position[1]).hexadecimalValue
        {
            secret.append(high << 4 | low)
            position += 2
        }
        if isClient { clientSecret = secret } else { serverSecret = secret }
        if isClient == isServer {
            (read, handshakeBytes, messageBytes) = (0, 0, 0)
        } else {
            written = 0
        }
    }

    /// OpenSSL has read or written a record's header, the inner type of a record, or a message.
    mutating func saw(isWritten: Bool, type: Int32, _ bytes: UnsafeRawBufferPointer) {
        switch type {
        case SSL3_RT_HEADER:
            if isWritten { written += 1 } else { read += 1 }
            if !isWritten, bytes.count >= 5 { recordLength = Int(bytes[3]) << 8 + Int(bytes[4]) }
        case SSL3_RT_INNER_CONTENT_TYPE:
            guard !isWritten, let inner = bytes.first.map(Int32.init) else { return }
            // Without the type and the tag.
            if inner == SSL3_RT_HANDSHAKE { handshakeBytes += recordLength - 17 }
            // OpenSSL refuses data amid a message, so a difference before data was padding.
            if inner == SSL3_RT_APPLICATION_DATA { (handshakeBytes, messageBytes) = (0, 0) }
        case SSL3_RT_HANDSHAKE:
            guard let message = bytes.first.map(Int32.init) else { return }
            if !isWritten { messageBytes += bytes.count }
            if message == SSL3_MT_NEWSESSION_TICKET { tickets += 1 }
            if message == SSL3_MT_KEY_UPDATE { keyUpdates += 1 }
        case SSL3_RT_ALERT:
            alerts += 1
        default: break
        }
    }

    mutating func wipe() {
        clientSecret.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        serverSecret.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        (clientSecret, serverSecret) = ([], [])
    }

    /// Has a context's connections note what they need to be handed over.
    static func install(in context: OpaquePointer) {
        SSL_CTX_set_keylog_callback(context) { connection, line in
            guard let connection, let line else { return }
            TLSState.of(connection)?.log.logged(line)
        }
        SSL_CTX_set_msg_callback(context) { isWritten, _, type, bytes, count, connection, _ in
            guard let connection, let bytes else { return }
            TLSState.of(connection)?.log.saw(
                isWritten: isWritten != 0, type: type, UnsafeRawBufferPointer(start: bytes, count: count))
        }
    }
}
