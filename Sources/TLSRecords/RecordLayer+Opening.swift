import Basis

extension RecordLayer {
    /// Opens the records of `input` and writes their application data to `target`, in order. Whole records are
    /// decrypted where they are; one that comes in pieces is kept until its last byte.
    ///
    /// `target` needs room for one record (16,640 bytes); with the input's size and a record more it is never full.
    /// `benchmarks/record-cost` measures it; no allocation but for a record in pieces.
    public mutating func open(
        _ input: RawSpan, into target: inout MutableRawSpan, _ resources: RecordResources
    ) -> OpenedRecords {
        var result = OpenedRecords()
        guard !block.head.flags.contains(.readClosed) else {
            result.consumed = input.byteCount
            result.end = .peerFinished
            return result
        }
        do throws(RecordFailure) {
            while result.end == .needsInput {
                if let pieces = block.pieces, pieces.count > 0 {
                    guard try openPieces(input, into: &target, &result, resources) else { break }
                } else if result.consumed < input.byteCount {
                    guard try openWhole(input, into: &target, &result, resources) else { break }
                } else {
                    break
                }
                if block.head.flags.contains(.readClosed) {
                    result.end = .peerFinished
                    result.consumed = input.byteCount
                }
            }
        } catch {
            result.end = .failed(error)
            result.consumed = input.byteCount
            note(error)
            block.dropPieces(resources)
        }
        requestUpdateIfDue()
        let flags = block.head.flags
        result.owesOutput =
            !flags.isDisjoint(with: [.owesAlert, .owesUpdate, .requestsUpdate]) && !flags.contains(.writeClosed)
        return result
    }

    private mutating func note(_ failure: RecordFailure) {
        block.head.flags.insert(.readClosed)
        if let alert = failure.alert {
            block.head.alert = alert
            block.head.flags.insert(.owesAlert)
        } else {
            block.head.flags.insert(.writeClosed)
        }
    }

    /// Asks the peer, once, where its key has sealed a quarter more records than a key of this side may.
    private mutating func requestUpdateIfDue() {
        guard block.head.flags.isDisjoint(with: [.awaitsUpdate, .readClosed]),
            block.head.readSequence >= 5 << UInt64(block.head.limitShift - 2)
        else { return }
        block.head.flags.insert([.requestsUpdate, .awaitsUpdate])
    }

    // MARK: Records

    /// Opens the record at the beginning of the rest of `input`, or begins to keep it. False: there is not more to do.
    private mutating func openWhole(
        _ input: RawSpan, into target: inout MutableRawSpan, _ result: inout OpenedRecords, _ resources: RecordResources
    ) throws(RecordFailure) -> Bool {
        let rest = input.extracting(result.consumed..<input.byteCount)
        let length = try Self.recordBytes(rest)
        guard let length, rest.byteCount >= length else {
            resources.counts.inPieces &+= 1
            block.reservePieces(length ?? Self.headerBytes, resources)
            block.appendPieces(rest)
            result.consumed += rest.byteCount
            return false
        }
        guard target.byteCount - result.plaintext >= length - Self.headerBytes - Self.tagBytes else {
            result.end = .needsRoom
            return false
        }
        result.consumed += length
        let inner = try decrypt(rest.extracting(0..<length), into: &target, at: result.plaintext, resources)
        result.plaintext += try accept(
            target.bytes.extracting(result.plaintext..<(result.plaintext + inner)), resources)
        return true
    }

