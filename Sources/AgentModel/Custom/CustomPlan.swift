public import OpAMP

/// What the agents of a cohort can do beyond the protocol (Custom Messages).
public struct CustomPlan: Sendable {
    /// Who answers messages of which capability; the capabilities are declared in this order.
    public var responders: [CustomResponder]

    public init(responders: [CustomResponder] = []) {
        self.responders = responders
    }
}

/// Answers the custom messages of one capability.
public enum CustomResponder: Sendable {
    /// Sends the data of every message back, in a message of the type `echoed`.
    case echo(capability: String)
    /// Understands `pause` and `resume` and answers with `status`, as JSON; anything else with `error`.
    case pauseResume(capability: String)
    /// Answers `find_services` with `available_services`, a JSON list of this many invented services.
    case discovery(capability: String, services: Int)
    /// Asks the server to name in each answer the report that it is to, in a message of the type `answerType` whose
    /// data is the report's sequence number, in decimal digits. The agent matches answers by it.
    case numberedAnswers(capability: String)
    /// Whatever the host wants; must be a pure function of its arguments. `nil`: no answer.
    case made(capability: String, @Sendable (_ index: UInt64, _ message: CustomMessage) -> CustomMessage?)

    /// The capability that it is for, such as `io.opentelemetry.pause`.
    public var capability: String {
        switch self {
        case .echo(let capability), .pauseResume(let capability), .discovery(let capability, _),
            .numberedAnswers(let capability), .made(let capability, _):
            return capability
        }
    }

    /// The answer to `message`, and whether the agent's collection is paused after it.
    func answer(_ message: CustomMessage, index: UInt64, isPaused: Bool) -> (CustomMessage?, isPaused: Bool) {
        switch self {
        case .echo(let capability):
            return (CustomMessage(capability: capability, type: "echoed", data: message.data), isPaused)
        case .pauseResume(let capability):
            guard message.type == "pause" || message.type == "resume" else {
                let text = #"{"error":"unknown type"}"#
                return (CustomMessage(capability: capability, type: "error", data: Array(text.utf8)), isPaused)
            }
            let pauses = message.type == "pause"
            let text = #"{"paused":\#(pauses)}"#
            return (CustomMessage(capability: capability, type: "status", data: Array(text.utf8)), pauses)
        case .discovery(let capability, let services):
            guard message.type == "find_services" else { return (nil, isPaused) }
            let list = (0..<min(max(services, 0), Self.maximumServices)).map { number in
                #"{"name":"service-\#(number)","port":\#(8000 + number),"host":"host-\#(index)"}"#
            }
            let text = #"{"services":[\#(list.joined(separator: ","))],"errors":[]}"#
            return (
                CustomMessage(capability: capability, type: "available_services", data: Array(text.utf8)), isPaused
            )
        case .numberedAnswers:
            return (nil, isPaused)
        case .made(_, let make):
            return (make(index, message), isPaused)
        }
    }

    /// The type of a message that names a report.
    public static let answerType = "answer"

    /// More services than this run on no host.
    static let maximumServices = 1_000
}
