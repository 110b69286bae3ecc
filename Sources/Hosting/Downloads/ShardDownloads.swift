import AgentModel
import Basis
import Engine
import Metrics
import Packages

/// The downloads of one shard's agents: as many at the same time as the setup allows, the others in turn. Confined to
/// its shard.
final class ShardDownloads {
    let shard: Shard
    let metrics: ShardMetrics
    let setup: DownloadSetup
    /// Local addresses to connect from, in turn; empty where the system chooses.
    let sources: [SocketAddress]
    /// The bandwidth limit of all downloads together.
    var bandwidth: BandwidthLimit
    /// Secures connections to https servers; where the run has no trust of its own, the system's, set up when it is
    /// first needed.
    private(set) lazy var tls = setup.security ?? (try? TLSClientContext())
    private var random: SeededRandom
    private var active: [UInt64: PackageFetch] = [:]
    /// Waiting downloads, from `first` on, in the order of their requests. An agent downloads one file at a time, so
    /// there are never more of them than agents.
    private var waiting: [PackageFetch?] = []
    private var first = 0
    private var keys: [[String: String]: TrustedKeys] = [:]
    private var visits = DownloadVisits()

    init(shard: Shard, metrics: ShardMetrics, setup: DownloadSetup, sources: [SocketAddress], seed: UInt64) {
        self.shard = shard
        self.metrics = metrics
        self.setup = setup
        self.sources = sources
        bandwidth = BandwidthLimit(setup.bandwidth)
        random = SeededRandom(seed: seed ^ 0x646F_776E_6C6F_6164)
    }

    /// An agent requests a file. `tell` is called from a later turn of the shard, never from here.
    /// - Parameter route: asked when an attempt begins; nil: straight to the server, under no certificate.
    func begin(
        _ request: PackageDownload, by route: DownloadRoute.Finder? = nil, tell: @escaping (DownloadUpdate) -> Void
    ) {
        metrics.count(.downloadsStarted)
        // A download that the agent has cancelled sends no more updates.
        cancel(agent: request.agent)
        let fetch = PackageFetch(request, in: self, by: route, tell: tell)
        if active.count < setup.concurrency {
            active[request.agent] = fetch
            fetch.granted(since: shard.now)
        } else {
            metrics.count(.downloadsQueued)
            waiting.append(fetch)
        }
    }

    /// Cancels the agent's download, whether it has started or waits.
    func cancel(agent: UInt64) {
        if let fetch = active.removeValue(forKey: agent) {
            fetch.abandon()
            serve()
        } else if let index = waiting[first...].firstIndex(where: { $0?.agent == agent }) {
            waiting[index]?.abandon()
            waiting[index] = nil
        }
    }

    /// A download is over: the next in turn begins.
    func left(_ fetch: PackageFetch) {
        guard active[fetch.agent] === fetch else { return }
        active[fetch.agent] = nil
        serve()
    }

    private func serve() {
        while active.count < setup.concurrency, first < waiting.count {
            if let next = waiting[first] {
                active[next.agent] = next
                next.granted(since: next.begun)
            }
            waiting[first] = nil
            first += 1
        }
        if first == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            first = 0
        }
    }

    /// The agent has had a session with the server of the file.
    func visited(_ url: FileURL, _ agent: UInt64) { visits.note(url, agent) }

    /// Whether the agent may resume one.
    func hasVisited(_ url: FileURL, _ agent: UInt64) -> Bool { visits.knows(url, agent) }

    /// The keys that agents with these trust, each parsed once.
    func trusted(_ pems: [String: String]) -> TrustedKeys {
        if let known = keys[pems] { return known }
        // The profile's keys were read before the run.
        var trusted = (try? TrustedKeys(pems: pems)) ?? TrustedKeys()
        for (signer, key) in setup.madeKeys where pems[signer] == nil { trusted.trust(key, of: signer) }
        keys[pems] = trusted
        return trusted
    }

    /// A pause before another attempt: between half of `delay` and the whole of it.
    func jittered(_ delay: Nanoseconds) -> Nanoseconds {
        delay.scaled(by: 0.5 + random.unit() / 2)
    }
}

/// A limit in bytes a second: each byte delays the moment at which the next may be read.
struct BandwidthLimit {
    private let bytesPerSecond: Double?
    private var free = Instant.zero

    /// - Parameter bytesPerSecond: nil: no limit.
    init(_ bytesPerSecond: Int?) {
        self.bytesPerSecond = bytesPerSecond.map { Double(max($0, 1)) }
    }

    /// Takes note of bytes that were read.
    /// - Returns: when the next may be.
    mutating func spend(_ bytes: Int, at now: Instant) -> Instant {
        guard let bytesPerSecond else { return now }
        free = max(free, now) + Nanoseconds(seconds: Double(bytes) / bytesPerSecond)
        return free
    }
}
