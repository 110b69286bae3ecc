import AgentModel
import Basis
import Engine
import Metrics
import OpAMP

/// What becomes of a report. Over plain HTTP an answer belongs to its request, so the link knows it exactly: it counts
/// and measures every report itself, whatever the state machine makes of it.
extension PollLink {
    /// The state machine's own matching is not needed.
    func answered(_ answer: AnsweredReport) {}

    func unanswered(_ report: UnansweredReport) {}

    /// The server has answered a request.
    /// - Parameter isRefusal: with an error.
    func ended(_ request: PollRequest, isRefusal: Bool) {
        let response = shard.now - request.dueAt
        host.metrics.record(
            AnsweredReport(
                kind: request.kind, responseTime: response, serviceTime: shard.now - request.sentAt,
                isLate: response > agent.cohort.plan.answerTimeout, isRefusal: isRefusal))
    }

    /// A request that was sent has ended without an answer.
    func ended(_ request: PollRequest, because cause: UnansweredReport.Cause) {
        watched(request)
        host.metrics.record(
            UnansweredReport(
                kind: request.kind, cause: cause, waited: shard.now - request.dueAt,
                delay: request.sentAt - request.dueAt))
    }

    /// Nothing that waits is sent any more.
    /// - Parameter cause: why the answer to a request that was sent is no longer waited for.
    func dropRequests(because cause: UnansweredReport.Cause) {
        guard let first = requests.first else { return }
        for request in requests.list {
            if request.isSent { ended(request, because: cause) } else { neverSent(request) }
        }
        requests.removeAll()
        notReceived(from: first.isSent ? first.sequenceNumber + 1 : first.sequenceNumber)
    }

    /// A report that was due was never sent.
    func neverSent(_ request: PollRequest) {
        switch request.kind {
        case .heartbeat:
            let waited = shard.now - request.dueAt
            host.metrics.record(
                MissedHeartbeats(count: 1, longest: waited, interval: .zero, isAnswered: false))
            if ticket != 0, pool.isExhausted { host.metrics.count(.pollsWithoutConnection) }
        case .agentDisconnect:
            host.metrics.count(.agentDisconnectsUnsent)
        default:
            break
        }
    }

    /// The server has not received the reports from a number on: the next one has that number, so that none is missing
    /// (AgentToServer.sequence_num).
    func notReceived(from sequenceNumber: UInt64) {
        machine.resumeSequence(at: sequenceNumber)
    }

    /// Shows the check of conformance a report that the server has received, or may have.
    func watched(_ request: PollRequest) {
        host.watch?.sent(request.bytes, request.kind, on: self, at: request.sentAt)
    }

    func settle(isDrained: Bool) {
        dropRequests(because: isDrained ? .timedOut : .cut)
        tell { machine, now, effects in machine.settle(isDrained: isDrained, at: now, &effects) }
    }
}
