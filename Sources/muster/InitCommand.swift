import ArgumentParser
import Basis
import Fleet
import Foundation

/// `muster init`: a profile to begin with.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a starter profile: a few keys set, all others explained in comments.")

    @Argument(help: ArgumentHelp("The file to write; it must not exist.", valueName: "file"))
    var file = "profile.yaml"

    func run() throws {
        let stem = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        let text = ProfileProducts.starter(name: stem)
        // A file's name may have characters that a run's name may not.
        let isName = (try? ProfileReader().read(text: text, source: file)) != nil
        do throws(FileError) {
            try Files.create(file, (isName ? text : ProfileProducts.starter(name: "my-run")).utf8)
        } catch {
            throw Failure(.badUsage, "\(error)")
        }
        print("Wrote \(file). Next: muster check \(file), then muster run \(file)")
    }
}
