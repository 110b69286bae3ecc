import Foundation
import Metrics
import TestSupport
import Testing

@testable import Report

@Suite("The JSON Schema of summary.json")
struct SummarySchemaTests {
    private static let path = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/summary.schema.json")

    @Test("docs/summary.schema.json is the schema of this release")
    func isCurrent() throws {
        let schema = try SummaryDocument.schemaJSON()
        if ProcessInfo.processInfo.environment["MUSTER_WRITE_CORPUS"] != nil {
            try Data(schema.utf8).write(to: Self.path)
        }
        #expect(try String(contentsOf: Self.path, encoding: .utf8) == schema)
    }

    /// What is wrong with a value by a schema of the kind that we write.
    private static func problems(_ value: Any, _ schema: [String: Any], at place: String) -> [String] {
        switch schema["type"] as? String {
        case "object":
            guard let object = value as? [String: Any] else { return ["\(place) is no object"] }
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            let others = schema["additionalProperties"] as? [String: Any]
            let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }
            return missing.map { "\(place).\($0) is missing" }
                + object.flatMap { key, value -> [String] in
                    guard let schema = properties[key] ?? others else { return ["\(place).\(key) is not known"] }
                    return problems(value, schema, at: "\(place).\(key)")
                }
        case "array":
            guard let list = value as? [Any], let items = schema["items"] as? [String: Any] else {
                return ["\(place) is no list"]
            }
            return list.flatMap { problems($0, items, at: "\(place)[]") }
        case "string": return value is String ? [] : ["\(place) is no text"]
        case "boolean": return value is Bool ? [] : ["\(place) is no flag"]
        case "integer":
            return (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } == true
                ? [] : ["\(place) is no whole number"]
        case "number": return value is NSNumber ? [] : ["\(place) is no number"]
        default: return ["\(place) has no type in the schema"]
        }
    }

    private static func schema() throws -> [String: Any] {
        let data = Data(try SummaryDocument.schemaJSON().utf8)
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private static func document(_ options: SampleRun.Options = SampleRun.Options()) throws -> [String: Any] {
        let data = try SummaryDocument(SampleRun.record(options).summary).json()
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test(
        "What a run writes is valid, and the schema knows every key of it",
        arguments: [
            SampleRun.Options(), SampleRun.Options(cpu: 0.96, ailing: 30, outcome: .failed("no answer")),
        ])
    func valid(options: SampleRun.Options) throws {
        #expect(Self.problems(try Self.document(options), try Self.schema(), at: "$") == [])
    }

    @Test("A document that lacks a key, or has a wrong type, is not valid")
    func invalid() throws {
        var document = try Self.document()
        document["run"] = nil
        document["duration_seconds"] = "ten"
        document["phases"] = [["label": 3]]
        let problems = Self.problems(document, try Self.schema(), at: "$")
        for part in ["$.run is missing", "$.duration_seconds is no number", "$.phases[].label is no text"] {
            #expect(problems.contains(part), "\(problems)")
        }
    }

    @Test(
        "Python's jsonschema accepts it",
        .enabled("no python3 with the package jsonschema (pip install jsonschema)") {
            await PythonModule("jsonschema").interpreter != nil
        })
    func python() async throws {
        let script = """
            import json, sys, jsonschema
            schema, document = (json.load(open(path)) for path in sys.argv[1:3])
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.validate(document, schema)
            print('valid')
            """
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = ["schema.json", "summary.json"].map { folder.appendingPathComponent($0).path }
        try Data(try SummaryDocument.schemaJSON().utf8).write(to: URL(fileURLWithPath: paths[0]))
        try SummaryDocument(SampleRun.record().summary).json().write(to: URL(fileURLWithPath: paths[1]))
        #expect(try await PythonModule("jsonschema").lines(of: script, paths) == ["valid"])
    }
}
