/// What a run asks of a shard of its agents besides the agents themselves.
public struct AgentShardOptions: Sendable {
    /// Whether every message is held against the specification's agent side; costly.
    public var checksConformance: Bool
    /// Every how many agents one is traced; `nil`: none is.
    public var traceStride: UInt64?
    /// Finds the target that an offer of connection settings leads to.
    public var resolveOffer: OfferResolver
    /// Finds where own telemetry goes.
    public var resolveDestination: DestinationResolver
    /// The targets of cohorts that connect otherwise than the others, by the cohort's name: of the same transport and limits.
    public var cohortTargets: [String: AgentTarget] = [:]
    /// The shard's part of what the fleet's downloads share.
    public var downloads = DownloadSetup()

    public init(
        checksConformance: Bool = false, traceStride: UInt64? = nil, resolveOffer: @escaping OfferResolver,
        resolveDestination: @escaping DestinationResolver
    ) {
        self.checksConformance = checksConformance
        self.traceStride = traceStride
        self.resolveOffer = resolveOffer
        self.resolveDestination = resolveDestination
    }
}
