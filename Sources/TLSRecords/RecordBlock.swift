// Invariants of the unsafe memory in this file:
//  - A RecordBlock owns `base`, a block of a RecordMemory, laid out by its suite: head, write secret, read secret,
//    write key, write iv, read key, read iv. Nothing else points to it. `free` gives it back, once.
//  - `head.pieces` is nil, or a buffer of the same RecordMemory that this block owns: a PiecesHead, then
//    `bufferSizes[sizeClass]` - `PiecesHead.bytes` bytes, of which the first `count` are set.
//  - A pointer or span that is handed to a closure is used inside it only.

import COpenSSL

/// What a connection keeps: the sequence numbers, secrets, keys and flags, in one block of 152 to 216 bytes.
struct RecordBlock {
    /// What else there is to know of a connection.
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let isServer = Flags(rawValue: 1 << 0)
        /// close_notify, an alert or a failure: nothing that comes is looked at.
        static let readClosed = Flags(rawValue: 1 << 1)
        static let writeClosed = Flags(rawValue: 1 << 2)
        /// The peer asked for our key update.
        static let owesUpdate = Flags(rawValue: 1 << 3)
        static let owesAlert = Flags(rawValue: 1 << 4)
        /// The peer is to be asked for a key update.
        static let requestsUpdate = Flags(rawValue: 1 << 5)
        /// The peer was asked for a key update and has not made it.
        static let awaitsUpdate = Flags(rawValue: 1 << 6)
    }

    struct Head {
        var writeSequence: UInt64
        var readSequence: UInt64
        var pieces: UnsafeMutableRawPointer?
        /// The most plaintext of a record that is sent (max_fragment_length, RFC 6066 §4).
        var maxFragment: UInt16
        var suite: RecordSuite
        var flags: Flags
        /// Records without data in a row.
        var useless: UInt8
        /// The number of the alert that is owed.
        var alert: UInt8
        /// The binary logarithm of the records after which a key is replaced.
        var limitShift: UInt8
    }

    private let base: UnsafeMutableRawPointer

    /// Bytes of a block, a multiple of 8.
    static func bytes(of suite: RecordSuite) -> Int {
        let bytes = MemoryLayout<Head>.size + 2 * suite.secretBytes + 2 * (suite.keyBytes + RecordSuite.ivBytes)
        return (bytes + 7) & ~7
    }

    /// - Parameters:
    ///   - writeSecret, readSecret: `head.suite.secretBytes` bytes each.
    init(_ head: Head, writeSecret: [UInt8], readSecret: [UInt8], _ resources: RecordResources) {
        precondition(writeSecret.count == head.suite.secretBytes && readSecret.count == head.suite.secretBytes)
        base = resources.memory.takeBlock(head.suite)
        base.bindMemory(to: Head.self, capacity: 1).initialize(to: head)
        secret(.write).copyMemory(from: writeSecret, byteCount: writeSecret.count)
        secret(.read).copyMemory(from: readSecret, byteCount: readSecret.count)
        deriveKeys(.write, resources)
        deriveKeys(.read, resources)
    }

    /// Wipes the block and gives it back.
    func free(_ resources: RecordResources) {
        dropPieces(resources)
        resources.memory.putBlock(base, head.suite)
    }

    var head: Head {
        @inline(__always) unsafeAddress { UnsafePointer(base.assumingMemoryBound(to: Head.self)) }
        @inline(__always) nonmutating unsafeMutableAddress { base.assumingMemoryBound(to: Head.self) }
    }

    // MARK: Keys

    private func secret(_ direction: RecordDirection) -> UnsafeMutableRawPointer {
        base + MemoryLayout<Head>.size + direction.rawValue * head.suite.secretBytes
    }

    private func key(_ direction: RecordDirection) -> UnsafeMutableRawPointer {
        let suite = head.suite
        return base + MemoryLayout<Head>.size + 2 * suite.secretBytes
            + direction.rawValue * (suite.keyBytes + RecordSuite.ivBytes)
    }

    /// What the next record of a direction is sealed or opened with.
    func keys(_ direction: RecordDirection) -> RecordKeys {
        let key = UnsafePointer(key(direction).assumingMemoryBound(to: UInt8.self))
        let sequence = direction == .write ? head.writeSequence : head.readSequence
        return RecordKeys(key: key, iv: key + head.suite.keyBytes, sequence: sequence)
    }

    private func deriveKeys(_ direction: RecordDirection, _ resources: RecordResources) {
        let (suite, key) = (head.suite, key(direction))
        resources.keySchedule.expand(suite, secret(direction), "key", into: key, count: suite.keyBytes)
        resources.keySchedule.expand(
            suite, secret(direction), "iv", into: key + suite.keyBytes, count: RecordSuite.ivBytes)
    }

    /// Replaces the secret and the keys of a direction by the next (RFC 8446 §7.2); its records count from 0 again.
    func renewKeys(_ direction: RecordDirection, _ resources: RecordResources) {
        let (suite, secret) = (head.suite, secret(direction))
        resources.keySchedule.expand(suite, secret, "traffic upd", into: secret, count: suite.secretBytes)
        deriveKeys(direction, resources)
        switch direction {
        case .write: head.writeSequence = 0
        case .read: head.readSequence = 0
        }
    }

    // MARK: Records and messages in pieces

    /// The beginning of the buffer of a record or a message of which a part has come.
    struct PiecesHead {
        /// Bytes of the record that have come; 0: none, the buffer is kept for the message.
        var count: UInt16 = 0
        var sizeClass: UInt8
        /// A handshake message that spans records: how much of its header has come, the header, and how many bytes of
        /// its body are missing.
        var messageHeaderCount: UInt8 = 0
        var messageHeader: UInt32 = 0
        var messageRest: UInt32 = 0

        static var bytes: Int { MemoryLayout<PiecesHead>.size }
        var isAmidMessage: Bool { messageHeaderCount > 0 || messageRest > 0 }
    }

    /// The head of the buffer; nil: there is none, and setting it is ignored.
    var pieces: PiecesHead? {
        get { head.pieces?.load(as: PiecesHead.self) }
        nonmutating set {
            if let newValue { head.pieces?.storeBytes(of: newValue, as: PiecesHead.self) }
        }
    }

    /// Runs `body` over the bytes of the record that have come.
    func withPieces<Answer>(
        _ body: (RawSpan) throws(RecordFailure) -> Answer
    ) throws(RecordFailure) -> Answer {
        guard let buffer = head.pieces, let pieces else { return try body(RawSpan()) }
        return try body(UnsafeRawBufferPointer(start: buffer + PiecesHead.bytes, count: Int(pieces.count)).bytes)
    }

    /// Makes sure that there is a buffer with room for `count` bytes of a record; what is in it stays.
    func reservePieces(_ count: Int, _ resources: RecordResources) {
        let (former, formerHead) = (head.pieces, pieces)
        let needed = count + PiecesHead.bytes
        if let formerHead, RecordMemory.bufferSizes[Int(formerHead.sizeClass)] >= needed { return }
        let (buffer, sizeClass) = resources.memory.takeBuffer(needed)
        var newHead = PiecesHead(sizeClass: sizeClass)
        if let former, let formerHead {
            newHead = formerHead
            newHead.sizeClass = sizeClass
            buffer.copyMemory(from: former, byteCount: PiecesHead.bytes + Int(formerHead.count))
            resources.memory.putBuffer(former, sizeClass: formerHead.sizeClass)
        }
        head.pieces = buffer
        pieces = newHead
    }

    /// Adds bytes of the record, for which room was reserved.
    func appendPieces(_ bytes: RawSpan) {
        guard let buffer = head.pieces, var pieces else { return }
        let place = PiecesHead.bytes + Int(pieces.count)
        precondition(place + bytes.byteCount <= RecordMemory.bufferSizes[Int(pieces.sizeClass)])
        bytes.withUnsafeBytes { bytes in
            if let source = bytes.baseAddress { (buffer + place).copyMemory(from: source, byteCount: bytes.count) }
        }
        pieces.count += UInt16(bytes.byteCount)
        self.pieces = pieces
    }

    /// Gives the buffer back. A handshake message that spans records keeps the smallest one.
    func releasePieces(_ resources: RecordResources) {
        guard var pieces else { return }
        dropPieces(resources)
        guard pieces.isAmidMessage else { return }
        let (buffer, sizeClass) = resources.memory.takeBuffer(PiecesHead.bytes)
        pieces.sizeClass = sizeClass
        pieces.count = 0
        head.pieces = buffer
        self.pieces = pieces
    }

    /// Gives the buffer back, whatever was in it.
    func dropPieces(_ resources: RecordResources) {
        guard let buffer = head.pieces, let pieces else { return }
        resources.memory.putBuffer(buffer, sizeClass: pieces.sizeClass)
        head.pieces = nil
    }
}
