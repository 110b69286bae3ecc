public import Basis

/// The requests of the registry to its host, in the order in which they must be executed.
///
/// The caller owns the buffer, performs the list, and calls `removeAll()`: capacity stays, so the steady path allocates
/// nothing.
public struct ServerEffects: Equatable, Sendable {
    /// In order.
    public var list: [ServerEffect] = []
    /// The encoded answers that `AnswerSlice`s point into, without WebSocket message header or framing.
    public var bytes: [UInt8] = []

    public init() {}

    /// Empties both, keeping their capacity.
    public mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }
}

/// One effect. The host skips it if the connection has been lost since.
public enum ServerEffect: Equatable, Sendable {
    /// Send the answer in `ServerEffects.bytes[slice.range]`: a WebSocket message after the header byte 0, or the body
    /// of a 200.
    case send(ConnectionID, AnswerSlice)
    /// Complete the WebSocket handshake (101).
    case upgrade(ConnectionID)
    /// Write this HTTP status instead; after a refused upgrade the host closes, after a refused poll the connection
    /// stays open.
    case refuse(ConnectionID, Refusal)
    /// Close properly (WebSocket close frame with this code), then report `closed(_:.ours)`.
    case close(ConnectionID, code: UInt16)
    /// Break the connection (reset), then report `closed(_:.ours)`.
    case abort(ConnectionID)
    /// Call `wake` at this instant. The registry has one timer; the latest request replaces the former.
    case wake(at: Instant)
    /// An agent asks for a client certificate; reply with `Registry.issued` or `Registry.declined`.
    case certificateRequested(CertificateTicket)
    /// A custom message arrived from an agent.
    case received(ReceivedCustomMessages)
    /// An agent reported how it fares with an offer. Only with `ServerPlan.observesOffers`.
    case reported(OfferReport)
    /// Something was learned about an agent, or sent to it. Only with `ServerPlan.observesAgents`.
    case observed(AgentObservation)
}

/// Where one encoded ServerToAgent is in `ServerEffects.bytes`, and what it is.
public struct AnswerSlice: Hashable, Sendable {
    public var range: Range<Int>
    public var kind: AnswerKind

    public init(range: Range<Int>, kind: AnswerKind) {
        self.range = range
        self.kind = kind
    }
}

/// Why a ServerToAgent is sent.
public enum AnswerKind: UInt8, Hashable, Sendable {
    /// Replies to a report with an acknowledgement only.
    case acknowledgement
    /// Replies to a report with content: capabilities, flags, an offer, a command, a new uid.
    case answer
    /// Replies to a report with an error response.
    case error
    /// Sent on the server's own initiative.
    case push
}

/// An HTTP reply other than 101 and 200 (spec: Throttling, Plain HTTP Transport).
public struct Refusal: Hashable, Sendable {
    /// 429, 503, or whatever the plan says.
    public var status: UInt16
    /// The value of a Retry-After header; none when nil.
    public var retryAfterSeconds: UInt32?

    public init(status: UInt16, retryAfterSeconds: UInt32? = nil) {
        self.status = status
        self.retryAfterSeconds = retryAfterSeconds
    }
}
