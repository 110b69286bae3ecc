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
        let counter: Counter
        /// So many that it is seen to have no end.
        var least: UInt64 = 20
        /// The answers are so large that their number is limited, and that they may take minutes on a slow machine.
        var isLarge = false
        let answer: @Sendable () -> ServerToAgent
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "ReportFullState", counter: .fullStateRequests) { ServerToAgent(flags: .reportFullState) },
        Row(name: "a restart", counter: .restartsCommanded) {
            ServerToAgent(command: ServerToAgentCommand(type: .restart))
        },
        Row(name: "the same instance uid for all", counter: .uidsAssigned) {
            ServerToAgent(
                agentIdentification: AgentIdentification(newInstanceUID: .uid(InstanceUID(high: 1, low: 2))))
        },
        Row(name: "a configuration of 4 MiB", counter: .answersReceived) { configuration(4 << 20) },
        Row(name: "a configuration of 60 MiB", counter: .remoteConfigsReceived, least: 2, isLarge: true) {
            configuration(60 << 20)
        },
    ]

    private static func configuration(_ size: Int) -> ServerToAgent {
        let file = AgentConfigFile(body: [UInt8](repeating: 0x61, count: size))
        return ServerToAgent(
            remoteConfig: AgentRemoteConfig(config: AgentConfigMap(configMap: ["": file]), configHash: [1]))
    }

    @Test("are counted, and agents go on", arguments: rows, [false, true])
    func goesOn(_ row: Row, isPolling: Bool) async throws {
        let memory = MemoryRow("each answer: \(row.name)\(isPolling ? ", polls" : "")", counter: row.counter.name)
        defer { memory?.end() }
        let answer = row.answer()
        let reaction: HTTPReaction =
            isPolling ? .answer(answer.encoded()) : .upgrades(then: .answers(HostileFrames.answer(answer)))
        let server = try ScriptedHTTPServer { _ in reaction }
        let transport: AgentTransport = isPolling ? .polling(PollingPlan(connections: 2)) : .webSocket
        let target = try SmallFleet.target(server.address, transport: transport) {
            if row.isLarge { $0.messageTimeout = .seconds(600) }
        }
        let fleet = try SmallFleet(2, at: target) { plan in
            plan.reconnect = .fixed(.milliseconds(10))
            plan.sizes.effectiveConfigBytes = 256
            plan.sizes.availableComponents = 2
            if isPolling { plan.pollingInterval = .milliseconds(100) }
            guard row.isLarge else { return }
            plan.answerTimeout = .seconds(600)
            plan.heartbeat = HeartbeatPlan(interval: .seconds(2), phase: .fromConnection)
            if isPolling { plan.pollingInterval = .seconds(2) }
        }
        let timeout = Nanoseconds.seconds(row.isLarge ? 300 : 60)
        try await fleet.wait(until: row.counter.name, timeout: timeout) { $0[row.counter] >= row.least }
        await fleet.stop()
        await server.stop()
        let counters = fleet.counters
        #expect(counters[.agentsAnswered] == 2)
        // What is no heartbeat was caused by a connection or by an answer; of a configuration, the second report tells
        // how it ended.
        let caused = counters.reportsSent - counters[.heartbeats] - counters[.agentDisconnects]
        #expect(
            caused <= counters[.messagesReceived] + counters[.connectionsOpened] + 4,
            "\(Counter.allCases.filter { counters[$0] > 0 }.map { "\($0.name) \(counters[$0])" })")
    }
}
