import ArgumentParser
import Basis
import Dispatch
import Fleet
import Foundation
import Report
import Rollout
import Schema
import Simulation

/// `muster rehearse`: a rollout in virtual time or on real sockets, by its plan.
struct RehearseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse", abstract: "Rehearse a rollout: does it finish, when, what breaks.",
        discussion: """
            The plan's controller and a simulated fleet run in virtual time; one seed decides everything. With --live \
            the same controller and agents run on real sockets, and their decisions are compared. Exit codes: \
            0 the outcome is as the plan expects; 1 it is not; 2 invalid usage or plan.
            """)

    @Argument(help: ArgumentHelp("The path of a plan in YAML; see profiles/rollouts.", valueName: "plan"))
    var path: String

    @Option(help: "The seed of all randomness (default: the plan's).")
    var seed: UInt64?

    @Option(help: "The number of agents (default: the plan's).")
    var agents: Int?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Any other key with its value in YAML: canary.soak=5m. Repeatable.", valueName: "key=value"))
    var settings: [String] = []

    @Flag(help: "Print JSON instead.")
    var json = false

    @Flag(help: "Print the decisions with their times, too.")
    var decisions = false

    @Option(help: "How heartbeats are simulated: derived, or each as an event of its own (slow; the same outcome).")
    var heartbeats = "derived"

    @Option(help: "The number of threads (default: one per core).")
    var threads: Int?

    @Option(help: ArgumentHelp("Print what happens to this agent.", valueName: "agent"))
    var traceAgent: UInt32?

    @Option(help: "Write the rehearsal, or the sweep, as a page (HTML) to this file, which must not exist.")
    var html: String?

    @Option(
        help: ArgumentHelp(
            "Rehearse with several values of a key: 'canary.size=1%..50%', or a list, 'order=random,risk'.",
            valueName: "key=values"))
    var sweep: String?

    @Option(help: "The number of seeds of a sweep, from the plan's or --seed on.")
    var seeds = 20

    @Flag(help: "Where the outcome is not as expected: find few agents and faults that fail alike, and print the plan.")
    var shrink = false

    @OptionGroup(title: "Real sockets") var realSockets: LiveRehearsalOptions

    func run() async throws {
        let plan = try readPlan()
        let seed = seed ?? plan.seed
        try realSockets.check()
        if realSockets.live, sweep != nil || shrink || traceAgent != nil {
            throw Failure(.badUsage, "--live: --sweep, --shrink and --trace-agent need virtual time.")
        }
        if let sweep { return try run(sweep, seed) }
        var rehearsal = Rehearsal(plan, seed: seed)
        guard let form = World.Heartbeats(rawValue: heartbeats) else {
            throw Failure(.badUsage, "--heartbeats: '\(heartbeats)' is neither derived nor each.")
        }
        rehearsal.world.heartbeats = form
        rehearsal.partitions = threads ?? Self.usualThreads(plan)
        if let traceAgent { rehearsal.traced = [traceAgent] }
        let result = rehearsal.run(concurrently: Self.concurrently)
        let virtual = RehearsalSummary(plan, seed: seed, result)
        guard !realSockets.live else { return try await runLive(plan, seed, beside: virtual) }
        let summary = virtual
        if json {
            print(try RehearsalDocument(summary).json())
        } else {
            print(RehearsalText.lines(summary).joined(separator: "\n"))
            if decisions { print("\ndecisions\n" + RehearsalText.decisions(summary).joined(separator: "\n")) }
            if let traceAgent {
                print("\nagent \(traceAgent)\n" + RehearsalText.story(result.trace, summary).joined(separator: "\n"))
            }
        }
        if let html {
            let words = ["muster", "rehearse", path, "--seed", "\(seed)"]
            try NewFile.write(RehearsalPage.html(summary, command: words.joined(separator: " ")), to: html, mode: 0o644)
        }
        if shrink, let failure = summary.failure { try printReduced(plan, seed, failure) }
        if !summary.isAsExpected { throw ExitStatus.runFailed }
    }

    // MARK: - Real sockets

    private func runLive(_ plan: RolloutPlan, _ seed: UInt64, beside virtual: RehearsalSummary) async throws {
        let result = try await realSockets.run(plan, seed: seed)
        let (summary, judgement) = (result.summary, result.judgement)
        // The engine of a server decides by its own rules: the plan's controller has decided nothing.
        let isEngine = plan.driver?.start != nil
        let twin = isEngine ? nil : TwinComparison(live: summary, virtual: virtual)
        if json {
            print(try RehearsalDocument(summary, twin: twin, server: judgement).json())
        } else {
            var parts = isEngine ? [] : [RehearsalText.lines(summary)]
            if let judgement {
                if isEngine { parts.append([JudgementText.verdict(judgement, plan)]) }
                parts.append(JudgementText.lines(judgement))
            }
            if let twin { parts.append(LiveText.lines(twin)) }
            if decisions { parts.append(["decisions"] + RehearsalText.decisions(summary)) }
            print(parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n"))
        }
        if let html {
            let words = ["muster", "rehearse", path, "--seed", "\(seed)", "--live", "--speed", "\(realSockets.speed)"]
            let page = RehearsalPage.html(summary, command: words.joined(separator: " "), twin: twin, server: judgement)
            try NewFile.write(page, to: html, mode: 0o644)
        }
        let differences = isEngine ? judgement?.differences(from: plan) ?? [] : summary.differences
        if isEngine, !json { for difference in differences { print("  not as expected: \(difference)") } }
        if !differences.isEmpty { throw ExitStatus.runFailed }
    }

    // MARK: - Reducing a failure

    private func printReduced(_ plan: RolloutPlan, _ seed: UInt64, _ failure: String) throws {
        guard let reduced = Shrinker().shrink(plan, seed: seed) else {
            throw Failure(.runFailed, "the failure (\(failure)) does not occur with the faults of single agents.")
        }
        let outcome = reduced.outcome
        let isSame = reduced.again == failure
        print(
            """

            # reduced: \(outcome.agentsBefore) agents and \(outcome.faultsBefore) faults to \(outcome.agents.count) \
            and \(outcome.faults.count) in \(outcome.runs) rehearsals; fails in the same way: \(outcome.failure)
            # \(isSame ? "this plan fails so when it is rehearsed" : "this plan alone fails otherwise")
            \(reduced.plan.resolvedYAML)
            """)
    }

    // MARK: - Sweeps

    private func run(_ sweep: String, _ seed: UInt64) throws {
        guard (1...100_000).contains(seeds) else {
            throw Failure(.badUsage, "--seeds: \(seeds) is not between 1 and 100000.")
        }
        let values = try SweepValues(sweep)
        var plans: [(value: String, plan: RolloutPlan)] = []
        for value in values.list { plans.append((value, try readPlan(more: ["\(values.key)=\(value)"]))) }
        let points = Sweep(plans, seeds: seed..<seed + UInt64(seeds)).run(concurrently: Self.concurrently)
        if json {
            print(try SweepDocument(values.key, points).json())
        } else {
            print(SweepText.lines(values.key, points).joined(separator: "\n"))
        }
        guard let html else { return }
        let words = ["muster", "rehearse", path, "--sweep", sweep, "--seeds", "\(seeds)", "--seed", "\(seed)"]
        let page = SweepPage.html(
            values.key, points, plan: plans.first?.plan.name ?? path, command: words.joined(separator: " "))
        try NewFile.write(page, to: html, mode: 0o644)
    }

    private func readPlan(more: [String] = []) throws -> RolloutPlan {
        var overrides: [Override] = []
        let bytes: [UInt8]
        do throws(FileError) { bytes = try Files.read(path, limit: Self.maxPlanBytes) } catch {
            throw Failure(.badUsage, "\(error)")
        }
        do throws(Problem) {
            if let agents { overrides.append(try .setting("world.agents=\(agents)", option: "--agents")) }
            for setting in settings + more { overrides.append(try .setting(setting, option: "--set")) }
        } catch {
            throw Failure(.badUsage, "\(error)")
        }
        do throws(Problems) { return try RolloutPlan.read(bytes, source: path, overrides: overrides) } catch {
            throw Failure(.badUsage, "\(error)")
        }
    }

    /// More is no plan.
    private static let maxPlanBytes = 1 << 20

    /// All cores for a large fleet; a small one is not worth the threads.
    private static func usualThreads(_ plan: RolloutPlan) -> Int {
        plan.world.agents >= 50_000 ? ProcessInfo.processInfo.activeProcessorCount : 1
    }

    /// On the threads of the system's pool.
    static let concurrently: Rehearsal.Concurrently = { count, body in
        DispatchQueue.concurrentPerform(iterations: count) { body($0) }
    }
}
