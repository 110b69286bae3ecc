internal import Basis
internal import OpAMP

/// The server's record of one agent: about 200 bytes, independent of the size of its reports.
struct AgentRecord: Sendable {
    var uid: InstanceUID
    /// The number of the last processed report.
    var sequenceNumber: UInt64 = 0
    /// As last declared; the server uses nothing that is not in here (spec: Interoperability of Partial
    /// Implementations).
    var capabilities: AgentCapabilities = []
    var lastReport = Instant.zero

    /// The connection it is bound to, `AgentTable.none` while it has none.
    var connection = AgentTable.none
    /// Neighbours in the list of agents on that connection.
    var next = AgentTable.none
    var previous = AgentTable.none
    /// The attributes by which it can be selected, in the order of `ServerPlan.labels`.
    var labels: SharedRow<String?>?
    /// The custom capabilities that it reported.
    var customCapabilities: SharedRow<String>?
    /// The number of the last notice that was sent to it, or that was not for it.
    var noticed: UInt32 = 0

    /// The state of `Registry.offersGeneration` that its offers were last brought up to.
    var settled: UInt32 = 0
    var traits: Traits = []
    /// How many requests for the full state in a row had no result.
    var fullStateAsks: UInt8 = 0
    var remoteConfig = OfferProgress()
    var packages = OfferProgress()
    var settings = OfferProgress()

    var description = Fingerprint.nothing
    var health = Fingerprint.nothing
    var effectiveConfig = Fingerprint.nothing
    var components = Fingerprint.nothing

    /// The client certificate that it asked for and got.
    var certificate: IssuedCertificate?
    /// Shared with the other shards, where there are any.
    var cell: AgentCell?

    init(uid: InstanceUID) {
        self.uid = uid
    }

    struct Traits: OptionSet, Sendable {
        var rawValue: UInt16

        /// The agent's whole state was received, as far as the server can know.
        static let stateComplete = Traits(rawValue: 1 << 0)
        /// The server has sent its capabilities on this connection.
        static let greeted = Traits(rawValue: 1 << 1)
        /// Its last report sent agent_disconnect.
        static let sentAgentDisconnect = Traits(rawValue: 1 << 2)
        /// It polls over plain HTTP.
        static let polls = Traits(rawValue: 1 << 3)
        /// At least one report was processed.
        static let received = Traits(rawValue: 1 << 4)
        /// It reported itself healthy.
        static let healthy = Traits(rawValue: 1 << 5)
        /// It reported that it paused, and not that it resumed.
        static let paused = Traits(rawValue: 1 << 7)
        /// It was moved from another shard, which counted it already.
        static let wasElsewhere = Traits(rawValue: 1 << 6)
    }
}
