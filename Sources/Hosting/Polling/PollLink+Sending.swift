import AgentModel
import Engine
import Metrics
import OpAMP
import Transport

extension PollLink {
    /// Sends the report that waits first, compressed where that is worth it and the server takes it.
    func send(_ request: PollRequest, over connection: PooledConnection) {
        let target = place.target
        var fields = place.requestFields
        // Digits and hyphens are always a valid field value.
        try? fields.append("OpAMP-Instance-UID", "\(agent.instanceUID)")
        let failed = target.agentFields.append(of: agent, except: target.fields, to: &fields)
        if failed > 0 { host.metrics.count(named: "header_not_sendable", UInt64(failed)) }
        if !request.isSent {
            host.metrics.count(.messagesSent)
            host.metrics.count(request.kind.counter)
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
        requests.markFirstSent(as: coding)
        lastSent = shard.now
        connection.send(
            target: target.path, host: target.host, fields: fields, body: body,
            timeout: agent.cohort.plan.answerTimeout, output: &polling.output)
    }

    /// The server does not take the coding of the request that waits first (415). Its pool learns so, and the same report is
    /// sent again: in another coding that the answer names (RFC 7694), or plain. No coding is refused twice.
    /// - Returns: false where the request was plain: then the media type is what the server does not take.
    func sendsAgainUncoded(_ head: HTTPResponseHead) -> Bool {
        guard let first = requests.first, first.coding != .identity else { return false }
        host.metrics.count(.compressionRefusals)
        pool.refused(first.coding, accepting: AcceptEncoding(head.fields))
        return true
    }

    /// The agent_disconnect messages that wait and will never be sent.
    func countUnsentAgentDisconnects() {
        host.metrics.count(.agentDisconnectsUnsent, requests.list.count { $0.kind == .agentDisconnect && !$0.isSent })
    }
}
