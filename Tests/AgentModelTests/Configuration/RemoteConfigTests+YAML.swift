import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

extension RemoteConfigTests {
    /// Valid under the core schema of YAML 1.2; a check that is no full parser refuses each of them.
    static let validYAML = [
        "a: \"over\n  two lines\"\n", "a: 'it''s\n\n  three'\n", "a: |\n  {[\"' # text\n  \tb: c\n",
        "a: >-\n  \"folded\n",
        "a:\n  - |\n    [\n", "a:\t1\nservice:\t# c\n", "a: {\n\tb: 1\n  }\n", "a: [1,\n2,\n3]\n", "just words\n",
        "\"quoted\n  words\"\n", "? a\n: 1\n", "%YAML 1.2\n---\na: 1\n...\n", "a: &x {b: 1}\nc: *x\n", "a: !!str 1\n",
        "{a: 1, b: [2]}\n", "- a\n- b\n", "", "# nothing\n", "a: ${env:HOME}\n", "a: 'x\n  y: z'\n",
    ]

    @Test("Valid YAML of every style is applied", arguments: validYAML)
    func validIsApplied(body: String) throws {
        var script = AgentScript(Self.plan { $0.remoteConfig.applyTime = .constant(.zero) })
        script.run()
        script.receive(Self.offer([7], body, type: "text/yaml"))
        #expect(script.sent.first?.report.remoteConfigStatus?.status == .applied)
    }

    @Test("The top-level settings of real configurations are told apart, whatever is in them")
    func realLifeYAML() {
        let body = """
            ---
            # it's a comment with an odd quote and a [bracket
            receivers:
              filelog:
                include: ["/var/log/*.log", '/tmp/it''s.log']
                operators:
                  - regex: '^(?P<x>[^ ]*) .*$'
                  - text: "an open
                      { bracket: over two lines"
            "exporters": |
              { not: a flow collection
            processors: {batch: {
            timeout: 1s}, x: "}", # }
            y: '
            z: }'}
            service:	# a tab
              pipelines: {logs: {receivers: [filelog],
                exporters: [debug]}}
              note: don't worry
            ...
            """
        let outline = YAMLOutline(Array(body.utf8))
        #expect(outline.sections.map(\.name) == ["receivers", "exporters", "processors", "service"])
    }
}
