import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

@Suite("Templates and realistic reports")
struct TemplateTests {
    private func description(_ template: DescriptionTemplate, index: UInt64 = 12, zones: [String] = ["eu-west-1b"])
        throws -> AgentDescription
    {
        var script = AgentScript(
            .with {
                $0.name = "edge"
                $0.zones = zones
                $0.description = .template(template)
            }, index: index)
        script.start()
        script.opened()
        return try #require(script.sent.first?.report.agentDescription)
    }

    @Test(
        "Placeholders are filled for the agent",
        arguments: [
            ("{{index}}", "12"), ("{{cohort}}-{{index}}.{{zone}}", "edge-12.eu-west-1b"), ("{{region}}", "eu-west-1"),
            ("plain {text}", "plain {text}"), ("{{ index }}!", "12!"), ("", ""),
        ])
    func placeholders(text: String, filled: String) throws {
        let template = DescriptionTemplate(
            identifying: [.init(key: "k", value: try Template(text))], nonIdentifying: [])
        let attributes = try description(template).identifyingAttributes
        #expect(attributes == [KeyValue(key: "k", value: .string(filled))])
    }

    @Test("A template that cannot be read says what is wrong and what is possible")
    func errors() {
        #expect(throws: TemplateError.unknownPlaceholder("host", in: "a{{host}}")) { _ = try Template("a{{host}}") }
        #expect(throws: TemplateError.notClosed(in: "{{index")) { _ = try Template("{{index") }
        #expect(TemplateError.unknownPlaceholder("host", in: "x").description.contains("{{index}}"))
    }

    @Test("A collector's description has the service and its host (spec: AgentDescription Message)")
    func collector() throws {
        let description = try description(.collector)
        let keys = description.identifyingAttributes.map(\.key)
        #expect(keys == ["service.name", "service.namespace", "service.version", "service.instance.id"])
        let others = Dictionary(uniqueKeysWithValues: description.nonIdentifyingAttributes.map { ($0.key, $0.value) })
        #expect(others["host.name"] == .string("edge-12"))
        #expect(others["cloud.availability_zone"] == .string("eu-west-1b"))
        #expect(others["cloud.region"] == .string("eu-west-1"))
        #expect(others["os.type"] == .string("linux"))
        #expect(others["os.version"] != nil)
    }

    @Test("Zones are spread over the agents evenly")
    func zones() {
        let cohort = Cohort(.with { $0.zones = ["a", "b", "c"] }, seed: 1, unixOrigin: 0)
        let counts = (0..<3000).reduce(into: [String: Int]()) { $0[cohort.zone(of: $1), default: 0] += 1 }
        #expect(counts.count == 3)
        #expect(counts.values.allSatisfy { abs($0 - 1000) < 150 })
    }

    @Test("A host may make the descriptions itself")
    func made() throws {
        var script = AgentScript(
            .with {
                $0.description = .made { index, uid in
                    AgentDescription(identifyingAttributes: [KeyValue(key: "id", value: .string("\(index) \(uid)"))])
                }
            }, index: 3)
        script.start()
        script.opened()
        let attribute = script.sent.first?.report.agentDescription?.identifyingAttributes.first
        #expect(attribute?.value == .string("3 \(script.agent.instanceUID)"))
    }

    @Test("The effective config has the requested size", arguments: [0, 3, 10, 900, 2048, 4096, 65_536])
    func configSize(bytes: Int) throws {
        var script = AgentScript(.with { $0.sizes.effectiveConfigBytes = bytes })
        script.start()
        script.opened()
        let file = try #require(script.sent.first?.report.effectiveConfig?.configMap?.configMap[""])
        #expect(file.body.count == max(bytes, 3))
        #expect(file.contentType == "text/yaml")
    }

    @Test(
        "The health tree has each pipeline with its components, healthy since the agent's start (spec: ComponentHealth)"
    )
    func health() throws {
        var script = AgentScript(.with { $0.sizes.healthPipelines = 4 }, now: .zero + .seconds(9))
        script.start()
        script.opened()
        let health = try #require(script.sent.first?.report.health)
        #expect(health.startTimeUnixNano == 1_780_000_009_000_000_000)
        #expect(health.componentHealthMap.count == 5)
        #expect(health.componentHealthMap["pipeline:traces"]?.componentHealthMap.count == 4)
        #expect(health.componentHealthMap["pipeline:traces/1"] != nil)
        #expect(health.componentHealthMap.values.allSatisfy { $0.healthy && $0.lastError.isEmpty })
    }

    @Test("An agent is small: nothing is stored that can be derived")
    func small() {
        #expect(MemoryLayout<Agent>.size <= 256)
    }
}
