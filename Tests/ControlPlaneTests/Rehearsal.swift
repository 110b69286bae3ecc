import Basis
import ControlPlane
import OpAMP

/// A registry with its effects performed by nobody: tests send reports as an agent would encode them and read the
/// answers as an agent would decode them.
struct Rehearsal {
    var registry: Registry
    var effects = ServerEffects()
    var now = Instant.zero

    init(
        _ plan: ServerPlan = ServerPlan(), seed: UInt64 = 1, shard: UInt16 = 0, directory: AgentDirectory? = nil
    ) {
        registry = Registry(
            plan: plan, seed: seed, wallClockAtZero: 1_800_000_000_000, shard: shard, directory: directory)
    }

    var counts: ServerCounts { registry.counts }

    /// A message that left, decoded.
    struct Sent: Equatable {
        var to: ConnectionID
        var kind: AnswerKind
        var message: ServerToAgent
    }

    /// Everything that one input asked for.
    struct Outcome: Equatable {
        var sent: [Sent] = []
        var rest: [ServerEffect] = []

        /// The only message sent.
        var answer: ServerToAgent? { sent.count == 1 ? sent.first?.message : nil }
        var wake: Instant? {
            rest.compactMap { effect -> Instant? in if case .wake(let at) = effect { at } else { nil } }.last
        }
    }

    mutating func perform(_ input: (inout Registry, Instant, inout ServerEffects) throws -> Void) rethrows -> Outcome {
        effects.removeAll()
        try input(&registry, now, &effects)
        var outcome = Outcome()
        for effect in effects.list {
            if case .send(let id, let slice) = effect {
                let message = try? ServerToAgent(decoding: [UInt8](effects.bytes[slice.range]))
                if let message { outcome.sent.append(Sent(to: id, kind: slice.kind, message: message)) }
            } else {
                outcome.rest.append(effect)
            }
        }
        return outcome
    }

    /// A connection upgraded to WebSocket.
    mutating func connect() -> ConnectionID {
        let id = accept().id
        _ = upgrade(id)
        return id
    }

    mutating func accept() -> (id: ConnectionID, outcome: Outcome) {
        var id = ConnectionID(slot: .max, generation: 0)
        let outcome = perform { registry, now, effects in id = registry.accepted(at: now, &effects) }
        return (id, outcome)
    }

    mutating func upgrade(_ id: ConnectionID) -> Outcome {
        perform { registry, now, effects in registry.upgradeRequested(id, at: now, &effects) }
    }

    mutating func send(_ report: AgentToServer, over id: ConnectionID) -> Outcome {
        send(bytes: report.encoded(), over: id)
    }

    mutating func send(bytes: [UInt8], over id: ConnectionID) -> Outcome {
        perform { registry, now, effects in
            registry.received(bytes: bytes.span.bytes, from: id, at: now, &effects)
        }
    }

    mutating func close(_ id: ConnectionID, _ end: ConnectionEnd = .lost) -> Outcome {
        perform { registry, now, effects in registry.closed(id, end, at: now, &effects) }
    }

    mutating func wake() -> Outcome {
        perform { registry, now, effects in registry.wake(at: now, &effects) }
    }

    /// Lets time pass and wakes the registry whenever it wants to be woken.
    /// - Returns: What left, with the instant at which it did.
    mutating func run(until end: Instant, from wake: Instant?) -> [(at: Instant, outcome: Outcome)] {
        var log: [(at: Instant, outcome: Outcome)] = []
        var next = wake
        while let due = next, due <= end {
            now = max(now, due)
            let outcome = self.wake()
            log.append((now, outcome))
            next = outcome.wake
        }
        now = max(now, end)
        return log
    }
}

extension InstanceUID {
    static func number(_ number: UInt64) -> InstanceUID {
        InstanceUID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | number)
    }
}

/// What a plain collector sends.
extension AgentToServer {
    static let usual: AgentCapabilities = [.reportsStatus, .acceptsRemoteConfig, .reportsRemoteConfig, .reportsHealth]

    static func full(
        _ uid: InstanceUID, _ sequence: UInt64, _ capabilities: AgentCapabilities = usual, version: String = "1"
    ) -> AgentToServer {
        AgentToServer(
            instanceUID: .uid(uid), sequenceNumber: sequence,
            agentDescription: AgentDescription(identifyingAttributes: [
                KeyValue("service.name", "collector"), KeyValue("service.version", version),
            ]),
            capabilities: capabilities, health: ComponentHealth(healthy: true), effectiveConfig: EffectiveConfig(),
            remoteConfigStatus: RemoteConfigStatus(), packageStatuses: PackageStatuses())
    }

    static func heartbeat(
        _ uid: InstanceUID, _ sequence: UInt64, _ capabilities: AgentCapabilities = usual
    ) -> AgentToServer {
        AgentToServer(instanceUID: .uid(uid), sequenceNumber: sequence, capabilities: capabilities)
    }

    static func agentDisconnect(_ uid: InstanceUID, _ sequence: UInt64) -> AgentToServer {
        AgentToServer(
            instanceUID: .uid(uid), sequenceNumber: sequence, capabilities: usual, agentDisconnect: AgentDisconnect())
    }
}
