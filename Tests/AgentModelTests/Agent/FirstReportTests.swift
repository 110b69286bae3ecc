import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("The first report (spec: Status Reporting, Establishing Connection)")
struct FirstReportTests {
    @Test("The first message on a connection is a report of the whole status")
    func firstReportIsFull() throws {
        var script = AgentScript()
        script.start()
        #expect(script.sent.isEmpty)
        #expect(script.agent.state == .connecting)
        script.opened()
        let sent = try #require(script.sent.first)
        #expect(script.sent.count == 1)
        #expect(sent.kind == .first)
        #expect(sent.report.instanceUID == .uid(script.agent.instanceUID))
        #expect(sent.report.capabilities == .collector)
        #expect(sent.report.agentDescription != nil)
        #expect(sent.report.health?.healthy == true)
        #expect(sent.report.effectiveConfig?.configMap?.configMap[""]?.body.count == 4096)
        #expect(sent.report.remoteConfigStatus == RemoteConfigStatus())
        #expect(sent.report.agentDisconnect == nil)
        #expect(script.agent.state == .connected)
    }

    @Test("Nothing is sent that was not declared (spec: AgentToServer.capabilities)")
    func onlyDeclaredFields() throws {
        var script = AgentScript(.with { $0.capabilities = [] })
        script.start()
        script.opened()
        let report = try #require(script.sent.first).report
        #expect(report.capabilities == [.reportsStatus])
        #expect(report.agentDescription != nil)
        #expect(report.health == nil)
        #expect(report.effectiveConfig == nil)
        #expect(report.remoteConfigStatus == nil)
        #expect(report.packageStatuses == nil)
        #expect(report.availableComponents == nil)
        #expect(report.connectionSettingsStatus == nil)
    }

    @Test("Available components are first reported by their hash alone (spec: AvailableComponents, Initial Handshake)")
    func componentsByHash() throws {
        var script = AgentScript()
        script.start()
        script.opened()
        let components = try #require(script.sent.first?.report.availableComponents)
        #expect(!components.hash.isEmpty)
        #expect(components.components.isEmpty)
    }

    @Test(
        "Components are described by attributes of the semantic conventions (spec: ComponentDetails.metadata)"
    )
    func componentMetadata() throws {
        var script = AgentScript()
        script.run()
        script.receive(ServerToAgent(flags: .reportAvailableComponents))
        let kinds = try #require(script.sent.first?.report.availableComponents?.components)
        #expect(kinds.keys.contains("receivers") && kinds.keys.contains("exporters"))
        for kind in kinds.values {
            #expect(!kind.subComponentMap.isEmpty)
            #expect(kind.subComponentMap.values.allSatisfy { $0.metadata.map(\.key) == ["code.namespace"] })
        }
    }

    @Test("Agents with the same components report the same hash (spec: AvailableComponents.hash)")
    func equalComponentsEqualHash() throws {
        func hash(_ index: UInt64, seed: UInt64, components: Int) throws -> [UInt8] {
            var plan = CohortPlan(name: "c\(index)")
            plan.sizes.availableComponents = components
            var script = AgentScript(plan, index: index, seed: seed)
            script.start()
            script.opened()
            return try #require(script.sent.first?.report.availableComponents?.hash)
        }
        #expect(try hash(1, seed: 1, components: 30) == hash(2, seed: 9, components: 30))
        #expect(try hash(1, seed: 1, components: 30) != hash(1, seed: 1, components: 31))
    }

    @Test("The span from the beginning of the connection to the first answer is measured")
    func firstAnswerIsMeasured() {
        var script = AgentScript()
        script.start()
        script.now += .milliseconds(30)
        script.opened()
        script.now += .milliseconds(12)
        script.acknowledge()
        #expect(script.steps.firstAnswers == [.milliseconds(42)])
        let answer = script.steps.answered.first
        #expect(answer == AnsweredReport(kind: .first, responseTime: .milliseconds(12), serviceTime: .milliseconds(12)))
        #expect(script.agent.state == .running)
    }

    @Test("Sequence numbers grow by one with every report, across connections too (spec: AgentToServer.sequence_num)")
    func sequenceNumbers() {
        var script = AgentScript(.with { $0.heartbeat = HeartbeatPlan(interval: .seconds(1)) })
        script.run()
        script.pass(.seconds(5), acknowledging: true)
        script.lost()
        script.opened()
        script.acknowledge()
        script.receive(ServerToAgent(flags: .reportFullState))
        script.drain()
        let numbers = script.allSent.map(\.report.sequenceNumber)
        #expect(numbers == Array(0..<UInt64(numbers.count)))
        #expect(numbers.count >= 9)
    }

    @Test("An agent that asks for its instance uid says so until it has one (spec: AgentToServer.instance_uid)")
    func requestsInstanceUID() throws {
        var script = AgentScript(.with { $0.requestsInstanceUID = true })
        script.start()
        script.opened()
        let temporary = script.agent.instanceUID
        #expect(script.sent.first?.report.flags == .requestInstanceUID)
        #expect(script.sent.first?.report.instanceUID == .uid(temporary))
        let given = InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
        script.receive(
            ServerToAgent(
                instanceUID: .uid(temporary), agentIdentification: AgentIdentification(newInstanceUID: .uid(given))))
        #expect(script.agent.instanceUID == given)
        script.receive(ServerToAgent(instanceUID: .uid(given), flags: .reportFullState))
        let full = try #require(script.sent.first { $0.kind == .fullState })
        #expect(full.report.flags == [])
        #expect(full.report.instanceUID == .uid(given))
    }

    @Test("The instance uid is a UUIDv7 of 16 bytes, and its own for each agent (spec: AgentToServer.instance_uid)")
    func instanceUIDs() {
        let cohort = Cohort(CohortPlan(name: "c"), seed: 5, unixOrigin: 0)
        let uids = (0..<2000).map { Agent(index: $0, cohort: cohort).instanceUID }
        #expect(Set(uids).count == uids.count)
        #expect(uids.allSatisfy { $0.version == 7 && $0.bytes.count == 16 })
    }

    @Test("Agent i is the same in every run of a seed, and another under another seed")
    func sameSeedSameAgent() {
        func transcript(seed: UInt64) -> [[UInt8]] {
            var script = AgentScript(.with { $0.heartbeat.jitter = 0.3 }, index: 11, seed: seed)
            script.run()
            script.pass(.seconds(100), acknowledging: true)
            script.lost()
            script.failed()
            return script.allSent.map { $0.report.encoded() + "\($0.dueAt)".utf8 }
        }
        #expect(transcript(seed: 1) == transcript(seed: 1))
        #expect(transcript(seed: 1) != transcript(seed: 2))
    }
}