    /// Continues the record in pieces and opens it when it is whole. False: there is not more to do.
    private mutating func openPieces(
        _ input: RawSpan, into target: inout MutableRawSpan, _ result: inout OpenedRecords, _ resources: RecordResources
    ) throws(RecordFailure) -> Bool {
        // First the header, then what it announces.
        while true {
            let length = try block.withPieces { bytes throws(RecordFailure) in try Self.recordBytes(bytes) }
            let missing = (length ?? Self.headerBytes) - Int(block.pieces?.count ?? 0)
            guard missing > 0 else { break }
            let count = min(missing, input.byteCount - result.consumed)
            guard count > 0 else { return false }
            block.reservePieces(length ?? Self.headerBytes, resources)
            block.appendPieces(input.extracting(result.consumed..<(result.consumed + count)))
            result.consumed += count
        }
        let length = Int(block.pieces?.count ?? 0)
        guard target.byteCount - result.plaintext >= length - Self.headerBytes - Self.tagBytes else {
            result.end = .needsRoom
            return false
        }
        let block = block
        let inner = try block.withPieces { record throws(RecordFailure) in
            try decrypt(record, into: &target, at: result.plaintext, resources)
        }
        block.pieces?.count = 0
        result.plaintext += try accept(
            target.bytes.extracting(result.plaintext..<(result.plaintext + inner)), resources)
        if block.pieces?.count == 0 { block.releasePieces(resources) }
        return true
    }

    /// The length of the record at the beginning of `bytes`, with its header; nil: the header is not complete. What is
    /// wrong is found as soon as it has come.
    private static func recordBytes(_ bytes: RawSpan) throws(RecordFailure) -> Int? {
        // The version is not looked at (§5.1), but authenticated.
        guard bytes.byte(0) == ContentType.applicationData else { throw .unexpectedRecord(bytes.byte(0)) }
        guard bytes.byteCount >= headerBytes else { return nil }
        let body = Int(bytes.bigEndian(UInt16.self, at: 3))
        guard body <= maxCiphertext else { throw .overflow }
        guard body > tagBytes else { throw .badRecord }
        return headerBytes + body
    }

    /// Decrypts a record; answers how many bytes are in `target` at `offset`: content, its type and padding.
    private mutating func decrypt(
        _ record: RawSpan, into target: inout MutableRawSpan, at offset: Int, _ resources: RecordResources
    ) throws(RecordFailure) -> Int {
        guard resources.ciphers.open(block.head.suite, block.keys(.read), record, into: &target, at: offset) else {
            throw .badRecord
        }
        block.head.readSequence += 1
        resources.counts.opened &+= 1
        let inner = record.byteCount - Self.headerBytes - Self.tagBytes
        // §5.4 limits content, type and padding together.
        guard inner <= Self.maxPlaintext + 1 else { throw .overflow }
        return inner
    }

    /// Takes what was in a record: content, its type and padding. Answers how much of it is application data.
    private mutating func accept(_ inner: RawSpan, _ resources: RecordResources) throws(RecordFailure) -> Int {
        var count = inner.byteCount
        while count > 0, inner.byte(count - 1) == 0 { count -= 1 }
        guard count > 0 else { throw .noContentType }
        if count < inner.byteCount { resources.counts.padded &+= 1 }
        count -= 1
        let content = inner.extracting(0..<count)
        switch inner.byte(count) {
        case ContentType.applicationData:
            guard !isAmidMessage else { throw .interleaved }
            guard count > 0 else {
                resources.counts.empty &+= 1
                try countUseless()
                return 0
            }
            block.head.useless = 0
            return count
        case ContentType.alert:
            guard !isAmidMessage else { throw .interleaved }
            guard count > 0 else { throw .emptyRecord }
            try received(alert: content, resources)
            return 0
        case ContentType.handshake:
            guard count > 0 else { throw .emptyRecord }
            try received(handshake: content, resources)
            return 0
        case let type:
            throw .unexpectedRecord(type)
        }
    }

    private var isAmidMessage: Bool { block.pieces?.isAmidMessage == true }

    /// A record without application data: few are accepted in a row (RFC 8446 §5.1 names empty records as a way to
    /// keep a peer busy).
    mutating func countUseless() throws(RecordFailure) {
        block.head.useless += 1
        if block.head.useless > Self.maxUseless { throw .useless }
    }
}
