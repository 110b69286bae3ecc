import Fleet
import Foundation
import Metrics

/// A run without a display, as `repeat` and `find-limit` make many.
enum QuietRun {
    /// What became of the attempt to make a run.
    enum Made {
        case ran(RunRecord)
        /// The machine can't hold the fleet, or there is no server.
        case refused(RunError)
    }

    /// - Parameters:
    ///   - name: of the run in its results.
    ///   - interruption: told of the run, so that a signal can end it.
    static func perform(_ profile: Profile, name: String, waits: Bool = false, _ interruption: RunHolder) async -> Made
    {
        let started = Date()
        do throws(RunError) {
            let run = try await FleetRun(profile, options: FleetRunOptions(waitsForServer: waits))
            await interruption.hold(run)
            let identity = RunIdentity(
                run: name, profile: profile.name, server: run.endpoint, seed: profile.seed, agents: profile.agents,
                shards: run.shards, startedAt: started.timeIntervalSince1970, tool: Version.text,
                machine: Machine.description, isEmbedded: run.isEmbedded)
            let record = await run.perform(as: identity) { _ in }
            await interruption.hold(nil)
            return .ran(record)
        } catch { return .refused(error) }
    }
}

/// The run in progress, for the signal that ends it.
actor RunHolder {
    private var run: FleetRun?
    private(set) var isInterrupted = false

    func hold(_ run: FleetRun?) async {
        self.run = run
        if isInterrupted { await run?.interrupt() }
    }

    func interrupt() async {
        isInterrupted = true
        await run?.interrupt()
    }
}
