public import Basis

/// What a watch may take, and what it is to look for.
public struct ObservingLimits: Sendable {
    /// How many agents are watched at once; the messages of further ones pass unseen.
    public var agents = 100_000
    /// How many kinds of agents are kept apart; further ones are one kind together.
    public var cohorts = 64
    /// An agent that is back within this time has reconnected; later it counts as left.
    public var returnTime = Nanoseconds.seconds(120)
    /// An agent that polls is there while it reports at least this often, or in three times its longest gap.
    public var pollingSilence = Nanoseconds.seconds(90)
    /// The largest message that is read; larger ones pass unseen.
    public var messageBytes: UInt32 = 16 << 20
    /// Connections whose messages refer to earlier ones need a decompressor each, of about 40 KiB a side; further ones
    /// pass unseen.
    public var keptDecompressors = 64
    /// The keys of the attributes whose values tell kinds of agents apart and are kept, beside `service.name` and
    /// `service.version`.
    public var attributes: [String] = []
    /// Whether every message is checked against the specification: this decodes each in full and keeps some KiB an
    /// agent.
    public var checksConformance = false

    public init() {}
}
