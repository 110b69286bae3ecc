import ArgumentParser
import Basis
import Foundation
import Hosting
import Metrics
import Report
import Transport

/// `muster trace`: what became of one agent in a run that kept a journal.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Print every change of state of one agent of a run.",
        discussion:
            "The run has to have been made with --journal, or with --trace-agents for the agents that it traced.")

    @Argument(help: ArgumentHelp("The directory of the results.", valueName: "run"))
    var directory: String

    @Option(help: ArgumentHelp("The number of the agent, from 0.", valueName: "number"))
    var agent: UInt64

    @Flag(help: "Print comma-separated values.")
    var csv = false

    func run() throws {
        var steps = try Self.steps(of: agent, inRun: directory)
        guard !steps.isEmpty else {
            throw Failure(
                .badUsage, "\(directory) has no change of state of agent \(agent); agents are numbered from 0")
        }
        // Blocks are written as they fill up.
        steps.sort { $0.at < $1.at }
        if csv {
            return print(TraceTable.text(of: steps), terminator: "")
        }
        var table = TextTable(header: ["at", "from", "to", "cause", "was so for"])
        for step in steps {
            table.append([
                Figures.decimals(step.at.seconds, 6) + " s", step.transition.from, step.transition.to,
                step.transition.cause, Figures.duration(step.spent),
            ])
        }
        for line in table.plainLines(leftColumns: [1, 2, 3]) { print(line) }
    }

    private static func steps(of agent: UInt64, inRun run: String) throws -> [TracedTransition] {
        let journal = "\(run)/\(ResultsDirectory.journalName)"
        let bytes: [UInt8]
        do throws(FileError) {
            guard Files.exists(journal) else {
                return steps(of: agent, in: try Files.text("\(run)/transitions.csv", limit: Journal.maxBytes))
            }
            bytes = try Files.read(journal, limit: Journal.maxBytes + Journal.maxFrame)
        } catch {
            throw Failure(.badUsage, "\(error); make the run with --journal, or with --trace-agents")
        }
        var found: [TracedTransition] = []
        do throws(ContentCodingError) {
            try ZstdFrames.read(bytes, limit: Journal.maxFrame) { frame in
                found += steps(of: agent, in: String(decoding: frame, as: UTF8.self))
            }
        } catch { throw Failure(.badUsage, "\(journal) is damaged: \(error)") }
        return found
    }

    private static func steps(of agent: UInt64, in text: String) -> [TracedTransition] {
        let prefix = "\(agent),"
        return text.split(separator: "\n").filter { $0.hasPrefix(prefix) }.compactMap { TracedTransition(line: $0) }
    }
}

/// `muster replay`: the same run again.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Run what a former run ran: the same agents, arrivals and events.",
        usage: "muster replay <run> [<options of run>]",
        discussion: """
            The schedule follows from the resolved profile and its seed, which results have. Credentials are in \
            no results: give them again. Every option of `muster run` may follow.
            """)

    @Argument(help: ArgumentHelp("The directory of the results.", valueName: "run"))
    var directory: String

    @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("Options of `muster run`.", valueName: "options"))
    var options: [String] = []

    func run() async throws {
        let former: StoredRun
        do throws(StoredRunError) { former = try StoredRun(path: directory) } catch {
            throw Failure(.badUsage, "\(error)")
        }
        var arguments = ["\(directory)/profile.yaml", "--seed", "\(former.summary.run.seed)"]
        if let shard = former.summary.run.shard { arguments += ["--shard", "\(shard.index)/\(shard.of)"] }
        let command = try RunCommand.parse(arguments + options)
        try await command.run()
    }
}
