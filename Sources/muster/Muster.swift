import ArgumentParser
import Engine
import Foundation

/// The command line.
@main
struct Muster: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster",
        abstract: "Drives a fleet of simulated OpAMP agents against a server, and measures it honestly.",
        discussion: """
            Exit codes: 0 fine; 1 the run failed (no connection, agents without an answer, results not written); \
            2 bad usage or profile, or a fleet too large for this machine; 130 interrupted (the results are written all the same).
            """,
        version: Version.text,
        subcommands: [RunCommand.self, ServeCommand.self, CheckCommand.self, SignCommand.self],
        defaultSubcommand: nil)

    static func main() async {
        ProcessHeap.giveBackLargeBlocks()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            FileHandle.standardError.write(Data("muster: \(failure.message)\n".utf8))
            Foundation.exit(failure.code.rawValue)
        } catch let code as ExitStatus {
            Foundation.exit(code.rawValue)
        } catch {
            let text = fullMessage(for: error)
            let isAsked = exitCode(for: error) == .success
            let stream = isAsked ? FileHandle.standardOutput : FileHandle.standardError
            stream.write(Data((text + "\n").utf8))
            Foundation.exit(isAsked ? 0 : ExitStatus.badUsage.rawValue)
        }
    }
}

/// What the process leaves behind, for scripts.
enum ExitStatus: Int32, Error {
    case fine = 0
    case runFailed = 1
    case badUsage = 2
    /// 128 and the number of SIGINT, as shells have it.
    case interrupted = 130
}

/// An end with a message to the user.
struct Failure: Error {
    let code: ExitStatus
    let message: String

    init(_ code: ExitStatus, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// The release that this is.
enum Version {
    static let number = "0.1.0"
    static let text = "muster \(number)"
}
