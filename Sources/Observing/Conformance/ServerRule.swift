import AgentModel
import OpAMP

/// A rule of the specification's server side that can be seen from outside, on the wire.
public enum ServerRule: String, CaseIterable, Sendable {
    /// A message is a well-formed ServerToAgent behind its header, in a binary frame.
    case readable
    /// A message names an agent of the connection.
    case addressed
    /// The first message of a connection has capabilities, with AcceptsStatus.
    case capabilitiesSet
    /// Bits that the protocol does not define are 0.
    case undefinedBitsClear
    /// An error is sent alone.
    case errorAlone
    /// Only what the agent has declared is offered or commanded.
    case declaredBeforeOffered

    /// The section of the specification that contains the rule.
    public var section: String {
        switch self {
        case .readable: "WebSocket Message Format"
        case .addressed: "ServerToAgent.instance_uid"
        case .capabilitiesSet, .undefinedBitsClear: "ServerToAgent.capabilities"
        case .errorAlone: "ServerToAgent.error_response"
        case .declaredBeforeOffered: "Interoperability of Partial Implementations"
        }
    }

    /// The rules that a message breaks.
    /// - Parameters:
    ///   - isFirst: whether it is the first of its connection.
    ///   - isAddressed: whether it names an agent of the connection.
    ///   - agent: what that agent has declared; `nil` where it is not known.
    static func broken(
        by answer: borrowing ServerToAgentView, isFirst: Bool, isAddressed: Bool, agent: AgentCapabilities?
    ) -> [ServerRule] {
        var broken: [ServerRule] = []
        if !isAddressed { broken.append(.addressed) }
        if isFirst, !answer.capabilities.contains(.acceptsStatus), !answer.present.contains(.errorResponse) {
            broken.append(.capabilitiesSet)
        }
        if answer.capabilities.rawValue >> definedCapabilities != 0 || answer.flags.rawValue >> definedFlags != 0 {
            broken.append(.undefinedBitsClear)
        }
        let content = answer.present.subtracting([.instanceUID, .errorResponse, .capabilities])
        if answer.present.contains(.errorResponse), !content.isEmpty { broken.append(.errorAlone) }
        if let agent {
            let needs: [(ServerToAgentView.Fields, AgentCapabilities)] = [
                (.remoteConfig, .acceptsRemoteConfig), (.packagesAvailable, .acceptsPackages),
                (.command, .acceptsRestartCommand),
            ]
            if needs.contains(where: { answer.present.contains($0.0) && !agent.contains($0.1) }) {
                broken.append(.declaredBeforeOffered)
            }
        }
        return broken
    }

    /// How many bits the protocol defines.
    private static let definedCapabilities: UInt64 = 7
    private static let definedFlags: UInt64 = 2
}
