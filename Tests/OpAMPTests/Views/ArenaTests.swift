import OpAMP
import OrderedCollections
import Testing

@Suite("Messages in an arena")
struct ArenaTests {
    static let report = AgentToServer(
        instanceUID: .uid(InstanceUID(high: 1, low: 2)), sequenceNumber: 3,
        agentDescription: AgentDescription(identifyingAttributes: [
            KeyValue("service.name", "x"), KeyValue("list", ["a", true, 7, 0.5]), KeyValue(key: "none"),
        ]),
        capabilities: [.reportsStatus, .reportsHealth],
        health: ComponentHealth(
            healthy: true, status: "ok",
            componentHealthMap: ["a": ComponentHealth(healthy: true), "b": ComponentHealth(lastError: "e")]),
        effectiveConfig: EffectiveConfig(
            configMap: AgentConfigMap(configMap: ["": AgentConfigFile(body: [1, 2, 3], contentType: "text/yaml")])),
        customCapabilities: CustomCapabilities(capabilities: ["c1", "c2"]))

    @Test("Fields are read where they are, without building the message")
    func accessors() throws {
        var decoder = ArenaDecoder()
        let unhealthy = try decoder.withAgentToServer(Self.report.encoded().span.bytes) { message in
            var names: [String] = []
            guard let parts = message.health?.componentHealthMap else { return names }
            for index in 0..<parts.count where !parts[index].healthy { names.append(parts.key(at: index)) }
            return names
        }
        #expect(unhealthy == ["b"])
        let hasConfig = try decoder.withAgentToServer(Self.report.encoded().span.bytes) { message in
            message.effectiveConfig?.configMap?.configMap[0].body.elementsEqual([1, 2, 3]) ?? false
        }
        #expect(hasConfig)
    }

    @Test("The copy of a message is the message, whatever the decoder read before")
    func copies() throws {
        var decoder = ArenaDecoder(capacity: 0)
        for count in [0, 1, 31, 32, 33, 1000, 20] {
            var report = Self.report
            for index in 0..<count {
                report.health?.componentHealthMap["part \(index)"] = ComponentHealth(status: "\(index)")
            }
            let copy = try decoder.withAgentToServer(report.encoded().span.bytes) { $0.copied() }
            #expect(copy == report)
        }
    }

    @Test(
        "A later entry replaces an earlier one with the same key, among few entries and among many",
        arguments: [1, 40, 400])
    func repeatedKeys(count: Int) throws {
        var bytes: [UInt8] = []
        var expected: OrderedDictionary<String, ComponentHealth> = [:]
        for round in 0..<2 {
            for index in 0..<count {
                let health = ComponentHealth(status: round == 0 ? "old" : "", attributes: [KeyValue("k", "\(index)")])
                bytes += AgentToServer(health: ComponentHealth(componentHealthMap: ["key \(index)": health])).encoded()
                expected["key \(index)"] = health
            }
        }
        var decoder = ArenaDecoder()
        let copy = try decoder.withAgentToServer(bytes.span.bytes) { $0.health?.componentHealthMap.count }
        #expect(copy == count)
        #expect(try decoder.withAgentToServer(bytes.span.bytes) { $0.copied() }.health?.componentHealthMap == expected)
    }

    @Test("A malformed message is refused, and the next one is read")
    func malformed() throws {
        var decoder = ArenaDecoder()
        #expect(throws: DecodingError(.invalidUTF8, offset: 6)) {
            try decoder.withAgentToServer(([0x2A, 4, 0x22, 2, 0xC3, 0x28] as [UInt8]).span.bytes) { $0.sequenceNumber }
        }
        #expect(try decoder.withAgentToServer(Self.report.encoded().span.bytes) { $0.sequenceNumber } == 3)
    }
}
