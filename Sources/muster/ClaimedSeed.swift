import Basis
import Fleet
import Metrics

/// The seed of a run, so that no two runs of this user against one server have agents of the same instance UIDs.
///
/// A run without a seed of its own gets another one where the default seed is in use; a seed that was given is kept,
/// with a warning.
final class ClaimedSeed {
    private var lock: FileLock?
    private let part: RunPart?
    private(set) var warnings: [RunWarning] = []

    /// - Parameters:
    ///   - isGiven: whether the command line names the seed; a profile does where it has another one than the default.
    ///   - part: the part of the fleet that the run is; the shards of one run have one seed.
    init(_ profile: inout Profile, isGiven: Bool, part: RunPart? = nil) {
        self.part = part
        // The embedded server is the run's own.
        guard case .url(let server) = profile.server else { return }
        guard case .taken(let holder) = claim(profile.seed, at: server) else { return }
        let wanted = profile.seed
        let use = "seed \(wanted) is in use by another run against \(server) (\(holder))"
        guard !isGiven, part == nil, wanted == Profile.standard.seed else {
            warnings.append(
                RunWarning(
                    rule: "seed-in-use",
                    message:
                        """
                        \(use): agents of both runs have the same instance UIDs, and the server cannot tell \
                        them apart
                        """,
                    remedy: "give each run a --seed of its own"))
            return
        }
        for _ in 0..<Self.maxDraws {
            profile.seed = UInt64(UInt32.random(in: 2...UInt32.max))
            if case .free = claim(profile.seed, at: server) { break }
        }
        warnings.append(
            RunWarning(
                rule: "seed-in-use", message: "\(use), so this run uses seed \(profile.seed)",
                remedy: "repeat this run with --seed \(profile.seed)"))
    }

    private func claim(_ seed: UInt64, at server: ServerURL) -> SeedClaim {
        let claim = SeedClaim.claim(seed, at: server, part: part)
        if case .free(let lock) = claim { self.lock = lock }
        return claim
    }

    private static let maxDraws = 16
}
