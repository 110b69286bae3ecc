import Basis

/// Reads the frames of one WebSocket connection (RFC 6455), in either role: bytes in, events out.
///
/// Theory of operation. Most frames arrive whole: they are read in place, and the event refers to them by range.
/// The bytes of a frame that has only partly arrived are held in `partial`, which grows with what has arrived and never
/// by what the peer announced; the fragments of a message that is not complete are joined in `assembled`. Both are
/// given away with the event that completes them, so an idle connection holds nothing on the heap. Fed one byte at a
/// time, the reader reports the same events and the same error as when fed whole.
public struct WebSocketReader: Sendable {
    /// The bytes, from its head on, of the one frame that has not wholly arrived.
    private var partial: [UInt8] = []
    /// The unmasked payloads of the fragments of the open message.
    private var assembled: [UInt8] = []
    private let limits: WebSocketLimits
    private let role: WebSocketRole
    private let allowsCompression: Bool
    private var message = OpenMessage.none
    private var phase = Phase.open

    /// 1 MiB: a larger scratch buffer, left by a rare large message, is given back rather than kept for the small ones.
    private static let keptScratchCapacity = 1 << 20

    /// The message whose fragments are being joined.
    private enum OpenMessage {
        case none
        case plain(WebSocketMessageKind)
        case compressed(WebSocketMessageKind)
    }

    private enum Phase {
        case open
        /// A close frame was read.
        case closed
        /// An error was thrown.
        case failed
    }

    /// A reader at the first byte after the handshake.
    /// - Parameter permessageDeflate: whether the handshake agreed on RFC 7692.
    public init(
        role: WebSocketRole, limits: WebSocketLimits = WebSocketLimits(), permessageDeflate: Bool = false
    ) {
        self.role = role
        self.limits = limits
        allowsCompression = permessageDeflate
    }

    /// Whether a frame or a fragmented message has begun and not ended: a connection lost now was cut in the middle.
    public var isMidMessage: Bool {
        if case .none = message { return !partial.isEmpty }
        return true
    }

    /// How many bytes are held for what has not wholly arrived.
    public var heldBytes: Int { partial.count + assembled.count }

    /// How many bytes of memory they take up.
    public var reservedBytes: Int { partial.capacity + assembled.capacity }

    /// The next event in `input[offset...]`, or nil once all of it is consumed; what is partial is then held inside.
    ///
    /// After a close frame, and after an error, the rest of the input is discarded and nil returned. Costs no
    /// allocation for a frame that is whole in the input, other than growth of `scratch`.
    /// - Parameters:
    ///   - offset: where to read on; moved behind what was consumed.
    ///   - scratch: the caller's buffer, reused from call to call and shared by many readers; overwritten whenever an
    ///     event's payload cannot be in the input, and freed once it is larger than 1 MiB.
    public mutating func next(
        _ input: RawSpan, at offset: inout Int, scratch: inout [UInt8]
    ) throws(WebSocketError) -> WebSocketEvent? {
        if scratch.capacity > Self.keptScratchCapacity { scratch = [] }
        while phase == .open, offset < input.byteCount {
            do throws(WebSocketError) {
                let event =
                    partial.isEmpty
                    ? try readWhole(input, at: &offset, scratch: &scratch)
                    : try readOn(input, at: &offset, scratch: &scratch)
                if let event { return event }
            } catch {
                phase = .failed
                (partial, assembled, message) = ([], [], .none)
                offset = input.byteCount
                throw error
            }
        }
        offset = max(offset, input.byteCount)
        return nil
    }

    private var rules: WebSocketFrameHeader.Rules {
        var isOpen = true
        if case .none = message { isOpen = false }
        return WebSocketFrameHeader.Rules(
            role: role, allowsCompression: allowsCompression, isMidMessage: isOpen, assembledCount: assembled.count,
            limits: limits)
    }

    /// Reads a frame that begins in the input, or holds what there is of it.
    private mutating func readWhole(
        _ input: RawSpan, at offset: inout Int, scratch: inout [UInt8]
    ) throws(WebSocketError) -> WebSocketEvent? {
        guard let header = try WebSocketFrameHeader.parse(input, at: offset, rules: rules),
            input.byteCount - offset - header.size >= header.payloadCount
        else {
            partial.append(input.extracting(offset..<input.byteCount))
            offset = input.byteCount
            return nil
        }
        let start = offset + header.size
        let range = start..<start + header.payloadCount
        offset = range.upperBound
        let payload = input.extracting(range)
        if joinsMessage(header) {
            return try join(header, payload, scratch: &scratch)
        }
        guard let mask = header.mask else {
            return try complete(header, payload, .input(range))
        }
        scratch.removeAll(keepingCapacity: true)
        scratch.append(payload)
        Mask.apply(mask, to: &scratch, from: 0)
        return try complete(header, scratch.span.bytes, .scratch(0..<range.count))
    }

