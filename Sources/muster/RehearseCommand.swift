import ArgumentParser
import Basis
import Dispatch
import Foundation
import Report
import Rollout
import Schema
import Simulation

/// `muster rehearse`: a rollout in virtual time, by its plan.
struct RehearseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse", abstract: "Rehearse a rollout in virtual time: does it finish, when, what breaks.",
        discussion: """
            The plan's controller and a simulated fleet run in virtual time; one seed decides everything. Exit codes: \
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

    func run() throws {
        let plan = try readPlan()
        let seed = seed ?? plan.seed
        var rehearsal = Rehearsal(plan, seed: seed)
        guard let form = World.Heartbeats(rawValue: heartbeats) else {
            throw Failure(.badUsage, "--heartbeats: '\(heartbeats)' is neither derived nor each.")
        }
        rehearsal.world.heartbeats = form
        rehearsal.partitions = threads ?? Self.usualThreads(plan)
        if let traceAgent { rehearsal.traced = [traceAgent] }
        let result = rehearsal.run(concurrently: Self.concurrently)
        let summary = RehearsalSummary(plan, seed: seed, result)
        if json {
            print(try RehearsalDocument(summary).json())
        } else {
            print(RehearsalText.lines(summary).joined(separator: "\n"))
            if decisions { print("\ndecisions\n" + RehearsalText.decisions(summary).joined(separator: "\n")) }
            if let traceAgent {
                print("\nagent \(traceAgent)\n" + RehearsalText.story(result.trace, summary).joined(separator: "\n"))
            }
        }
        if !summary.isAsExpected { throw ExitStatus.runFailed }
    }

    private func readPlan() throws -> RolloutPlan {
        var overrides: [Override] = []
        let bytes: [UInt8]
        do throws(FileError) { bytes = try Files.read(path, limit: Self.maxPlanBytes) } catch {
            throw Failure(.badUsage, "\(error)")
        }
        do throws(Problem) {
            if let agents { overrides.append(try .setting("world.agents=\(agents)", option: "--agents")) }
            for setting in settings { overrides.append(try .setting(setting, option: "--set")) }
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
