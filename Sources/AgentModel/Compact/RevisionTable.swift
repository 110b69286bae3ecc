package import OpAMP

/// The configurations that the server of a simulated fleet offers, by revision: what the agents keep of them once for
/// all of them. Revision n is offered with the hash of eight bytes that holds n.
package struct RevisionTable: Sendable {
    /// One reference, for the steps of millions of agents.
    private final class Contents: Sendable {
        let configs: [ReceivedConfig]
        let offers: [ServerToAgent]

        init(_ configs: [ReceivedConfig], _ offers: [ServerToAgent]) {
            self.configs = configs
            self.offers = offers
        }
    }

    private var contents = Contents([], [])
    /// What the server declares.
    package let capabilities: ServerCapabilities

    package init(capabilities: ServerCapabilities) {
        self.capabilities = capabilities
    }

    /// The offer of each revision, the first being revision 1.
    package var offers: [ServerToAgent] { contents.offers }

    /// At most so many revisions: a record has a byte for each.
    package static let limit = Int(UInt8.max)

    /// Adds the next revision.
    /// - Returns: Its number; nil where there is no room.
    package mutating func append(_ config: AgentConfigMap, of cohort: Cohort) -> UInt8? {
        guard contents.configs.count < Self.limit else { return nil }
        let revision = UInt8(contents.configs.count + 1)
        let offer = AgentRemoteConfig(config: config, configHash: [0, 0, 0, 0, 0, 0, 0, revision])
        contents = Contents(
            contents.configs + [ReceivedConfig(offer, cohort: cohort)],
            contents.offers + [ServerToAgent(remoteConfig: offer, capabilities: capabilities)])
        return revision
    }

    /// The configuration of a revision; nil: there is none.
    @inline(__always)
    func config(_ revision: UInt8) -> ReceivedConfig? {
        revision > 0 && Int(revision) <= contents.configs.count ? contents.configs[Int(revision) - 1] : nil
    }

    /// - Returns: 0 where it is none of them.
    @inline(__always)
    func revision(of config: ReceivedConfig) -> UInt8 {
        guard let revision = UInt8(exactly: config.number), Int(revision) <= contents.configs.count else { return 0 }
        return revision
    }

    /// Whether it is the same table.
    @inline(__always)
    func isSame(as other: RevisionTable) -> Bool { contents === other.contents }
}
