import Foundation
import Schema
import Testing

@testable import Fleet

@Suite("docs/profiles.md")
struct ProfileDocumentationTests {
    static let text: String = {
        let file = ProfileFilesTests.folder.deletingLastPathComponent().appendingPathComponent("docs/profiles.md")
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    static var examples: [String] {
        text.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    @Test("Its examples are read without an error", arguments: examples)
    func valid(example: String) {
        #expect(throws: Never.self) { try ProfileReader().read(text: example, source: "docs/profiles.md") }
    }

    @Test("There are examples to read")
    func thereAreExamples() {
        #expect(Self.examples.count >= 8)
    }
}
