import Basis
import Foundation
import TestSupport
import Testing

@testable import Fleet

@Suite("What is made of the table of profiles")
struct ProfileProductsTests {
    private static let docs = ProfileFilesTests.folder.deletingLastPathComponent().appendingPathComponent("docs")
    private static let writes = ProcessInfo.processInfo.environment["MUSTER_WRITE_CORPUS"] != nil

    @Test(
        "The committed reference and JSON Schema are those of the table; MUSTER_WRITE_CORPUS=1 writes them again",
        arguments: ["profiles-reference.md", "profile.schema.json"])
    func current(file: String) throws {
        let text = file.hasSuffix("md") ? ProfileProducts.reference : ProfileProducts.jsonSchema
        let url = Self.docs.appendingPathComponent(file)
        if Self.writes { return try Data(text.utf8).write(to: url) }
        #expect(try String(contentsOf: url, encoding: .utf8) == text)
    }

    @Test("The starter is a profile whose other keys are the defaults, and stays one with every default uncommented")
    func starter() throws {
        let text = ProfileProducts.starter(name: "mine")
        let profile = try ProfileReader().read(text: text, source: "starter")
        var wanted = Profile.standard
        (wanted.name, wanted.agents) = ("mine", 500)
        wanted.arrival = .ramp(over: .seconds(20))
        wanted.cohorts[0].heartbeat.interval = .seconds(10)
        #expect(profile == wanted)
        let bare = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("# ") ? String($0.dropFirst(2)) : String($0) }.joined(separator: "\n")
        let full = try ProfileReader().read(text: bare, source: "starter")
        // To write `packages` is to say that agents accept them.
        wanted.cohorts[0].packages = full.cohorts[0].packages
        wanted.cohorts[0].ownTelemetry = full.cohorts[0].ownTelemetry
        wanted.tls = full.tls
        wanted.server = full.server
        wanted.driver = full.driver
        #expect(full == wanted)
    }

    @Test("Each key that the reference names can be explained")
    func explained() throws {
        let text = try ProfileProducts.explanation(of: "heartbeat.interval", in: .standard)
        #expect(text.contains("duration, 10ms to 24h") && text.contains("--heartbeat") && text.contains("30s"))
        for key in [
            "server.embedded.tls.ca", "events[0].offer_config.files", "cohorts.packages.download.sandbox.files",
        ] {
            #expect(try ProfileProducts.explanation(of: key, in: nil).contains("since: 0.1"), "\(key)")
        }
    }

    @Test(
        "PyPI's jsonschema accepts every profile of Muster, resolved or not, and refuses what is misspelt",
        .enabled(if: PythonPeers.isAvailable, Comment(rawValue: PythonPeers.absence)))
    func jsonSchema() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("schema-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ text: String, _ name: String) throws -> String {
            let url = folder.appendingPathComponent(name)
            try Data(text.utf8).write(to: url)
            return url.path
        }
        let schema = try write(ProfileProducts.jsonSchema, "schema.json")
        var good: [String] = []
        for name in ProfileFilesTests.names {
            let path = ProfileFilesTests.folder.appendingPathComponent("\(name).yaml").path
            good += [path, try write(try ProfileReader().read(path: path).resolvedYAML, "\(name).yaml")]
        }
        for (index, text) in ProfileDocumentationTests.examples.enumerated() {
            good.append(try write(text, "example-\(index).yaml"))
        }
        good.append(try write(ProfileProducts.starter(name: "mine"), "starter.yaml"))
        let wrong = [
            "agent: 5", "agents: 0", "heartbeat: {intervall: 5s}", "duration: 60", "heartbeat: {phase: lock}",
            "events: [{at: 1s}]", "cohorts: [{weight: 1}]", "arrival: {ramp: 5}", "server: {embedded: {port: 70000}}",
            "events: [{at: 1s, offer_config: {file: a}}]",
        ]
        let bad = try wrong.enumerated().map { try write($0.element, "bad-\($0.offset).yaml") }
        struct Verdict: Decodable { let refused: [String: String] }
        let verdict = try await PythonPeer.with("profile_schema.py", [schema] + good + bad) { peer in
            try await peer.json(Verdict.self)
        }
        for path in good { #expect(verdict.refused[path] == nil, "\(path): \(verdict.refused[path] ?? "")") }
        for (path, text) in zip(bad, wrong) { #expect(verdict.refused[path] != nil, "\(text)") }
    }
}
