import Basis

extension RecordLayer {
    /// The handshake messages that may come after the handshake (RFC 8446 §4.6).
    enum HandshakeType {
        static let newSessionTicket: UInt8 = 4
        static let keyUpdate: UInt8 = 24
    }

    mutating func received(alert: RawSpan, _ resources: RecordResources) throws(RecordFailure) {
        guard alert.byteCount == 2, alert.byte(0) == 1 || alert.byte(0) == 2 else { throw .malformedAlert }
        // The level has no meaning (§6).
        switch alert.byte(1) {
        case 0:
            resources.counts.closeNotifies &+= 1
            block.head.flags.insert(.readClosed)
        case 90:
            resources.counts.userCancelled &+= 1
            try countUseless()
        case let number:
            resources.counts.alertsReceived &+= 1
            throw .alert(number)
        }
    }

    /// Messages after the handshake: tickets are skipped, key updates followed, all others refused. A message may span
    /// records, and a record may have several.
    mutating func received(handshake content: RawSpan, _ resources: RecordResources) throws(RecordFailure) {
        var position = 0
        while position < content.byteCount {
            if let pieces = block.pieces, pieces.messageHeaderCount == 0, pieces.messageRest > 0 {
                let skipped = min(Int(pieces.messageRest), content.byteCount - position)
                position += skipped
                note(header: 0, bytes: 0, rest: Int(pieces.messageRest) - skipped, resources)
                continue
            }
            guard let (type, length) = try messageHeader(content, at: &position, resources) else { return }
            switch type {
            case HandshakeType.keyUpdate:
                guard length == 1 else { throw .malformedKeyUpdate }
                guard position < content.byteCount else {
                    note(header: UInt32(type) << 24 | 1, bytes: 4, rest: 0, resources)
                    return
                }
                let request = content.byte(position)
                position += 1
                guard request <= 1 else { throw .unknownKeyUpdate(request) }
                guard position == content.byteCount else { throw .acrossKeys }
                try followUpdate(isRequest: request == 1, resources)
            default:
                guard length <= Self.maxTicket else { throw .malformedTicket }
                resources.counts.ticketsSkipped &+= 1
                try countUseless()
                let skipped = min(length, content.byteCount - position)
                position += skipped
                note(header: 0, bytes: 0, rest: length - skipped, resources)
            }
        }
    }

    /// The header of the next message: its type, which is allowed, and its length; nil: it is not complete, and what
    /// has come of it is noted.
    private mutating func messageHeader(
        _ content: RawSpan, at position: inout Int, _ resources: RecordResources
    ) throws(RecordFailure) -> (type: UInt8, length: Int)? {
        var header = block.pieces?.messageHeader ?? 0
        var count = Int(block.pieces?.messageHeaderCount ?? 0)
        while count < 4 {
            guard position < content.byteCount else {
                note(header: header, bytes: count, rest: 0, resources)
                return nil
            }
            header = header << 8 | UInt32(content.byte(position))
            position += 1
            count += 1
            if count == 1, !isAllowed(UInt8(header)) { throw .unexpectedMessage(UInt8(header)) }
        }
        note(header: 0, bytes: 0, rest: 0, resources)
        return (UInt8(header >> 24), Int(header & 0xFF_FFFF))
    }

    private func isAllowed(_ type: UInt8) -> Bool {
        switch type {
        case HandshakeType.keyUpdate: true
        case HandshakeType.newSessionTicket: !block.head.flags.contains(.isServer)
        default: false
        }
    }

    /// The peer seals with its next key from here on (§4.6.3).
    private mutating func followUpdate(isRequest: Bool, _ resources: RecordResources) throws(RecordFailure) {
        resources.counts.updatesReceived &+= 1
        block.renewKeys(.read, resources)
        let isAnswer = block.head.flags.contains(.awaitsUpdate) && !isRequest
        block.head.flags.remove([.awaitsUpdate, .requestsUpdate])
        if isRequest { block.head.flags.insert(.owesUpdate) }
        if !isAnswer { try countUseless() }
    }

    /// Notes where a message is that is not complete. Most are, and then nothing is kept.
    ///
    /// - Parameters:
    ///   - bytes: how much of the header has come.
    ///   - rest: how much of the body is to come.
    private func note(header: UInt32, bytes: Int, rest: Int, _ resources: RecordResources) {
        if bytes > 0 || rest > 0 { block.reservePieces(0, resources) }
        guard var pieces = block.pieces else { return }
        pieces.messageHeader = header
        pieces.messageHeaderCount = UInt8(bytes)
        pieces.messageRest = UInt32(rest)
        block.pieces = pieces
        if bytes == 0, rest == 0 { block.releasePieces(resources) }
    }
}
