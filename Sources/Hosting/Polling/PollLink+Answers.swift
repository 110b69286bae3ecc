import AgentModel
import Basis
import Engine
import Metrics
import OpAMP
import Transport

extension PollLink {
    // MARK: - How an exchange ended

    /// The connection is about to go back to the pool: nothing is sent from here; `advance` follows.
    func finished(_ outcome: PooledConnection.Outcome, on connection: PooledConnection) {
        guard self.connection === connection else { return }
        self.connection = nil
        switch outcome {
        case .response(let head, let body):
            if head.status == 415, sendsAgainUncoded(head) { return }
            requests.removeFirst()
            received(head, body)
        case .lostRace where requests.first?.isRepeated == false:
            host.metrics.count(.requestsRepeated)
            requests.markFirstRepeated()
        case .lostRace:
            host.metrics.count(.peerClosed)
            requests.removeFirst()
            refuse(.unavailable, retryAfter: nil)
        case .lost(let cause):
            pool.count(cause)
            requests.removeFirst()
            refuse(.unavailable, retryAfter: nil)
        case .malformed(let error):
            host.metrics.count(.responseMalformed)
            host.metrics.count(named: error.name)
            requests.removeFirst()
            refuse(.unavailable, retryAfter: nil)
        case .timedOut:
            // The state machine's own timeout ends at the same time: it counts the report as unanswered, and then learns why.
            tell { agent, now, effects in agent.wake(at: now, &effects) }
            lose(.idle)
        }
    }

    private func received(_ head: HTTPResponseHead, _ body: [UInt8]) {
        guard head.status == 200 else { return refused(head) }
        host.metrics.count(.messagesReceived)
        do throws(ContentCodingError) {
            let coding = try ContentCoding(contentEncodingOf: head.fields)
            if coding == .identity { return answered(body.span.bytes) }
            var content: [UInt8] = []
            swap(&content, &polling.scratch)
            defer {
                content.removeAll(keepingCapacity: content.capacity <= PollLink.keptScratch)
                swap(&content, &polling.scratch)
            }
            try polling.coder().decode(
                body.span.bytes, as: coding, limit: Int(host.target.limits.messageBytes), into: &content)
            host.metrics.count(.compressedReceived)
            host.metrics.count(.compressedReceivedWireBytes, body.count)
            host.metrics.count(.compressedReceivedPlainBytes, content.count)
            answered(content.span.bytes)
        } catch {
            host.metrics.count(error.responseStatus == 413 ? .decompressionBomb : .responseMalformed)
            host.metrics.count(named: error.name)
            refuse(.badRequest, retryAfter: nil)
        }
    }

    /// The body of a 200: a ServerToAgent without the header that it has on a WebSocket.
    private func answered(_ bytes: RawSpan) {
        do throws(DecodingError) {
            let view = try ServerToAgentView(bytes)
            host.effects.removeAll()
            agent.received(view, at: shard.now, &host.effects)
        } catch {
            // There is no connection to be closed over it: the answer is dropped, and the next poll asks again.
            host.metrics.count(.malformedAnswer)
            return refuse(.badRequest, retryAfter: nil)
        }
        perform()
    }

    // MARK: - Refusals

    /// Any status but 200.
    private func refused(_ head: HTTPResponseHead) {
        host.metrics.count(Counter.forRequestRefusal(status: Int(head.status)))
        switch head.status {
        case 429, 503:
            let wait = HTTPRefusal(head).retryAfter.map { after in
                Nanoseconds.seconds(Int64(after.seconds(from: host.unixSeconds)))
            }
            refuse(.unavailable, retryAfter: wait)
        case 401, 403, 408, 300..<400, 500..<600:
            refuse(.unavailable, retryAfter: nil)
        default:
            // 413 and its like: the same request would be refused again, so it is not repeated (Plain HTTP Message Size Limits).
            refuse(.badRequest, retryAfter: nil)
        }
    }

    /// Tells the state machine of a refusal in the words that it knows: a server that is unavailable is left alone for a while, a bad
    /// request is not repeated.
    private func refuse(_ type: ServerErrorResponseType, retryAfter: Nanoseconds?) {
        let retry = retryAfter.map { RetryInfo(retryAfterNanoseconds: UInt64(clamping: $0.count)) }
        let answer = ServerToAgent(errorResponse: ServerErrorResponse(type: type, retryInfo: retry))
        isRefused = true
        tell { agent, now, effects in agent.received(answer, at: now, &effects) }
        isRefused = false
    }

    /// A buffer that one large answer has grown is given back.
    private static let keptScratch = 1 << 20
}
