import OrderedCollections
import Testing

@testable import OpAMP

@Suite("Which components of a health tree are unhealthy")
struct ComponentHealthTests {
    private static func node(
        _ healthy: Bool, _ children: OrderedDictionary<String, ComponentHealth> = [:]
    ) -> ComponentHealth {
        ComponentHealth(healthy: healthy, componentHealthMap: children)
    }

    private static let tree = node(
        true,
        [
            "traces": node(false, ["otlp": node(true), "exporter": node(false, ["queue": node(false)])]),
            "metrics": node(true, ["otlp": node(true), "exporter": node(true)]),
            "a/b": node(true, ["c": node(false)]),
        ])

    @Test(
        "A name is that of any component, a path begins anywhere and names each step, nothing is the whole tree",
        arguments: [
            ("traces", true), ("metrics", false), ("exporter", true), ("otlp", false), ("queue", true),
            ("traces/exporter", true), ("metrics/exporter", false), ("traces/exporter/queue", true),
            ("exporter/queue", true), ("traces/queue", false), ("a/b", false), ("a/b/c", true), ("unknown", false),
            ("", false), ("/", false), ("traces/", false),
        ])
    func names(name: String, isUnhealthy: Bool) {
        #expect(Self.tree.unhealthy(among: [name]) == (isUnhealthy ? 1 : 0))
        #expect(Self.tree.unhealthy(among: ["unknown", nil, name]) == (isUnhealthy ? 0b110 : 0b010))
    }

    @Test("The whole tree is unhealthy with its root or with any component; a root alone makes no component so")
    func whole() {
        let root = Self.node(false, ["traces": Self.node(true, ["otlp": Self.node(true)])])
        #expect(root.unhealthy(among: [nil, "traces", "otlp", "traces/otlp"]) == 1)
        #expect(!root.isHealthyThroughout && !Self.tree.isHealthyThroughout)
        #expect(Self.node(true, ["traces": Self.node(true)]).unhealthy(among: [nil, "traces"]) == 0)
        #expect(Self.tree.unhealthy(among: Array(repeating: nil, count: 12)) == 0xFF)
    }
}
