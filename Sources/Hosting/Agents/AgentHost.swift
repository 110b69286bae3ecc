import AgentModel
import Basis
import Engine
import Metrics
import OpAMP

/// What all agents of one shard share: the metrics, the target, and the buffers through which every message passes.
///
/// Confined to its shard. The buffers keep their capacity, so that a message in steady state allocates nothing.
final class AgentHost {
    let shard: Shard
    let metrics: ShardMetrics
    let target: AgentTarget

    /// Where an offer of connection settings leads: the target to use, or `nil` where its host has no address.
    let resolveOffer: OfferResolver
    /// Where the agents' own telemetry goes, once a server has offered a destination.
    var exporter: ((TelemetrySignal, TelemetryConnectionSettings, InstanceUID) -> Void)?

    /// True while the run itself breaks a connection: what is lost by that is nobody's error.
    var isCutting = false
    /// What the mind that was called last asks for; emptied before the next call of any mind.
    var effects = Effects()
    /// Frames on their way to the kernel; empty between events.
    var output: [UInt8] = []
    /// Where a frame that came in pieces or masked is put together.
    var scratch: [UInt8] = []
    /// Masking keys and handshake nonces (RFC 6455 asks for unpredictable ones against attacks on proxies by scripts in
    /// browsers; a load generator's payloads are its own).
    private var random: SeededRandom
    private let unixOrigin: UInt64

    /// All agents of the shard that have started, in the order of their arrival.
    private(set) var links: [AgentLink] = []

    init(
        shard: Shard, metrics: ShardMetrics, target: AgentTarget, seed: UInt64, unixOrigin: UInt64,
        resolveOffer: @escaping OfferResolver
    ) {
        self.resolveOffer = resolveOffer
        self.shard = shard
        self.metrics = metrics
        self.target = target
        random = SeededRandom(seed: seed)
        self.unixOrigin = unixOrigin
        output.reserveCapacity(1 << 16)
    }

    /// Takes note of how many agents the shard is going to have.
    func planned(_ agents: Int) {
        links.reserveCapacity(agents)
        metrics.agentsMoved(agents, from: nil, to: .planned)
    }

    /// Makes agent `index` and starts its life now.
    func start(index: UInt64, cohort: Cohort) {
        let link = AgentLink(agent: Agent(index: index, cohort: cohort), host: self)
        links.append(link)
        metrics.count(.agentsStarted)
        link.start()
    }

    /// Counts the agents that had no answer in all their life: the run's failures.
    func settle() {
        metrics.count(.agentsFailed, links.count { !$0.hasBeenAnswered })
    }

    /// A masking key for one frame.
    func maskingKey() -> UInt32 {
        UInt32(truncatingIfNeeded: random.next())
    }

    /// The time of day, for the dates that HTTP speaks of.
    var unixSeconds: Int64 {
        Int64(clamping: (unixOrigin &+ shard.now.nanoseconds) / 1_000_000_000)
    }

    func handshakeNonce() -> (UInt64, UInt64) {
        (random.next(), random.next())
    }
}
