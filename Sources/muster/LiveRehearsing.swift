import ArgumentParser
import Basis
import Fleet
import Foundation
import Report
import Rollout
import Simulation

/// The options of a rehearsal on real sockets.
struct LiveRehearsalOptions: ParsableArguments {
    @Flag(help: "Rehearse on real sockets with the embedded server, and in virtual time beside it.")
    var live = false

    @Option(help: "Divide the plan's times by this, so that a rehearsal on real sockets takes less time.")
    var speed = 1.0

    @Option(
        help: ArgumentHelp(
            "How agents connect in a rehearsal on real sockets: a profile, by its path or the name of a bundled one.",
            valueName: "profile"))
    var profile: String?

    /// Refuses what the options cannot mean together.
    func check() throws {
        guard speed.isFinite, (0.01...10_000).contains(speed) else {
            throw Failure(.badUsage, "--speed: \(speed) is not between 0.01 and 10000.")
        }
        if !live, speed != 1 || profile != nil {
            throw Failure(.badUsage, "--speed and --profile need --live: virtual time is as fast as the machine.")
        }
    }

    /// Runs the plan on real sockets.
    func run(_ plan: RolloutPlan, seed: UInt64) async throws -> LiveRehearsalResult {
        do throws(LiveRehearsalError) {
            let rehearsal = try LiveRehearsal(plan, seed: seed, speed: speed, profile: try readProfile())
            return try await rehearsal.run { FileHandle.standardError.write(Data("\($0)\n".utf8)) }
        } catch {
            throw Failure(error.isUsage ? .badUsage : .runFailed, error.description)
        }
    }

    private func readProfile() throws(LiveRehearsalError) -> Profile? {
        guard let profile else { return nil }
        do {
            return try ProfileReader().read(path: try BundledProfiles.path(of: profile), overrides: [])
        } catch {
            throw LiveRehearsalError.profile("\(error)")
        }
    }
}
