import Foundation

/// The files of this project.
enum Project {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The Swift files below `Sources`.
    static let sources = swiftFiles("Sources")
    /// The Swift files below `Tests`, without the ones that another program made.
    static let tests = swiftFiles("Tests").filter { !$0.path.hasSuffix(".pb.swift") }
    /// The documents that people read: the ones beside the sources and those in `docs`.
    static let documents = (files("docs", ending: ".md") + ["README.md", "CONTRIBUTING.md"])
        .filter { !$0.contains("/results/") }.map { (path: $0, lines: lines($0)) }

    private static func swiftFiles(_ folder: String) -> [SwiftSource] {
        files(folder, ending: ".swift").map { SwiftSource(path: $0, text: lines($0).joined(separator: "\n")) }
    }

    private static func files(_ folder: String, ending: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
        return (found?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }
            .sorted()
    }

    static func lines(_ path: String) -> [String] {
        let text = (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
