import Basis
import OpAMP

@testable import AgentModel

/// A conversation written by hand, and what the checker finds in it.
enum Conversation {
    static let uid = InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)

    /// What is said is sent by the agent, what is received comes from the server.
    enum Line {
        case say(AgentToServer)
        case receive(ServerToAgent)
        /// The connection is gone and another one is open.
        case open
        /// A second connection is open beside the first.
        case openAnother
        case close
        case wait(Int64)
        case sayBytes([UInt8])
    }

    static func report(_ number: UInt64, _ capabilities: AgentCapabilities = [.reportsStatus]) -> AgentToServer {
        AgentToServer(instanceUID: .uid(uid), sequenceNumber: number, capabilities: capabilities)
    }

    /// A report with a description, as the first one has to be.
    static func full(
        _ number: UInt64, _ capabilities: AgentCapabilities = [.reportsStatus],
        _ change: (inout AgentToServer) -> Void = { _ in }
    ) -> AgentToServer {
        var report = report(number, capabilities)
        report.agentDescription = AgentDescription(identifyingAttributes: [KeyValue(key: "k", value: .string("v"))])
        change(&report)
        return report
    }

    static func agentDisconnect(_ number: UInt64) -> AgentToServer {
        var report = report(number)
        report.agentDisconnect = AgentDisconnect()
        return report
    }

    static func error(_ type: ServerErrorResponseType, retry: UInt64? = nil) -> ServerToAgent {
        ServerToAgent(
            errorResponse: ServerErrorResponse(
                type: type, retryInfo: retry.map { RetryInfo(retryAfterNanoseconds: $0) }))
    }

    /// The rules that the lines break.
    static func rules(_ lines: [Line]) -> Set<ConformanceRule> {
        var checker = ConformanceChecker(maximumBytes: 1_000)
        var now = Instant.zero
        checker.opened(at: now)
        for line in lines {
            switch line {
            case .say(let report): checker.sent(report.encoded(), at: now)
            case .receive(let answer): checker.received(answer, at: now)
            case .open:
                checker.gone()
                checker.opened(at: now)
            case .openAnother: checker.opened(at: now)
            case .close: checker.closedByClient()
            case .wait(let seconds): now += .seconds(seconds)
            case .sayBytes(let bytes): checker.sent(bytes, at: now)
            }
        }
        return Set(checker.counts.keys)
    }
}