    /// Adds input to the partial frame, and reads it once it is whole.
    private mutating func readOn(
        _ input: RawSpan, at offset: inout Int, scratch: inout [UInt8]
    ) throws(WebSocketError) -> WebSocketEvent? {
        var parsed = try WebSocketFrameHeader.parse(partial.span.bytes, at: 0, rules: rules)
        while parsed == nil, offset < input.byteCount {
            partial.append(input.byte(offset))
            offset += 1
            parsed = try WebSocketFrameHeader.parse(partial.span.bytes, at: 0, rules: rules)
        }
        guard let header = parsed else { return nil }
        let total = header.size + header.payloadCount
        let taken = min(total - partial.count, input.byteCount - offset)
        partial.grow(by: taken, towards: total)
        partial.append(input.extracting(offset..<offset + taken))
        offset += taken
        guard partial.count == total else { return nil }

        var frame: [UInt8] = []
        swap(&frame, &partial)
        if joinsMessage(header) {
            return try join(header, frame.span.bytes.extracting(header.size..<total), scratch: &scratch)
        }
        if let mask = header.mask { Mask.apply(mask, to: &frame, from: header.size) }
        swap(&scratch, &frame)
        let range = header.size..<total
        return try complete(header, scratch.span.bytes.extracting(range), .scratch(range))
    }

    /// Whether the frame is a fragment: it continues a message, or begins one that it does not end.
    private func joinsMessage(_ header: WebSocketFrameHeader) -> Bool {
        header.opcode == .continuation || !header.isFinal
    }

    /// Adds a fragment, still masked if it came so, to the open message; ends the message with the final one.
    private mutating func join(
        _ header: WebSocketFrameHeader, _ payload: RawSpan, scratch: inout [UInt8]
    ) throws(WebSocketError) -> WebSocketEvent? {
        if let kind = WebSocketMessageKind(rawValue: header.opcode.rawValue) {
            message = header.isCompressed ? .compressed(kind) : .plain(kind)
        }
        let start = assembled.count
        assembled.grow(by: payload.byteCount, towards: Int(limits.messageBytes))
        assembled.append(payload)
        if let mask = header.mask { Mask.apply(mask, to: &assembled, from: start) }
        guard header.isFinal else { return nil }

        scratch = []
        swap(&scratch, &assembled)
        let whole = WebSocketPayload.scratch(0..<scratch.count)
        let finished = message
        message = .none
        switch finished {
        case .plain(let kind):
            return try Self.messageEvent(kind, scratch.span.bytes, whole)
        case .compressed(let kind):
            return .compressedMessage(kind, whole)
        case .none:
            throw .unexpectedContinuation
        }
    }

    /// The event of a frame that is no fragment; its payload is unmasked.
    @inline(__always)
    private mutating func complete(
        _ header: WebSocketFrameHeader, _ payload: RawSpan, _ place: WebSocketPayload
    ) throws(WebSocketError) -> WebSocketEvent? {
        switch header.opcode {
        case .binary:
            return header.isCompressed ? .compressedMessage(.binary, place) : .message(.binary, place)
        case .text:
            return header.isCompressed
                ? .compressedMessage(.text, place) : try Self.messageEvent(.text, payload, place)
        case .ping:
            return .ping(place)
        case .pong:
            return .pong(place)
        case .close:
            let event = try Self.closeEvent(payload)
            phase = .closed
            (partial, assembled, message) = ([], [], .none)
            return event
        case .continuation:
            throw .unexpectedContinuation
        }
    }

    private static func messageEvent(
        _ kind: WebSocketMessageKind, _ payload: RawSpan, _ place: WebSocketPayload
    ) throws(WebSocketError) -> WebSocketEvent {
        guard kind == .binary || UTF8Check.isValid(payload) else { throw .invalidUTF8 }
        return .message(kind, place)
    }

    /// RFC 6455, section 5.5.1: nothing, or a code and a reason in UTF-8.
    private static func closeEvent(_ payload: RawSpan) throws(WebSocketError) -> WebSocketEvent {
        guard payload.byteCount > 0 else { return .close(nil, reason: "") }
        guard payload.byteCount > 1 else { throw .truncatedCloseCode }
        let code = WebSocketCloseCode(rawValue: payload.bigEndian(UInt16.self, at: 0))
        guard code.mayBeSent else { throw .invalidCloseCode(code.rawValue) }
        let reason = payload.extracting(2..<payload.byteCount)
        guard UTF8Check.isValid(reason) else { throw .invalidUTF8 }
        return .close(code, reason: reason.repairedText)
    }
}
