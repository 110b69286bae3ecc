import Fleet
import Foundation
import Schema

/// The profiles that come with Muster, found by their names: beside the binary, where it is installed, or in the source
/// tree.
enum BundledProfiles {
    /// The folders that exist, in the order in which they are searched.
    static var folders: [String] {
        let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        var places = [
            binary.appendingPathComponent("profiles"), binary.appendingPathComponent("../share/muster/profiles"),
        ]
        var tree = binary
        for _ in 0..<maxDepth {
            tree.deleteLastPathComponent()
            if FileManager.default.fileExists(atPath: tree.appendingPathComponent("Package.swift").path) {
                places.append(tree.appendingPathComponent("profiles"))
            }
        }
        places.append(URL(fileURLWithPath: "profiles"))
        var paths: [String] = []
        for path in places.map({ $0.standardizedFileURL.path })
        where !paths.contains(path) && FileManager.default.fileExists(atPath: path) {
            paths.append(path)
        }
        return paths
    }

    /// The names and files of all profiles, in order of their names. A name that is in two folders is found in the
    /// first.
    static var all: [(name: String, path: String)] {
        var found: [String: String] = [:]
        for folder in folders {
            for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where file.hasSuffix(".yaml") {
                let name = String(file.dropLast(5))
                if found[name] == nil { found[name] = "\(folder)/\(file)" }
            }
        }
        return found.sorted { $0.key < $1.key }.map { (name: $0.key, path: $0.value) }
    }

    /// The file of the given profile: an existing path is used as it is, a name is looked up.
    /// - Throws: `Failure` where it is neither, with the nearest name.
    static func path(of given: String) throws -> String {
        guard !given.contains("/"), !given.hasSuffix(".yaml"), !given.hasSuffix(".yml"),
            !FileManager.default.fileExists(atPath: given)
        else { return given }
        let all = all
        if let found = all.first(where: { $0.name == given }) { return found.path }
        let nearest = Suggestion.nearest(to: given, among: all.map(\.name)).map { "; did you mean \($0)?" } ?? ""
        throw Failure(
            .badUsage,
            """
            there is no profile '\(given)'\(nearest.isEmpty ? "." : nearest) `muster profiles` lists the names; \
            a file is given by its path.
            """)
    }

    /// How far above the binary the source tree may be: .build/<triple>/release is three.
    private static let maxDepth = 5
}
