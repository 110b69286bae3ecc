import ArgumentParser
import Fleet
import Foundation
import Metrics
import Report

/// `muster run`: one run of a profile.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Drive a fleet against a server and report what it felt.")

    @OptionGroup var options: ProfileOptions

    @Option(name: .customLong("out"), help: "The directory for the results; results/<time>-<profile> where left out.")
    var out: String?

    @Flag(help: "Replace the results of another run in the directory of --out.")
    var force = false

    @Flag(help: "Plain lines instead of the live display, also on a terminal.")
    var plain = false

    @Flag(help: "Only the closing table.")
    var quiet = false

    @Flag(help: "Hold every message of the agents against the specification; several times the cost.")
    var checkConformance = false

    @Option(
        help:
            "Serve the figures to Prometheus while the run goes on: a port, or an IP address and a port, 127.0.0.1:9464."
    )
    var metrics: String?

    @Option(help: "Write every step in the lives of about so many agents to transitions.csv.")
    var traceAgents = 0

    func run() async throws {
        guard (0...FleetRunOptions.maxTracedAgents).contains(traceAgents) else {
            throw Failure(
                .badUsage, "--trace-agents: \(traceAgents) is not between 0 and \(FleetRunOptions.maxTracedAgents).")
        }
        let profile = try options.resolve()
        let started = Date()
        let page = try metrics.map { try MetricsPage(at: $0) }
        let directory = try createDirectory(for: profile, started)
        let run: FleetRun
        do { run = try await prepare(profile) } catch {
            directory.abandon()
            throw error
        }
        let display = LiveDisplay(plan: plan(of: run, profile), mode: quiet ? .silent : plain ? .plain : .automatic)
        let interruptions = Interruptions {
            display.note("interrupted: the fleet leaves, then the results are written; again to leave at once")
            await run.interrupt()
        }
        display.note(
            "\(profile.name): \(profile.agents) agents against \(run.endpoint), results in \(directory.path)")

        if let page { display.note("metrics: \(page.url)") }
        if profile.tls?.skipsVerification == true {
            display.note(
                "WARNING: the server's certificate is not verified (insecure_skip_verify): anybody could be it")
        }

        let identity = RunIdentity(
            run: directory.run, profile: profile.name, server: run.endpoint, seed: profile.seed,
            agents: profile.agents, shards: run.shards, startedAt: started.timeIntervalSince1970, tool: Version.text,
            machine: Machine.description)
        let record = await run.perform(as: identity) { snapshot in
            display.show(snapshot)
            page?.show(snapshot)
        }
        await page?.stop()
        display.finish()
        var problem: ResultsErrors?
        do throws(ResultsErrors) { try directory.write(record) } catch { problem = error }
        printTable(record.summary)
        if checkConformance { await printViolations(of: run, record.summary) }
        Output.standard.print("results: \(directory.path)")
        interruptions.stop()
        if let problem { throw Failure(.runFailed, "\(problem)") }
        switch record.summary.outcome {
        case .completed: return
        case .interrupted: throw ExitStatus.interrupted
        case .failed(let reason): throw Failure(.runFailed, "the run failed: \(reason)")
        }
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

    private func printTable(_ summary: RunSummary) {
        Output.standard.print(
            ClosingTable.lines(for: summary, width: Terminal.width, style: Terminal.style).joined(
                separator: "\n"))
    }

    private func printViolations(of run: FleetRun, _ summary: RunSummary) async {
        let total = summary.named["conformance_violations"]
        Output.standard.print(
            "conformance: \(total == 0 ? "no violation" : total == 1 ? "1 violation" : "\(total) violations")")
        for violation in await run.violations.prefix(RunCommand.violationsShown) {
            Output.standard.print("  \(violation)")
        }
    }

    /// More examples than this would push the table off the screen.
    private static let violationsShown = 10

    private func plan(of run: FleetRun, _ profile: Profile) -> RunPlan {
        RunPlan(
            title: "\(profile.name) · \(run.endpoint)", agents: profile.agents,
            phases: run.phases.map { RunPlan.Phase($0.name, $0.length) })
    }

    private func prepare(_ profile: Profile) async throws -> FleetRun {
        do throws(RunError) {
            return try await FleetRun(
                profile, options: FleetRunOptions(checksConformance: checkConformance, tracedAgents: traceAgents))
        } catch {
            throw Failure(error.isUsage ? .badUsage : .runFailed, error.description)
        }
    }
}

extension Date {
    /// The moment as part of a file name, in UTC: 2026-11-24T015800Z.
    fileprivate var fileStamp: String {
        ISO8601Format(.iso8601(timeZone: .gmt, dateSeparator: .dash, timeSeparator: .omitted))
    }
}
