import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Transport

/// Reports into frames and frames into messages (specification: WebSocket Message Format), compressed where that was
/// agreed on (RFC 7692). The compressors belong to the shard; a link keeps one byte, the window that was agreed on.
extension WebSocketLink {
    // MARK: - Reports

    /// Puts a report into the output as one frame, compressed where that was agreed on and is worth it.
    func send(_ report: ReportSlice) {
        host.metrics.sent(report.kind)
        host.watch?.sent(Array(host.effects.bytes[report.range]), report.kind, on: self, at: shard.now)
        let bytes = host.effects.bytes
        let payload = bytes.span.bytes.extracting(report.range)
        if deflateWindow != 0, payload.byteCount >= home.target.compression.threshold,
            host.deflate.compress(
                payload, prefix: WebSocketConnection.messageHeader, windowBits: Int(deflateWindow),
                level: home.target.compression.level)
        {
            let compressed = host.deflate.compressed
            host.metrics.count(.compressedSent)
            host.metrics.count(.compressedSentPlainBytes, payload.byteCount + 1)
            host.metrics.count(.compressedSentWireBytes, compressed.count)
            WebSocketFrame.appendFragments(
                .binary, payload: compressed.span.bytes, ofSize: home.target.frameBytes, isCompressed: true,
                nextMask: host.maskingKey, to: &host.output)
            return host.deflate.trim()
        }
        if payload.byteCount >= home.target.frameBytes {
            return WebSocketFrame.appendFragments(
                .binary, prefix: WebSocketConnection.messageHeader, payload: payload, ofSize: home.target.frameBytes,
                nextMask: host.maskingKey, to: &host.output)
        }
        WebSocketFrame.append(
            .binary, prefix: WebSocketConnection.messageHeader, payload: payload, mask: host.maskingKey(),
            to: &host.output)
    }

