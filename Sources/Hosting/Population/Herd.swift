public import AgentModel
public import Basis
import Engine

/// Some agents of a fleet, chosen at the agents' side: by a part of a draw, a zone, attributes.
public struct Herd: Hashable, Sendable {
    /// The agents whose drawn number, evenly in 0 ..< 1, is in this range.
    public var part: Range<Double>
    public var zone: String?
    /// Attributes of descriptions with exactly these texts.
    public var attributes: [(key: String, text: String)] {
        get { zip(keys, texts).map { ($0, $1) } }
        set { (keys, texts) = (newValue.map(\.key), newValue.map(\.text)) }
    }
    /// The draws of each seed are independent.
    public var seed: UInt64
    private var keys: [String] = []
    private var texts: [String] = []

    public init(
        part: Range<Double> = 0..<1, zone: String? = nil, attributes: [(key: String, text: String)] = [], seed: UInt64
    ) {
        self.part = part
        self.zone = zone
        self.seed = seed
        self.attributes = attributes
    }

    /// Whether the agent is one of them.
    public func contains(_ agent: Agent) -> Bool {
        if part.lowerBound > 0 || part.upperBound < 1 {
            var random = SeededRandom(seed: seed, stream: agent.index)
            guard part.contains(random.unit()) else { return false }
        }
        if let zone, agent.zone != zone { return false }
        return attributes.allSatisfy { agent.reports($0.key, $0.text) }
    }
}

/// What some agents do at one moment.
public enum HerdAction: Hashable, Sendable {
    case leave(LeavePlan)
    /// An operator restarts them.
    case restart
    case report(StatusPart)
    /// They are cut off from their server.
    case partition(PartitionPlan)
}

/// How agents are cut off: nothing passes in either direction, and no connection ends.
public struct PartitionPlan: Hashable, Sendable {
    public var length: Nanoseconds
    /// After which time an agent notices by itself that nothing is received, and gives its connection up; nil: it does
    /// not, so that its connection goes on afterwards.
    public var notice: Distribution?

    public init(length: Nanoseconds, notice: Distribution? = nil) {
        self.length = length
        self.notice = notice
    }
}

extension ShardPopulation {
    /// Has the agents of the herd do something.
    func perform(_ action: HerdAction, by herd: Herd) {
        for link in links where mayLeave(link) && herd.contains(link.agent) {
            switch action {
            case .leave(let plan): leave(link, by: plan)
            case .restart: link.restartProcess()
            case .report(let part): link.reportStatus(part)
            case .partition(let plan): partition(link, plan)
            }
            shard.fireTimersBetweenSlices()
        }
    }
}
