import AgentModel
import Packages
import Synchronization

/// The verdicts on files, by content: thousands of agents that download one file need its signature and its contents
/// checked once. One for the whole process.
final class VerdictCache: Sendable {
    /// One content, offered as one package, as one kind of agent sees it.
    struct Key: Hashable, Sendable {
        var package: PackageName
        var digest: [UInt8]
        var signature: [UInt8]
        /// The rules that were applied.
        var plan: FetchPlan
        var requiresSignature: Bool
    }

    struct Verdicts: Hashable, Sendable {
        var signature: SignatureVerdict?
        var contents: ContentsVerdict
        var sandbox: SandboxVerdict
    }

    /// More different files than a rehearsal offers; what comes beyond is checked each time.
    private static let limit = 1_024
    private let known = Mutex<[Key: Verdicts]>([:])

    subscript(key: Key) -> Verdicts? {
        known.withLock { $0[key] }
    }

    func remember(_ verdicts: Verdicts, of key: Key) {
        known.withLock { known in
            if known.count < Self.limit { known[key] = verdicts }
        }
    }
}
