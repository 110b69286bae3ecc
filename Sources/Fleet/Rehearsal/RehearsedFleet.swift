import AgentModel
import Basis
import OpAMP
import OrderedCollections
import Rollout
import Simulation
import Synchronization

/// The fleet of a plan on real sockets: which attributes its agents report, which of them fail and how.
///
/// Called on the agents' shards; what happened is collected for the rehearsal's loop.
final class RehearsedFleet: AgentScript {
    /// What an agent did.
    struct Step: Sendable {
        enum Kind: Sendable {
            /// With an entry of the table of offers, from 1.
            case configuration(AgentScriptStep, entry: Int)
            case change(AgentScriptChange)
        }

        var agent: UInt32
        var kind: Kind
        var at: Instant
    }

    private let attributes: [[KeyValue]]
    private let fleet: RolloutFleet
    private let fates: AgentFates
    private let pace: Double
    /// Which entry of the table of offers a configuration is.
    private let entry: @Sendable (_ files: AgentConfigMap, _ hash: [UInt8]) -> Int
    private let steps = Mutex<[Step]>([])

    /// - Parameters:
    ///   - speed: times of the plan are divided by it.
    ///   - entry: which entry of the table of offers a configuration is, from 1; 1 is the former revision.
    init(
        _ fleet: RolloutFleet, _ fates: AgentFates, speed: Double,
        entry: @escaping @Sendable (_ files: AgentConfigMap, _ hash: [UInt8]) -> Int
    ) {
        self.fleet = fleet
        self.fates = fates
        self.entry = entry
        pace = 1 / speed
        attributes = fleet.columns.map { column in
            column.values.map { KeyValue(key: column.name, value: .string($0)) }
        }
    }

    func attributes(of agent: UInt64) -> [KeyValue] {
        fleet.columns.indices.compactMap { number in
            let indexes = fleet.columns[number].indexes
            guard agent < UInt64(indexes.count) else { return nil }
            let value = Int(indexes[Int(agent)])
            return attributes[number].indices.contains(value) ? attributes[number][value] : nil
        }
    }

    func conduct(of agent: UInt64, offered files: AgentConfigMap, hash: [UInt8]) -> AgentConduct {
        fates.conduct(of: UInt32(clamping: agent), offeredEntry: entry(files, hash))
    }

    func conduct(of agent: UInt64, applied files: AgentConfigMap, hash: [UInt8]) -> AgentConduct {
        var conduct = fates.conduct(of: UInt32(clamping: agent), appliedEntry: entry(files, hash))
        conduct.timeToDeath = conduct.timeToDeath?.scaled(by: pace)
        return conduct
    }

    func told(of agent: UInt64, _ step: AgentScriptStep, files: AgentConfigMap, hash: [UInt8], at now: Instant) {
        add(Step(agent: UInt32(clamping: agent), kind: .configuration(step, entry: entry(files, hash)), at: now))
    }

    func told(of agent: UInt64, _ change: AgentScriptChange, at now: Instant) {
        add(Step(agent: UInt32(clamping: agent), kind: .change(change), at: now))
    }

    private func add(_ step: Step) { steps.withLock { $0.append(step) } }

    /// What the agents did since the last call, in the order of their shards.
    func takeSteps() -> [Step] {
        steps.withLock { steps in
            defer { steps = [] }
            return steps
        }
    }
}
