import AgentModel
import Basis
import Transport

/// A report on its way over HTTP: kept until it is answered.
struct PollRequest {
    let kind: ReportKind
    /// Its number (AgentToServer.sequence_num).
    let sequenceNumber: UInt64
    /// An AgentToServer.
    let bytes: [UInt8]
    /// When it was due.
    let dueAt: Instant
    /// When it was sent last; meaningful once it was sent.
    var sentAt = Instant.zero
    var isSent = false
    /// How its body was encoded when it was sent last.
    var coding = ContentCoding.identity
}

/// The queue of one agent's reports: one request is in flight at a time (specification: Plain HTTP
/// Transport).
struct PollRequests {
    /// The same number as the state machine's limit of unanswered reports.
    static let limit = 64

    private(set) var list: [PollRequest] = []

    var first: PollRequest? { list.first }
    var isEmpty: Bool { list.isEmpty }

    /// False where there are too many already.
    mutating func append(_ request: PollRequest) -> Bool {
        guard list.count < PollRequests.limit else { return false }
        list.append(request)
        return true
    }

    mutating func markFirstSent(as coding: ContentCoding, at now: Instant) {
        guard !list.isEmpty else { return }
        list[0].isSent = true
        list[0].sentAt = now
        list[0].coding = coding
    }

    /// An agent that has nothing to say keeps no memory for it.
    mutating func removeFirst() {
        if list.count <= 1 {
            list = []
        } else {
            list.removeFirst()
        }
    }

    mutating func removeAll() {
        list = []
    }
}
