import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Transport

/// One request and its response.
extension PollLink {
    /// Sends the report that waits first, compressed where that is worth it and the server accepts it.
    func send(_ request: PollRequest, over connection: PooledConnection) {
        let target = place.target
        var fields = place.requestFields
        // Digits and hyphens are always a valid field value.
        try? fields.append("OpAMP-Instance-UID", "\(agent.instanceUID)")
        host.appendFields(of: agent, to: target, &fields)
        if request.isSent {
            host.metrics.count(.messagesSent)
            host.metrics.count(.requestsRepeated)
        } else {
            host.metrics.sent(request.kind)
        }
        var body = request.bytes
        let coding =
            body.count >= target.compression.threshold ? pool.coding(for: target.compression.requests) : .identity
        if coding != .identity {
            body = []
            polling.coder(level: target.compression.level).encode(request.bytes.span.bytes, as: coding, into: &body)
            try? fields.append("Content-Encoding", coding.name)
            host.metrics.count(.compressedSent)
            host.metrics.count(.compressedSentPlainBytes, request.bytes.count)
            host.metrics.count(.compressedSentWireBytes, body.count)
        }
        requests.markFirstSent(as: coding, at: shard.now)
        connection.send(
            target: target.path, host: target.host, fields: fields, body: body,
            timeout: agent.cohort.plan.answerTimeout, output: &polling.output)
    }

    /// The server does not accept the coding of the request that waits first (415). Its pool learns so, and the same
    /// report is sent again: in another coding that the answer names (RFC 7694), or plain. No coding is refused twice.
    /// - Returns: false where the request was plain: then the media type is what the server does not accept.
    private func sendsAgainUncoded(_ head: HTTPResponseHead) -> Bool {
        guard let first = requests.first, first.coding != .identity else { return false }
        host.metrics.count(.compressionRefusals)
        pool.refused(first.coding, accepting: AcceptEncoding(head.fields))
        return true
    }

    // MARK: - How an exchange ended

    /// The connection is about to go back to the pool: nothing is sent from here; `advance` follows.
    func finished(_ outcome: PooledConnection.Outcome, on connection: PooledConnection) {
        guard self.connection === connection else { return }
        self.connection = nil
        guard let request = requests.first else { return }
        switch outcome {
        case .response(let head, let body):
            if head.status == 415, sendsAgainUncoded(head) { return }
            requests.removeFirst()
            received(head, body, of: request)
        case .lost(let cause):
            // The server may have processed it, so it is not sent again.
            host.metrics.count(closed: cause)
            requests.removeFirst()
            ended(request, because: .connectionLost)
            refuse(.unavailable, request, isReceived: true)
        case .malformed(let error):
            host.metrics.count(error.isTooLarge ? .oversizedMessage : .responseMalformed)
            host.metrics.count(named: error.name)
            requests.removeFirst()
            refused(request)
            refuse(.unavailable, request, isReceived: true)
        case .timedOut:
            // The state machine's own timeout ends at the same time: it gives the report up, and then learns why.
            tell { machine, now, effects in machine.wake(at: now, &effects) }
            lose(.idle, reports: .timedOut)
        }
    }

    /// The server has received the report, and answered with something that is no success.
    private func refused(_ request: PollRequest) {
        watched(request)
        ended(request, isRefusal: true)
    }

