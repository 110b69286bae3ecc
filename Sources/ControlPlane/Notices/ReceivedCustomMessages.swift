public import OpAMP

/// A custom message from an agent (spec: CustomMessage), for a capability that the server has.
public struct ReceivedCustomMessages: Equatable, Sendable {
    public var uid: InstanceUID
    public var connection: ConnectionID
    public var message: CustomMessage
}

/// The custom capabilities that this server can hold a conversation in. Others can be added to the plan; their messages
/// are passed on as they are.
public enum CustomCapability {
    /// Whoever gets `echo` returns its data in `echoed`.
    public static let echo = "io.muster.echo"
    /// `pause` and `resume`, answered by `status` or `error` (spec: Pause/Resume Example).
    public static let pause = "io.opentelemetry.pause"
    /// An agent that declares it gets the sequence number of the report in each answer, in a message `answer`.
    public static let sequence = "io.muster.sequence"
    /// `find_services`, answered by `available_services` (spec: Service Discovery Example).
    public static let discovery = "io.opentelemetry.discovery"
}

extension CustomMessage {
    /// Asks for the same bytes back.
    public static func echo(_ data: [UInt8]) -> CustomMessage {
        CustomMessage(capability: CustomCapability.echo, type: "echo", data: data)
    }

    /// Asks an agent to stop collecting, and to resume.
    public static let pause = CustomMessage(capability: CustomCapability.pause, type: "pause")
    public static let resume = CustomMessage(capability: CustomCapability.pause, type: "resume")

    /// Asks an agent which services it sees.
    public static let findServices = CustomMessage(capability: CustomCapability.discovery, type: "find_services")
}

/// A parsed message of one of the capabilities of `CustomCapability`.
public enum CustomReply: Hashable, Sendable {
    case echoed([UInt8])
    case paused(Bool)
    case pauseFailed(String)
    /// The services, in whatever form the agent has them.
    case services([UInt8])

    /// Nil for messages of other capabilities and types, or with invalid data.
    public init?(_ message: CustomMessage) {
        switch (message.capability, message.type) {
        case (CustomCapability.echo, "echoed"): self = .echoed(message.data)
        case (CustomCapability.discovery, "available_services"): self = .services(message.data)
        case (CustomCapability.pause, "status"):
            guard case .bool(let paused)? = FlatJSON(message.data)?["paused"] else { return nil }
            self = .paused(paused)
        case (CustomCapability.pause, "error"):
            guard case .text(let error)? = FlatJSON(message.data)?["error"] else { return nil }
            self = .pauseFailed(error)
        default: return nil
        }
    }
}
