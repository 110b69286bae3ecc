import AgentModel
import Basis
import Hosting
import Metrics
import OpAMP
import OrderedCollections
import TestSupport
import Testing
import Transport

/// Valid messages that a server sends with every answer, without end: each is counted, none stops the reports, and no
/// answer causes more than one report.
@Suite("Answers that ask for the same without end", .serialized)
struct HostileAnswersTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let answer: ServerToAgent
        let counter: Counter
        var testDescription: String { name }
    }

    static let rows = [
        Row(
            name: "ReportFullState", answer: ServerToAgent(flags: .reportFullState), counter: .fullStateRequests),
        Row(
            name: "a restart", answer: ServerToAgent(command: ServerToAgentCommand(type: .restart)),
            counter: .restartsCommanded),
        Row(
            name: "a configuration of 4 MiB",
            answer: ServerToAgent(
                remoteConfig: AgentRemoteConfig(
                    config: AgentConfigMap(configMap: [
                        "": AgentConfigFile(body: [UInt8](repeating: 0x61, count: 4 << 20))
                    ]),
                    configHash: [1])),
            counter: .answersReceived),
    ]

    @Test("are counted, and agents go on", arguments: rows, [false, true])
    func goesOn(_ row: Row, isPolling: Bool) async throws {
        let memory = MemoryRow("each answer: \(row.name)\(isPolling ? ", polls" : "")")
        defer { memory?.end() }
        let server = try ScriptedHTTPServer { _ in
            isPolling
                ? .answer(row.answer.encoded()) : .upgrades(then: .says(HostileFrames.answer(row.answer)))
        }
        let transport: AgentTransport = isPolling ? .polling(PollingPlan(connections: 2)) : .webSocket
        let target = try SmallFleet.target(server.address, transport: transport)
        let fleet = try SmallFleet(2, at: target) { plan in
            plan.reconnect = .fixed(.milliseconds(10))
            plan.sizes.effectiveConfigBytes = 256
            plan.sizes.availableComponents = 2
            if isPolling { plan.pollingInterval = .milliseconds(100) }
        }
        try await fleet.wait(until: row.counter.name, timeout: .seconds(20)) { $0[row.counter] >= 20 }
        await fleet.stop()
        await server.stop()
        let counters = fleet.counters
        #expect(counters[.agentsAnswered] == 2)
        #expect(counters[.messagesSent] <= counters[.messagesReceived] + counters[.heartbeatsDue] + 4)
    }
}
