import Transport

/// What a reader made of a run of pieces, with payloads copied out, so that two runs can be compared.
struct WebSocketTranscript: Equatable {
    enum Entry: Equatable {
        case message(WebSocketMessageKind, [UInt8])
        case compressed(WebSocketMessageKind, [UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(WebSocketCloseCode?, String)
        case error(WebSocketError)
    }

    var entries: [Entry] = []
    /// The most bytes the reader held between two pieces.
    var maxHeld = 0
    var isMidMessage = false
    /// How many payloads stood in the input, uncopied.
    var zeroCopy = 0

    init(
        _ pieces: [[UInt8]], role: WebSocketRole, limits: WebSocketLimits = WebSocketLimits(), deflate: Bool = false
    ) {
        var reader = WebSocketReader(role: role, limits: limits, permessageDeflate: deflate)
        var scratch: [UInt8] = []
        for piece in pieces {
            read(piece, &reader, &scratch)
            maxHeld = max(maxHeld, reader.heldBytes)
        }
        isMidMessage = reader.isMidMessage
    }

    static func == (left: WebSocketTranscript, right: WebSocketTranscript) -> Bool {
        left.entries == right.entries && left.isMidMessage == right.isMidMessage
    }

    private mutating func read(_ piece: [UInt8], _ reader: inout WebSocketReader, _ scratch: inout [UInt8]) {
        let input = piece.span.bytes
        var offset = 0
        do throws(WebSocketError) {
            while let event = try reader.next(input, at: &offset, scratch: &scratch) {
                entries.append(copy(event, input, scratch))
            }
        } catch {
            entries.append(.error(error))
        }
        precondition(offset == piece.count, "a reader consumes all of its input")
    }

    private mutating func copy(_ event: WebSocketEvent, _ input: RawSpan, _ scratch: [UInt8]) -> Entry {
        func bytes(_ payload: WebSocketPayload) -> [UInt8] {
            if case .input = payload { zeroCopy += 1 }
            let span = payload.bytes(input: input, scratch: scratch)
            precondition(span.byteCount == payload.count)
            return span.withUnsafeBytes { Array($0) }
        }
        switch event {
        case .message(let kind, let payload): return .message(kind, bytes(payload))
        case .compressedMessage(let kind, let payload): return .compressed(kind, bytes(payload))
        case .ping(let payload): return .ping(bytes(payload))
        case .pong(let payload): return .pong(bytes(payload))
        case .close(let code, let reason): return .close(code, reason)
        }
    }
}
