import Foundation
import Schema
import Testing

@testable import Fleet

/// Profiles, good and broken, with the complete output for each: a change of wording or of behaviour is a diff to be
/// read.
///
/// After a change that is wanted: `MUSTER_WRITE_CORPUS=1 swift test --filter ProfileCorpusTests`, then read `git diff`.
@Suite("The corpus of profiles")
struct ProfileCorpusTests {
    static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("Corpus")

    static var files: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted()
    }

    private static let writes = ProcessInfo.processInfo.environment["MUSTER_WRITE_CORPUS"] != nil

    @Test("Each case gives the output that is recorded", arguments: files)
    func cases(file: String) throws {
        let url = Self.folder.appendingPathComponent(file)
        let recorded = try CorpusCase.read(String(contentsOf: url, encoding: .utf8))
        #expect(!recorded.isEmpty)
        #expect(Set(recorded.map(\.title)).count == recorded.count, "each title is there once")
        let folder = try CorpusFolder()
        defer { folder.remove() }
        let found = try recorded.map { CorpusCase(title: $0.title, text: $0.text, output: try folder.output(of: $0)) }
        if Self.writes { return try Data(CorpusCase.write(found).utf8).write(to: url) }
        for (recorded, found) in zip(recorded, found) {
            #expect(found.output == recorded.output, "\(file): \(recorded.title)")
        }
    }

    @Test("The corpus has cases of every kind")
    func size() throws {
        let cases = try Self.files.flatMap {
            try CorpusCase.read(String(contentsOf: Self.folder.appendingPathComponent($0), encoding: .utf8))
        }
        #expect(cases.count >= 1_000)
        #expect(cases.count { $0.output.hasPrefix("accepted") } >= 100)
    }

    @Test(
        "Each profile that comes with Muster gives the recorded summary and the recorded resolved text",
        arguments: ProfileFilesTests.names)
    func profiles(name: String) throws {
        let path = ProfileFilesTests.folder.appendingPathComponent("\(name).yaml").path
        let profile = try ProfileReader().read(path: path)
        let products = [
            "\(name).summary.txt": PlanSummary(profile).text(width: 100) + "\n",
            "\(name).resolved.yaml": profile.resolvedYAML,
        ]
        for (file, text) in products {
            let text = text.replacingOccurrences(of: ProfileFilesTests.folder.path, with: "FOLDER")
            let url = Self.folder.appendingPathComponent("profiles/\(file)")
            if Self.writes {
                try Data(text.utf8).write(to: url)
            } else {
                #expect(try text == String(contentsOf: url, encoding: .utf8), "\(file)")
            }
        }
    }
}

/// One profile of the corpus: `### TITLE`, its text, `=>`, the output.
struct CorpusCase {
    var title: String
    /// In the text `\u{7}` is a character and `\repeat{x}{300}` so many of them.
    var text: String
    /// The errors; or `accepted`, then the lines of the resolved profile that the default does not have.
    var output: String

    static func read(_ file: String) -> [CorpusCase] {
        file.components(separatedBy: "### ").dropFirst().map { block in
            let (title, rest) = block.split(at: "\n")
            let (text, output) = "\n\(rest)".split(at: "\n=>\n")
            return CorpusCase(
                title: title, text: String(text.dropFirst()), output: output.trimmingCharacters(in: .newlines))
        }
    }

    static func write(_ cases: [CorpusCase]) -> String {
        cases.map { "### \($0.title)\n\($0.text)\n=>\n\($0.output)\n" }.joined(separator: "\n")
    }

    var profile: String {
        text.replacing(/\\repeat{(.)}{(\d+)}/) { String(repeating: String($0.1), count: Int($0.2) ?? 0) }
            .replacing(/\\u{([0-9A-F]+)}/) { match in
                UInt32(match.1, radix: 16).flatMap(Unicode.Scalar.init).map { String(Character($0)) } ?? ""
            }
    }
}

extension String {
    fileprivate func split(at separator: String) -> (String, String) {
        guard let range = range(of: separator) else { return (self, "") }
        return (String(self[..<range.lowerBound]), String(self[range.upperBound...]))
    }
}

/// A folder with the files that profiles of the corpus name.
private struct CorpusFolder {
    private let url: URL
    private let standard = Set(Profile.standard.resolvedYAML.components(separatedBy: "\n"))

    init() throws {
        url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("corpus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let files: [String: Data] = [
            "tokens.txt": Data("one\n".utf8), "c.yaml": Data("receivers: {otlp: {}} # & \"so\"\n".utf8),
            "bytes": Data([0xFF]), "large": Data(count: (64 << 10) + 1),
            "sixty": Data(repeating: 0x78, count: 60 << 10),
        ]
        for (name, content) in files { try content.write(to: url.appendingPathComponent(name)) }
    }

    func remove() { try? FileManager.default.removeItem(at: url) }

    func output(of item: CorpusCase) throws -> String {
        let file = url.appendingPathComponent("profile.yaml")
        try Data(item.profile.utf8).write(to: file)
        var output: String
        do throws(Problems) {
            let resolved = try ProfileReader().read(path: file.path).resolvedYAML.components(separatedBy: "\n")
            let added = resolved.filter { !standard.contains($0) }
            output = (["accepted"] + added.map { $0.count > 200 ? "\($0.prefix(200))…" : $0 }).joined(separator: "\n")
        } catch {
            output = error.description
        }
        output = output.replacingOccurrences(of: "\(url.path)/profile.yaml", with: "profile.yaml")
        return output.replacingOccurrences(of: url.path, with: "FOLDER")
    }
}
