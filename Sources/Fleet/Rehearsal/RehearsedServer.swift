import AgentModel
import Basis
import ControlPlane
import Engine
import Hosting
import OpAMP
import OrderedCollections
import Rollout
import Simulation
import Synchronization

/// The server of a rehearsal on real sockets: the run's own, or another one that a driver makes act.
enum RehearsedServer: Sendable {
    case embedded(OpAMPServer, ObservationInbox)
    case driven(ServerDriver, DriverPlan)

    /// The driver, where there is one.
    var driver: ServerDriver? { if case .driven(let driver, _) = self { driver } else { nil } }

    /// Prepares the offers: the former revision to all.
    /// - Parameter uids: of the agents, by number.
    func begin(_ table: OfferTable, _ uids: [InstanceUID]) {
        guard case .embedded(let server, let inbox) = self else { return }
        server.observe { inbox.add($0) }
        server.offer(table, to: uids)
    }

    /// Has the server offer an entry to agents; returns at once.
    func offer(_ batch: OfferSchedule.Batch, of table: OfferTable, to uids: [InstanceUID], pushes: Bool) {
        switch self {
        case .embedded(let server, _):
            let pairs = zip(batch.agents, uids)
            for (variant, pairs) in Dictionary(grouping: pairs, by: { table.variant(of: $0.0) }) {
                server.offer(batch.entry, of: table, to: pairs.map(\.1), variant: variant, pushes: pushes)
            }
        case .driven(let driver, let plan):
            guard let action = plan.offer else { return }
            let isNew = batch.entry != OfferTable.former
            let values = ["configuration": isNew ? plan.revision : plan.former, "revision": isNew ? "1" : "0"]
            Task { await driver.perform(action, values, for: uids) }
        }
    }

    /// The server goes down for a time on the machine's clock. A driver restarts it by itself.
    func goDown() {
        switch self {
        case .embedded(let server, _): server.goDown()
        case .driven(let driver, let plan):
            guard let restart = plan.restart else { return }
            Task { await driver.perform(restart, [:]) }
        }
    }

    /// - Returns: why it cannot listen again; nil: it does.
    func comeBack() async -> String? {
        guard case .embedded(let server, _) = self else { return nil }
        var problem: String?
        // The former listener may still be closing.
        for _ in 0..<Self.listenAttempts {
            do throws(OpAMPServerError) {
                try server.comeBack()
                return nil
            } catch { problem = error.description }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return problem
    }

    private static let listenAttempts = 250

    func counts() async -> ServerCounts? {
        guard case .embedded(let server, _) = self else { return nil }
        return await server.counts()
    }

    /// What was observed since the last call: by the server, or for another one by its agents.
    /// - Parameters:
    ///   - steps: what the agents did meanwhile.
    ///   - uid: of an agent.
    func observations(_ steps: [RehearsedFleet.Step], uid: (UInt32) -> InstanceUID) -> [AgentObservation] {
        if case .embedded(_, let inbox) = self { return inbox.take() }
        return steps.map { AgentObservation(uid: uid($0.agent), kind: $0.observed, at: $0.at) }
    }
}

extension RehearsedFleet.Step {
    /// What the agent did, as an observation.
    var observed: AgentObservation.Kind {
        switch kind {
        case .change(.connected): .connected
        case .change(.disconnected): .disconnected
        case .change(.healthy): .healthy
        case .change(.unhealthy): .unhealthy
        case .configuration(.received, let entry): .sent(revision: UInt32(clamping: entry))
        case .configuration(.applied, let entry):
            .status(.applied, revision: UInt32(clamping: entry), matches: true)
        case .configuration(.mismatched, let entry):
            .status(.applied, revision: UInt32(clamping: entry), matches: false)
        case .configuration(.failed, let entry): .status(.failed, revision: UInt32(clamping: entry), matches: true)
        }
    }
}

/// Observations on their way from the server's shards to the rehearsal.
final class ObservationInbox: Sendable {
    private let list = Mutex<[AgentObservation]>([])

    func add(_ observations: [AgentObservation]) { list.withLock { $0 += observations } }

    func take() -> [AgentObservation] {
        list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
