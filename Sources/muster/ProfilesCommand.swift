import ArgumentParser
import Basis
import Fleet
import Report
import Schema

/// `muster profiles`: the profiles that come with Muster.
struct ProfilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles", abstract: "List the profiles that `muster run` knows by name.")

    func run() throws {
        let profiles = BundledProfiles.all
        guard !profiles.isEmpty else {
            throw Failure(
                .runFailed,
                """
                no profiles found beside the binary or in the source tree; copy the folder profiles/ beside the \
                binary, or give `muster run` the path of a file.
                """)
        }
        let width = Terminal.width ?? 100
        let nameWidth = profiles.map(\.name.count).max() ?? 0
        for (name, path) in profiles {
            let sentence: String
            do throws(Problems) { sentence = try ProfileReader().read(path: path).description } catch {
                sentence = "cannot be used: `muster check \(path)` says why"
            }
            let lines = Prose.wrapped(sentence, width: max(width - nameWidth - 2, 20))
            for (index, line) in lines.enumerated() {
                let label = index == 0 ? name : ""
                print(label + String(repeating: " ", count: nameWidth + 2 - label.count) + line)
            }
        }
        let folders = Set(
            profiles.map { String($0.path.prefix(upTo: $0.path.lastIndex(of: "/") ?? $0.path.startIndex)) })
        print("\nRun one with `muster run NAME`. Files: \(folders.sorted().joined(separator: ", "))")
    }
}
