import Foundation
import Testing

@testable import Rollout

@Suite("What is made of the table of rollout plans")
struct RolloutProductsTests {
    private static let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("docs")
    private static let writes = ProcessInfo.processInfo.environment["MUSTER_WRITE_CORPUS"] != nil

    @Test(
        "The committed reference and JSON Schema are those of the table; MUSTER_WRITE_CORPUS=1 writes them again",
        arguments: ["rollout-plans-reference.md", "rollout-plan.schema.json"])
    func current(file: String) throws {
        let text = file.hasSuffix("md") ? RolloutProducts.reference : RolloutProducts.jsonSchema
        let url = Self.docs.appendingPathComponent(file)
        if Self.writes { return try Data(text.utf8).write(to: url) }
        #expect(try String(contentsOf: url, encoding: .utf8) == text)
    }

    @Test("The guide names every preset and every example")
    func guide() throws {
        let text = try String(contentsOf: Self.docs.appendingPathComponent("rollout-plans.md"), encoding: .utf8)
        for preset in RolloutPreset.allCases { #expect(text.contains("`\(preset.rawValue)`"), "\(preset)") }
        for name in PlanTests.names { #expect(text.contains("`\(name.dropLast(5))`"), "\(name)") }
    }
}
