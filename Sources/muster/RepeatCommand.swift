import ArgumentParser
import Basis
import Fleet
import Foundation
import Metrics
import Report

/// `muster repeat`: runs of two servers or builds in turn, then the comparison.
struct RepeatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repeat", abstract: "Run a profile against two servers or builds in turn, and compare them.",
        discussion: """
            Runs AB BA AB …, so that a machine that changes does not look like a difference. A side is the URL of a \
            server, or a command that starts one, which listens at --server. A command that is run again with the \
            same --out goes on where it ended. Exit codes with --fail-if worse: those of `muster compare`.
            """)

    @OptionGroup var options: ProfileOptions

    @Option(
        name: .customLong("sides"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "The two sides: A=URL or A='COMMAND', and B=…: A='./server-1.0' B='./server-1.1'.", valueName: "side"))
    var sides: [String]

    @Option(help: "The runs of each side.")
    var runs = 5

    @Option(name: .customLong("out"), help: "The directory of the results (default: results/<profile>-repeat).")
    var out: String?

    @OptionGroup var output: ComparisonOptions

    /// One side.
    private struct Side {
        enum Server {
            case url(ServerURL)
            case command(String)
        }

        let name: String
        let server: Server
    }

    /// One run of the plan.
    private struct Planned {
        let side: Side
        let path: String
    }

    func run() async throws {
        let profile = try options.resolve()
        _ = try output.share()
        guard (1...Self.maxRuns).contains(runs) else {
            throw Failure(.badUsage, "--runs: \(runs) is not between 1 and \(Self.maxRuns)")
        }
        let both = try parsedSides(profile)
        let folder = out ?? "results/\(profile.name)-repeat"
        let plan = (1...runs).flatMap { number in
            (number.isMultiple(of: 2) ? both.reversed() : both).map {
                Planned(side: $0, path: "\(folder)/\($0.name)-\(number)")
            }
        }
        let holder = RunHolder()
        let interruptions = Interruptions { await holder.interrupt() }
        var spent: [Double] = []
        for (index, planned) in plan.enumerated() where !Self.isComplete(planned.path) {
            let left = plan[index...].count { !Self.isComplete($0.path) }
            note("run \(index + 1) of \(plan.count): \(planned.path)\(timeLeft(spent, left, profile))")
            let began = ProcessInfo.processInfo.systemUptime
            try await perform(planned, profile, holder)
            if await holder.isInterrupted {
                note("interrupted; the same command goes on with this run")
                throw ExitStatus.interrupted
            }
            spent.append(ProcessInfo.processInfo.systemUptime - began)
        }
        interruptions.stop()
        func paths(_ name: String) -> [String] { plan.filter { $0.side.name == name }.map(\.path) }
        try output.show(try output.compare(paths("A"), paths("B")))
    }

    private static let maxRuns = 1_000

    /// Progress goes to standard error: standard output has the comparison.
    private func note(_ text: String) { ErrorOutput.write(text) }

    private func timeLeft(_ spent: [Double], _ left: Int, _ profile: Profile) -> String {
        let planned = (profile.duration + profile.drain.scaled(by: 0.3)).seconds
        let each = spent.isEmpty ? planned : spent.reduce(0, +) / Double(spent.count)
        return ", about \(Figures.clock(Nanoseconds(seconds: each * Double(left)))) left"
    }

    private func parsedSides(_ profile: Profile) throws -> [Side] {
        let usage = "--sides: give A=… and B=…, each the URL of a server or a command that starts one"
        guard sides.count == 2 else { throw Failure(.badUsage, usage) }
        return try zip(sides, ["A", "B"]).map { text, name in
            guard text.hasPrefix("\(name)="), text.count > 2 else { throw Failure(.badUsage, usage) }
            let value = String(text.dropFirst(2))
            guard ["ws://", "wss://", "http://", "https://"].contains(where: value.lowercased().hasPrefix) else {
                guard case .url = profile.server else {
                    throw Failure(
                        .badUsage, "--sides: \(name) is a command, so --server has to say where its server listens")
                }
                return Side(name: name, server: .command(value))
            }
            do throws(ServerURLError) { return Side(name: name, server: .url(try ServerURL(value))) } catch {
                throw Failure(.badUsage, "--sides: \(name): \(error)")
            }
        }
    }

    /// Whether the results of a run that ended as planned are there; a run that was killed is made again.
    private static func isComplete(_ path: String) -> Bool {
        guard let text = try? Files.text("\(path)/summary.json", limit: 64 << 20),
            let summary = try? SummaryDocument(json: Data(text.utf8))
        else { return false }
        return summary.outcome.status != "interrupted"
    }

    private func perform(_ planned: Planned, _ profile: Profile, _ holder: RunHolder) async throws {
        let directory: ResultsDirectory
        do throws(ResultsError) { directory = try ResultsDirectory.create(at: planned.path, replacing: true) } catch {
            throw Failure(.badUsage, "\(error)")
        }
        var profile = profile
        var server: ServerProcess?
        switch planned.side.server {
        case .url(let url): profile.server = .url(url)
        case .command(let command):
            // A server of a run that was killed would be measured in place of the one to come.
            if case .url(let url) = profile.server, ListeningCheck.accepts(host: url.host, port: url.port) {
                throw Failure(
                    .runFailed,
                    "something listens at --server already; end it, each side's server is started by its command")
            }
            server = try ServerProcess(command: command, log: "\(planned.path)/server.log")
            guard await isListening(profile, server) else {
                await server?.stop()
                throw Failure(
                    .runFailed,
                    "the server of side \(planned.side.name) did not listen at --server within "
                        + "\(Self.startSeconds) s; its output is in \(planned.path)/server.log")
            }
        }
        let made = await QuietRun.perform(profile, name: directory.run, holder)
        await server?.stop()
        switch made {
        case .refused(let error):
            directory.abandon()
            throw Failure(error.isUsage ? .badUsage : .runFailed, "\(error)")
        case .ran(let record):
            do throws(ResultsErrors) { try directory.write(record) } catch {
                throw Failure(.runFailed, "\(error)")
            }
        }
    }

    /// Waits until the server accepts connections.
    private func isListening(_ profile: Profile, _ server: ServerProcess?) async -> Bool {
        guard case .url(let url) = profile.server else { return false }
        for _ in 0..<Self.startSeconds * 10 {
            if server?.isOver == true { return false }
            if ListeningCheck.accepts(host: url.host, port: url.port) { return true }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    private static let startSeconds = 30
}
