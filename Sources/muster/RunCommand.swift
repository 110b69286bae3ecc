import ArgumentParser
import Basis
import Fleet
import Foundation
import Hosting
import Metrics
import Report

/// `muster run`: one run of a profile.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a fleet against a server and report the observed latency.")

    @OptionGroup var options: ProfileOptions

    @Option(name: .customLong("out"), help: "The directory for the results (default: results/<time>-<profile>).")
    var out: String?

    @Flag(help: "Replace the results of another run in the directory of --out.")
    var force = false

    @Flag(help: "Print plain lines instead of the live display, also on a terminal.")
    var plain = false

    @Option(
        help: "text, or json: a JSON object a line, for log collectors: progress every 10 s, messages, the end.")
    var logFormat = LogFormat.text

    @Flag(help: "Print only the closing table.")
    var quiet = false

    @Flag(help: "Check every message of the agents against the specification; costs several times the CPU and memory.")
    var checkConformance = false

    @Option(
        help:
            "Serve metrics to Prometheus during the run: a port, or an IP address and a port, 127.0.0.1:9464."
    )
    var metrics: String?

    @Option(
        defaultAsFlag: UIPlace.usual,
        help: ArgumentHelp(
            "Serve a live page of the run for browsers, with controls: at this port, or IP address and port.",
            valueName: ":port"))
    var ui: UIPlace?

    @Flag(help: "Print a JSON object a second to standard output: the figures of the run while it goes on.")
    var json = false

    @Flag(help: "A threshold that cannot be decided does not keep the run from passing.")
    var allowUndecided = false

    @Option(
        name: .customLong("junit"),
        help: ArgumentHelp(
            "Also write the thresholds as JUnit XML to this file; with thresholds the results have a junit.xml.",
            valueName: "file"))
    var junit: String?

    @Option(help: "Write every state transition of about this many agents to transitions.csv.")
    var traceAgents = 0

    @Flag(help: "Keep every change of state of every agent in journal.csv.zst, for `muster trace`.")
    var journal = false

    @OptionGroup(title: "The server beside the run") var server: ServerWatchOptions

    @OptionGroup(title: "OpenTelemetry") var otlp: OTLPOptions

    @OptionGroup(title: "Shards") var shard: RunPartOptions

    @Flag(help: "Continue if the server cannot be reached; without this flag the run ends after 5 seconds.")
    var wait = false

    @Flag(
        inversion: .prefixedNo,
        help:
            "Ask a server that is not embedded for its counts (GET /muster/counts), and compare them with the fleet's.")
    var serverCounts = true

    func run() async throws {
        guard (0...FleetRunOptions.maxTracedAgents).contains(traceAgents) else {
            throw Failure(
                .badUsage, "--trace-agents: \(traceAgents) is not between 0 and \(FleetRunOptions.maxTracedAgents).")
        }
        var profile = try options.resolve()
        try shard.check(profile)
        let claim = ClaimedSeed(&profile, isGiven: options.seed != nil, part: shard.part)
        let started = Date()
        let page = try metrics.map { try MetricsPage(at: $0) }
        try UIPlace.checkArguments(CommandLine.arguments)
        let runPage = try ui.map { try RunPage(at: $0, title: profile.name) }
        let directory = try createDirectory(for: profile, started)
        let stage = RunStage(directory)
        let interruptions = Interruptions { await stage.interrupt() }
        let run: FleetRun
        let kept: Journal?
        do {
            kept = journal ? try openJournal(in: directory) : nil
            run = try await prepare(profile, kept)
        } catch {
            directory.abandon()
            throw error
        }
        let display = LiveDisplay(plan: plan(of: run, profile), mode: displayMode)
        await stage.began(run, display)
        let pages = [page.map { "metrics: \($0.url)" }, runPage.map { "live page: \($0.url)" }]
        tellBeginning(of: run, profile, directory, pages.compactMap { $0 }, display)
        let warnings = claim.warnings + self.warnings(on: profile)
        for warning in warnings + profile.skippedEvents {
            display.note("WARNING: \(warning.message); \(warning.remedy)")
        }

        let identity = RunIdentity(
            run: directory.run, profile: profile.name, server: run.endpoint, seed: profile.seed,
            agents: profile.agents, shards: run.shards, startedAt: started.timeIntervalSince1970, tool: Version.text,
            machine: Machine.description, isEmbedded: run.isEmbedded)
        let export = try await openExport(identity, directory)
        let checkpoints = CheckpointWriting(directory, warnings: warnings) { display.note($0) }
        var record = await run.perform(
            as: identity, tell: { display.note($0) }, checkpoint: checkpoints.write, control: runPage?.control
        ) { snapshot in
            display.show(snapshot)
            page?.show(snapshot)
            export?.show(snapshot)
        }
        record.summary.warnings += warnings
        record.summary.allowsUndecided = allowUndecided
        if let export { display.note(await export.finish()) }
        if let kept { display.note(Self.text(of: kept.finish())) }
        await page?.stop()
        await runPage?.stop()
        display.finish()
        var problem: ResultsErrors?
        do throws(ResultsErrors) { try directory.write(record) } catch { problem = error }
        if logFormat == .json || json {
            print(ProgressDocument(finished: record.summary, results: directory.path, at: Date()).line)
        } else {
            printTable(record)
            if checkConformance { await printViolations(of: run, record.summary) }
            print("results: \(directory.path)")
        }
        if let junit { try RunEnd.writeJUnit(record.summary, to: junit) }
        interruptions.stop()
        withExtendedLifetime((directory, claim)) {}
        if let problem { throw Failure(.runFailed, "\(problem)") }
        try RunEnd.check(record.summary, allowUndecided: allowUndecided)
    }

    private func tellBeginning(
        of run: FleetRun, _ profile: Profile, _ directory: ResultsDirectory, _ pages: [String],
        _ display: LiveDisplay
    ) {
        let server = "\(run.endpoint)\(run.isEmbedded ? " (embedded server)" : "")"
        display.note("\(profile.name): \(profile.agents) agents against \(server), results in \(directory.path)")
        for note in shard.notes + pages { display.note(note) }
        if shard.part == nil, let note = run.countsNote { display.note(note) }
    }

    private func openExport(_ identity: RunIdentity, _ directory: ResultsDirectory) async throws -> OTLPExport? {
        do {
            return try await otlp.export(identity)
        } catch {
            directory.abandon()
            throw error
        }
    }

    private func openJournal(in directory: ResultsDirectory) throws -> Journal {
        do throws(FileError) {
            return try Journal(path: "\(directory.path)/\(ResultsDirectory.journalName)")
        } catch { throw Failure(.badUsage, "--journal: \(error)") }
    }

    private static func text(of end: Journal.End) -> String {
        "journal: \(Figures.count(end.changes)) changes of state, \(Figures.bytes(Double(end.bytes)))"
            + (end.dropped > 0 ? "; \(Figures.count(end.dropped)) not kept: it is full, or the disk too slow" : "")
            + (end.problem.map { "; \($0)" } ?? "")
    }

    enum LogFormat: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    private var displayMode: LiveDisplay.Mode {
        quiet ? .silent : json ? .jsonEachSecond : logFormat == .json ? .json : plain ? .plain : .automatic
    }

    private func warnings(on profile: Profile) -> [RunWarning] {
        guard profile.tls?.skipsVerification == true else { return [] }
        return [
            RunWarning(
                rule: "unverified-server",
                message:
                    "the certificate of the server is not verified (insecure_skip_verify), so it may be any server",
                remedy: "name its authority with --tls-ca")
        ]
    }

    private func createDirectory(for profile: Profile, _ started: Date) throws -> ResultsDirectory {
        do throws(ResultsError) {
            if let out {
                return try ResultsDirectory.create(at: out, replacing: force)
            }
            return try ResultsDirectory.create(in: "results", run: "\(started.fileStamp)-\(profile.name)")
        } catch {
            throw Failure(.badUsage, "\(error)")
        }
    }

    private func printTable(_ record: RunRecord) {
        print(
            ClosingTable.lines(
                for: record.summary, width: Terminal.width, style: Terminal.style,
                advice: RunAdvice.sentences(record)
            ).joined(separator: "\n"))
    }

    private func printViolations(of run: FleetRun, _ summary: RunSummary) async {
        let total = summary.named["conformance_violations"]
        print(
            "conformance: \(total == 0 ? "no violation" : total == 1 ? "1 violation" : "\(total) violations")")
        for violation in await run.violations.prefix(RunCommand.violationsShown) {
            print("  \(violation)")
        }
    }

    /// More examples than this would push the table off the screen.
    private static let violationsShown = 10

    private func plan(of run: FleetRun, _ profile: Profile) -> RunPlan {
        RunPlan(
            title: "\(profile.name) · \(run.endpoint)\(run.isEmbedded ? " (embedded server)" : "")",
            agents: profile.agents,
            phases: run.phases.map { RunPlan.Phase($0.name, $0.length) })
    }

    /// Where the server's name cannot be resolved and the run is to wait for it, it is looked up until it can.
    private func prepare(_ profile: Profile, _ journal: Journal?) async throws -> FleetRun {
        var options = FleetRunOptions(
            checksConformance: checkConformance, tracedAgents: traceAgents, waitsForServer: wait,
            asksServerForCounts: serverCounts && shard.part == nil, part: shard.part,
            startsAt: shard.startAt?.seconds)
        options.serverPID = server.pid
        options.scrape = try server.request()
        options.journal = journal
        var hasTold = false
        while true {
            do throws(RunError) {
                return try await FleetRun(profile, options: options)
            } catch {
                guard wait, case .unknownHost = error else {
                    throw Failure(error.isUsage ? .badUsage : .runFailed, error.description)
                }
                if !hasTold { Output.standard.show("\(error); waiting (--wait)\n") }
                hasTold = true
            }
            try await Task.sleep(for: .seconds(1))
        }
    }
}

/// The progress of a run, for the message when it is interrupted.
private actor RunStage {
    private enum Stage {
        case preparing(ResultsDirectory)
        case running(FleetRun, LiveDisplay)
    }

    private var stage: Stage

    init(_ directory: ResultsDirectory) {
        stage = .preparing(directory)
    }

    func began(_ run: FleetRun, _ display: LiveDisplay) {
        stage = .running(run, display)
    }

    func interrupt() async {
        switch stage {
        case .preparing(let directory):
            directory.abandon()
            Foundation._exit(ExitStatus.interrupted.rawValue)
        case .running(let run, let display):
            display.note("interrupted: the agents disconnect, then the results are written; again to end at once")
            await run.interrupt()
        }
    }
}

extension Date {
    /// The moment as part of a file name, in UTC: 2026-11-24T015800Z.
    fileprivate var fileStamp: String {
        ISO8601Format(.iso8601(timeZone: .gmt, dateSeparator: .dash, timeSeparator: .omitted))
    }
}