    private func received(_ head: HTTPResponseHead, _ body: [UInt8], of request: PollRequest) {
        guard head.status == 200 else { return refused(head, request) }
        host.metrics.count(.messagesReceived)
        host.metrics.record(.httpRequest, shard.now - request.sentAt)
        // A web page is no ServerToAgent, even where its body is empty. A server that names no type is believed.
        guard head.fields["Content-Type"] == nil || head.fields.hasMediaType("application/x-protobuf") else {
            host.metrics.count(.responseMalformed)
            host.metrics.count(named: "response_of_another_media_type")
            refused(request)
            return refuse(.unavailable, request, isReceived: true)
        }
        do throws(ContentCodingError) {
            let coding = try ContentCoding(contentEncodingOf: head.fields)
            if coding == .identity { return answered(body.span.bytes, request) }
            var content: [UInt8] = []
            swap(&content, &polling.scratch)
            defer {
                content.removeAll(keepingCapacity: content.capacity <= PollLink.keptScratch)
                swap(&content, &polling.scratch)
            }
            let limit = host.decompression.limit(
                Int(host.target.limits.messageBytes), for: place.target.host, at: shard.now)
            try polling.coder().decode(body.span.bytes, as: coding, limit: limit, into: &content)
            host.metrics.count(.compressedReceived)
            host.metrics.count(.compressedReceivedWireBytes, body.count)
            host.metrics.count(.compressedReceivedPlainBytes, content.count)
            answered(content.span.bytes, request)
        } catch {
            if case .tooLarge = error { host.decompression.exceeded(by: place.target.host, at: shard.now) }
            host.metrics.count(error.responseStatus == 413 ? .decompressionBomb : .responseMalformed)
            host.metrics.count(named: error.name)
            refused(request)
            refuse(.badRequest, request, isReceived: true)
        }
    }

    /// The body of a 200: a ServerToAgent without the header that it has on a WebSocket.
    private func answered(_ bytes: RawSpan, _ request: PollRequest) {
        watched(request)
        do throws(DecodingError) {
            let view = try ServerToAgentView(bytes)
            let isError = !view.isAcknowledgement && view.answer().errorResponse != nil
            ended(request, isRefusal: isError || !agent.isAddressee(of: view))
            host.watch?.received(bytes, on: self, at: shard.now)
            host.effects.removeAll()
            machine.received(view, at: shard.now, &host.effects)
        } catch {
            // The connection is the pool's and stays: the answer is dropped, and the next poll asks again.
            host.metrics.count(.malformedAnswer)
            ended(request, isRefusal: true)
            return refuse(.badRequest, request, isReceived: true)
        }
        performEffects()
    }

    // MARK: - Refusals

    /// Any status but 200.
    private func refused(_ head: HTTPResponseHead, _ request: PollRequest) {
        host.metrics.count(Counter.forRequestRefusal(status: Int(head.status)))
        host.metrics.count(named: "http_status_\(head.status)")
        switch head.status {
        case 429, 503:
            let wait = HTTPRefusal(head).retryAfter.map { after in
                Nanoseconds.seconds(Int64(after.seconds(from: host.unixSeconds)))
            }
            ended(request, isRefusal: true)
            refuse(.unavailable, request, isReceived: false, retryAfter: wait)
        case 401, 403, 408, 300..<400, 500..<600:
            ended(request, isRefusal: true)
            refuse(.unavailable, request, isReceived: false)
        default:
            // 413 and its like: the same request would be refused again, so it is not repeated (Plain HTTP Message Size
            // Limits).
            refused(request)
            refuse(.badRequest, request, isReceived: true)
        }
    }

    /// Tells the state machine of a refusal as if the server had sent an error response: a server that is unavailable
    /// is left alone for a while, a bad request is not repeated.
    /// - Parameter isReceived: whether the server may have processed the report; otherwise the next one has its number.
    private func refuse(
        _ type: ServerErrorResponseType, _ request: PollRequest, isReceived: Bool, retryAfter: Nanoseconds? = nil
    ) {
        let retry = retryAfter.map { RetryInfo(retryAfterNanoseconds: UInt64(clamping: $0.count)) }
        let answer = ServerToAgent(errorResponse: ServerErrorResponse(type: type, retryInfo: retry))
        isRefused = true
        tell { machine, now, effects in machine.received(answer, at: now, &effects) }
        isRefused = false
        // What waited has been dropped, unless the agent ignores the refusal.
        if requests.isEmpty { notReceived(from: isReceived ? request.sequenceNumber + 1 : request.sequenceNumber) }
    }

    /// A buffer that one large answer has grown is given back.
    private static let keptScratch = 1 << 20
}
