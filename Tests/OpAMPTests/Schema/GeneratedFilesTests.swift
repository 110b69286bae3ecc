import Foundation
import Testing

@testable import ProtocolGenerator

@Suite("The files generated from the schema are current")
struct GeneratedFilesTests {
    @Test("Generating again yields the files of the repository; otherwise run scripts/generate")
    func current() throws {
        let generated = try GeneratedFiles { try ProtocolSources.text($0) }
        #expect(generated.files.count > 10)
        for (path, text) in generated.files {
            #expect(try ProtocolSources.text(path) == text, "\(path) is not current: run scripts/generate")
        }
    }

    @Test(
        "A fault of the schema is reported with its line",
        arguments: [
            ("message A 1.0", 2, "expected: KIND NAME SINCE | SENTENCE"),
            (
                "message A 1.0 | A.\n  x a : string 1.0 | B.", 3,
                "expected: NUMBER NAME [as SWIFT] [: TYPE [rare] [oneof NAME]] SINCE | SENTENCE"
            ),
            ("message A 1.0 | A.\n  1 a : strin 1.0 | B.", 3, "no type strin"),
            (
                "message A 1.0 | A.\n  1 a : string 1.0 | B.\n  1 b : string 1.0 | B.", 4,
                "the number or the name already exists in this message"
            ),
            ("message A 1.0 | A.\n  1 a : string often 1.0 | B.", 3, "unknown: often"),
        ])
    func faults(text: String, line: Int, reason: String) {
        #expect(throws: SchemaError(file: "x", line: line, reason: reason)) {
            try SchemaParser(file: "x", text: "section A | A\n" + text)
        }
    }

    @Test("The reference and the table of versions have every message and field")
    func complete() throws {
        let schema = try ProtocolSources.schema()
        let reference = try ProtocolSources.text("docs/protocol.md")
        let fields = schema.types.flatMap(\.fields)
        #expect(schema.types.allSatisfy { reference.contains("### \($0.name)\n") })
        #expect(
            reference.split(separator: "\n").count { $0.hasPrefix("| ") && !$0.contains("| Since |") } == fields.count)
    }
}
