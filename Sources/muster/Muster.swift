import ArgumentParser
import Engine
import Foundation

/// The command line.
@main
struct Muster: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster",
        abstract: "A load tester for OpAMP servers: drives a fleet of simulated agents against a server.",
        discussion: """
            Exit codes: 0 success; 1 the run failed (server not reachable, agents without a response, results or \
            output not written); 2 invalid usage or profile, or a fleet too large for this machine; 3 a threshold \
            failed; 4 a threshold is not decided (--allow-undecided: 0); 130 interrupted (the results are written).
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, RehearseCommand.self, MergeCommand.self, RepeatCommand.self, CompareCommand.self,
            FindLimitCommand.self, TraceCommand.self, ReplayCommand.self, ServeCommand.self, ObserveCommand.self,
            CheckCommand.self, ProfilesCommand.self,
            InitCommand.self,
            SchemaCommand.self, SignCommand.self, ManCommand.self,
        ],
        defaultSubcommand: nil)

    static func main() async {
        CommandLineSecrets.hide()
        Output.prepare()
        ProcessHeap.giveBackLargeBlocks()
        do {
            var command = try parseAsRoot(UIPlace.separated(CommandLine.arguments.dropFirst()))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            end(.fine)
        } catch let failure as Failure {
            end(failure.code, failure.message)
        } catch let code as ExitStatus {
            end(code)
        } catch {
            let text = fullMessage(for: error)
            guard exitCode(for: error) == .success else {
                ErrorOutput.write(text)
                end(.badUsage)
            }
            print(text)
            end(.fine)
        }
    }

    /// Ends the process: a message of its own, what could not be shown, and the exit code, which is 1 instead of 0
    /// where output was lost.
    private static func end(_ status: ExitStatus, _ message: String? = nil) -> Never {
        if let message { ErrorOutput.write("muster: \(message)") }
        let problem = Output.standard.problem
        if let problem { ErrorOutput.write("muster: \(problem)") }
        Foundation.exit(problem != nil && status == .fine ? ExitStatus.runFailed.rawValue : status.rawValue)
    }
}

/// The exit code of the process, for scripts.
enum ExitStatus: Int32, Error {
    case fine = 0
    case runFailed = 1
    case badUsage = 2
    case thresholdFailed = 3
    /// Of the thresholds none has failed, and at least one could not be decided.
    case thresholdNotDecided = 4
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
