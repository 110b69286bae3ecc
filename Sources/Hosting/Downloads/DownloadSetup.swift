import Basis
public import Engine
public import Packages

/// The settings that all shards share for their downloads, and one shard's part of the fleet's limits.
public struct DownloadSetup: Sendable {
    /// How many files the shard's agents fetch at the same time; the others wait their turn.
    public var concurrency: Int
    /// Bytes a second that they read together; nil: as fast as they come.
    public var bandwidth: Int?
    /// Keys trusted by every cohort besides its own: the one that the embedded server signs with.
    public var madeKeys: [String: VerifyingKey]
    /// The trust in https servers; nil: the system's authorities.
    public var security: TLSClientContext?
    /// What agents show to https servers that ask for a certificate, where their OpAMP connection shows none; nil:
    /// nothing.
    public var identities: (any AgentIdentities)?
    let verdicts: VerdictCache
    let kept: KeptFiles

    /// The default limit of the whole fleet: as many connections as a file server sees from a careful rollout.
    public static let usualConcurrency = 64

    public init(
        concurrency: Int = Self.usualConcurrency, bandwidth: Int? = nil,
        madeKeys: [String: VerifyingKey] = [:], security: TLSClientContext? = nil,
        identities: (any AgentIdentities)? = nil
    ) {
        self.concurrency = max(concurrency, 1)
        self.bandwidth = bandwidth
        self.madeKeys = madeKeys
        self.security = security
        self.identities = identities
        verdicts = VerdictCache()
        kept = KeptFiles()
    }

    /// The part of shard `index` of `count`: at least one download, so that no agent waits forever.
    public func share(of index: Int, of count: Int) -> DownloadSetup {
        var part = self
        let count = max(count, 1)
        part.concurrency = max(1, concurrency / count + (index < concurrency % count ? 1 : 0))
        part.bandwidth = bandwidth.map { max(1, $0 / count) }
        return part
    }
}
