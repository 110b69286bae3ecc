import Foundation
import Testing

@testable import AgentModel

@Suite("docs/agent.md says what is so")
struct DocumentationTests {
    private static let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()

    private func page() throws -> [[String]] {
        let file = Self.tests.appendingPathComponent("../../docs/agent.md").standardizedFileURL
        return try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n")
            .filter { $0.hasPrefix("| ") }
            .map { line in line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    /// The functions of every suite, by the suite's name.
    private func suites() throws -> [String: Set<String>] {
        var suites: [String: Set<String>] = [:]
        // Rules of the transport are held by the tests of other layers.
        let all = Self.tests.deletingLastPathComponent()
        let files = FileManager.default.enumerator(at: all, includingPropertiesForKeys: nil)
        for case let file as URL in files ?? FileManager.DirectoryEnumerator() where file.pathExtension == "swift" {
            var suite = ""
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let words = line.split { " (:{".contains($0) }
                if line.hasPrefix("struct ") || line.hasPrefix("extension "), words.count > 1 {
                    suite = String(words[1])
                }
                if line.hasPrefix("    func "), words.count > 1 { suites[suite, default: []].insert(String(words[1])) }
            }
        }
        return suites
    }

    @Test("Every rule in the table names tests that exist")
    func rulesAreTested() throws {
        let rules = try page().filter { $0.count == 4 && $0[1] != "level" && !$0[0].hasPrefix("---") }
        #expect(rules.count > 170)
        let suites = try suites()
        for rule in rules {
            let names = rule[3].split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
            #expect(!names.isEmpty, "\(rule[0]): \(rule[2])")
            for name in names {
                let parts = name.split(separator: ".").map(String.init)
                #expect(parts.count == 2 && suites[parts[0]]?.contains(parts[1]) == true, "no test \(name)")
            }
        }
    }

    @Test("The life-cycle table is the one of the code")
    func lifeCycle() throws {
        let rows = try page().filter {
            $0.count == 3 && $0[0] != "in" && $0[0] != "capability" && !$0[0].hasPrefix("---") && !$0[0].hasPrefix("`")
        }
        #expect(rows.map { $0.joined(separator: " | ") } == LifeCycleTests.expected)
    }

    @Test("Every fault of the code has a test of its name or is named in one")
    func faults() throws {
        let source =
            try String(
                contentsOf: Self.tests.appendingPathComponent("Faults/FaultTests.swift"), encoding: .utf8)
            + String(contentsOf: Self.tests.appendingPathComponent("Packages/PackageTests.swift"), encoding: .utf8)
        for fault in Fault.allCases { #expect(source.contains(".\(fault)"), "\(fault)") }
    }
}