    /// A Ping between reports: its Pong shows what the server has processed by then (RFC 6455, 5.5.2).
    func ping(_ payload: UInt64) {
        host.metrics.count(.pingsSent)
        let bytes = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: payload >> UInt64($0)) }
        WebSocketFrame.append(.ping, payload: bytes.span.bytes, mask: host.maskingKey(), to: &host.output)
    }

    /// Takes note of what the server has agreed to.
    func agreed(on deflate: DeflateParameters?) {
        deflateWindow = 0
        guard let deflate else {
            if place.deflateOffer != nil { host.metrics.count(.compressionDeclined) }
            return
        }
        deflateWindow = UInt8(clamping: deflate.windowBits(sentBy: .client))
    }

    // MARK: - Messages

    func readFrames(_ bytes: RawSpan, _ offset: inout Int) {
        // The buffer is moved out and back, so that its bytes can be borrowed while the state machine works.
        var scratch: [UInt8] = []
        swap(&scratch, &host.scratch)
        defer { swap(&scratch, &host.scratch) }
        var isInflating = false
        do throws(WebSocketError) {
            while isReading, let event = try reader.next(bytes, at: &offset, scratch: &scratch) {
                switch event {
                case .message(let kind, let payload):
                    receiveDeadline = nil
                    message(kind, payload.bytes(input: bytes, scratch: scratch))
                case .compressedMessage(let kind, let payload):
                    receiveDeadline = nil
                    isInflating = true
                    try compressedMessage(kind, payload.bytes(input: bytes, scratch: scratch))
                    isInflating = false
                case .ping(let payload):
                    WebSocketFrame.append(
                        .pong, payload: payload.bytes(input: bytes, scratch: scratch), mask: host.maskingKey(),
                        to: &host.output)
                    flush()
                case .pong(let payload):
                    pong(payload.bytes(input: bytes, scratch: scratch))
                case .close(let code, _):
                    peerClosed(code)
                }
            }
        } catch {
            violated(error, whileInflating: isInflating)
        }
    }

    /// A Pong that was not asked for is ignored (RFC 6455, 5.5.3).
    private func pong(_ payload: RawSpan) {
        guard payload.byteCount == 8 else { return }
        let number = payload.bigEndian(UInt64.self, at: 0)
        act { machine, now, effects in machine.receivedPong(number, at: now, &effects) }
    }

    private var isReading: Bool {
        switch stage {
        case .open, .closing: true
        case .offline, .dialing, .connecting, .upgrading: false
        }
    }

    /// One OpAMP message: the header (a zero), then a ServerToAgent.
    private func message(_ kind: WebSocketMessageKind, _ bytes: RawSpan) {
        guard kind == .binary else { return malformed(.text) }
        do throws(DecodingError) {
            let body = try WebSocketMessageHeader.body(of: bytes)
            let view = try ServerToAgentView(body)
            host.metrics.count(.messagesReceived)
            if let watch = host.watch, case .open = stage { watch.received(body, on: self, at: shard.now) }
            willReceive(view)
            host.effects.removeAll()
            machine.received(view, at: shard.now, &host.effects)
        } catch {
            return malformed(error.fault == .unknownHeader ? .header : .protobuf)
        }
        performEffects()
        advance()
    }

    /// - Throws: `WebSocketError`: the server's fault. A message that outgrows the limit is rejected as soon as it
    ///   does.
    private func compressedMessage(_ kind: WebSocketMessageKind, _ payload: RawSpan) throws(WebSocketError) {
        // The buffer is moved out and back, so that its bytes can be borrowed while the state machine works.
        var plain: [UInt8] = []
        swap(&plain, &host.deflate.plain)
        defer {
            plain.removeAll(keepingCapacity: true)
            swap(&plain, &host.deflate.plain)
            host.deflate.trim()
        }
        let server = place.target.host
        let limit = host.decompression.limit(Int(host.target.limits.messageBytes), for: server, at: shard.now)
        do throws(WebSocketError) {
            try host.deflate.inflater.message(kind, payload, limit: UInt32(clamping: limit), into: &plain)
        } catch {
            if case .messageTooLarge = error { host.decompression.exceeded(by: server, at: shard.now) }
            throw error
        }
        host.metrics.count(.compressedReceived)
        host.metrics.count(.compressedReceivedWireBytes, payload.byteCount)
        host.metrics.count(.compressedReceivedPlainBytes, plain.count)
        message(kind, plain.span.bytes)
    }

    private func malformed(_ what: MalformedAnswer) {
        act { machine, now, effects in machine.receivedMalformed(what, at: now, &effects) }
    }

    // MARK: - The end

    /// The peer's Close: the answer to ours, or its own, which is echoed (RFC 6455, 5.5.1).
    private func peerClosed(_ code: WebSocketCloseCode?) {
        let wasClosing = if case .closing = stage { true } else { false }
        stage = .offline
        host.metrics.count(.connectionsClosed)
        if wasClosing {
            closeGracefully(within: ConnectTimeouts.close)
            act { machine, now, effects in machine.closeCompleted(at: now, &effects) }
        } else {
            WebSocketFrame.appendClose(code, mask: host.maskingKey(), to: &host.output)
            closeAndLose(.closedByServer(code: code?.rawValue ?? 1005))
        }
    }

    /// The server broke RFC 6455 or the size limit: it receives the reason, and the connection is closed.
    private func violated(_ error: WebSocketError, whileInflating: Bool) {
        let isTooBig = error.closeCode == .messageTooBig
        host.metrics.count(isTooBig ? whileInflating ? .decompressionBomb : .oversizedMessage : .malformedFrame)
        host.metrics.count(named: error.name)
        stage = .offline
        WebSocketFrame.appendClose(error.closeCode, mask: host.maskingKey(), to: &host.output)
        closeAndLose(.protocolError)
    }

    private func closeAndLose(_ cause: LossCause) {
        flush()
        closeGracefully(within: ConnectTimeouts.close)
        act { machine, now, effects in machine.connectionLost(cause, at: now, &effects) }
    }
}

extension WebSocketConnection {
    /// The OpAMP message header (specification: WebSocket Message Format).
    fileprivate static let messageHeader: UInt8 = 0
}
