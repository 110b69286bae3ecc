import Basis
import OpAMP
import OrderedCollections
import Testing

@testable import AgentModel

/// Random conversations with all the agents behind a gateway at once.
@Suite("Whatever happens, a gateway tells its agents apart")
struct GatewayChaosTests {
    /// A gateway, a server that says anything to any of its agents, and a network that fails. All drawn from the seed.
    private struct World {
        static let members = 4
        var gateway: Gateway
        var random: SeededRandom
        var now = Instant.zero
        var timer = Instant.distantFuture
        var effects = Effects()
        var problems: [String] = []
        var replies = 0
        /// Which agent has, or had, a uid.
        var owners: [InstanceUID: Int] = [:]
        var nextNumbers: [Int: UInt64] = [:]
        var offers: UInt8 = 0

        init(seed: UInt64) {
            random = SeededRandom(seed: seed, stream: 3)
            var plan = ChaoticWorld.capable
            plan.sizes = ReportSizes(effectiveConfigBytes: 60, healthPipelines: 1, availableComponents: 5)
            plan.restartForm = .whole
            let cohort = Cohort(plan, seed: seed, unixOrigin: 0)
            gateway = Gateway(
                leader: Agent(index: 0, cohort: cohort),
                members: (1...Self.members).map { Agent(index: UInt64($0), cohort: cohort) })
            noteOwners()
            step { $0.start(at: $1, &$2) }
        }

        private var agents: [Agent] { [gateway.leader] + gateway.members }

        private mutating func noteOwners() {
            for (number, agent) in agents.enumerated() { owners[agent.instanceUID] = number }
        }

        mutating func step(_ body: (inout Gateway, Instant, inout Effects) -> Void) {
            effects.removeAll()
            body(&gateway, now, &effects)
            noteOwners()
            for effect in effects.list {
                guard case .send(let slice) = effect else { continue }
                guard let report = try? AgentToServer(decoding: Array(effects.bytes[slice.range])) else {
                    problems.append("a report that cannot be read")
                    continue
                }
                check(report, slice.kind)
            }
            if let wakeAt = effects.wakeAt { timer = wakeAt }
        }

        private mutating func check(_ report: AgentToServer, _ kind: ReportKind) {
            guard let uid = report.instanceUID.uid, let owner = owners[uid] else {
                return problems.append("a report of an unknown agent")
            }
            let expected = kind == .first ? 0 : nextNumbers[owner] ?? 0
            if report.sequenceNumber != expected {
                problems.append("agent \(owner): \(report.sequenceNumber), not \(expected)")
            }
            nextNumbers[owner] = report.sequenceNumber + 1
            if let description = report.agentDescription,
                description.identifyingAttributes.first(where: { $0.key == "service.instance.id" })?.value
                    != .string(uid.description)
            {
                problems.append("agent \(owner) describes another")
            }
            // Offers and messages have the number of whom they were meant for in them.
            if let hash = report.remoteConfigStatus?.lastRemoteConfigHash, !hash.isEmpty, hash.first != UInt8(owner) {
                problems.append("agent \(owner) took the configuration of \(hash[0])")
            }
            if let data = report.customMessage?.data {
                replies += 1
                if data != [UInt8(owner)] { problems.append("agent \(owner) answered for \(data)") }
            }
        }

        mutating func happen() {
            if random.chance(0.4) { pass(.milliseconds(Int64(random.index(below: 6_000)))) }
            switch gateway.state {
            case .connecting: step { $0.connected(at: $1, &$2) }
            case .closing: step { $0.closeCompleted(at: $1, &$2) }
            case .backingOff, .restarting: pass(.seconds(2))
            case .connected, .running, .configuring, .updating:
                if random.chance(0.03) { return step { $0.connectionLost(.reset, at: $1, &$2) } }
                receive(answer())
            case .initializing, .disconnected: break
            }
        }

        private mutating func answer() -> ServerToAgent {
            let whom = random.index(below: 1 + Self.members)
            // A message without a uid is for the gateway.
            let uid: InstanceUIDField = whom == 0 && random.chance(0.3) ? .absent : .uid(agents[whom].instanceUID)
            var answer = ServerToAgent(instanceUID: uid, capabilities: random.chance(0.3) ? .all : [])
            switch random.index(below: 10) {
            case 0: answer.flags = .reportFullState
            case 1, 2:
                offers &+= 1
                let file = AgentConfigFile(body: Array("service: {a: \(offers)}\n".utf8), contentType: "text/yaml")
                answer.remoteConfig = AgentRemoteConfig(
                    config: AgentConfigMap(configMap: ["r": file]), configHash: [UInt8(whom), offers])
            case 3, 4:
                answer.customMessage = CustomMessage(capability: "com.example.echo", type: "x", data: [UInt8(whom)])
            case 5 where random.chance(0.4):
                let given = InstanceUID(unixMilliseconds: 1_790_000_000_000, random: &random)
                answer.agentIdentification = AgentIdentification(newInstanceUID: .uid(given))
            case 6 where random.chance(0.2): answer.command = ServerToAgentCommand(type: .restart)
            case 7 where random.chance(0.2):
                answer.errorResponse = ServerErrorResponse(type: random.chance(0.5) ? .badRequest : .unknown)
            default: break
            }
            return answer
        }

        private mutating func receive(_ answer: ServerToAgent) {
            let bytes = answer.encoded()
            step { gateway, now, effects in
                guard let view = try? ServerToAgentView(bytes.span.bytes) else { return }
                gateway.received(view, at: now, &effects)
            }
        }

        private mutating func pass(_ span: Nanoseconds) {
            let end = now + span
            while timer <= end, timer != .distantFuture {
                now = max(timer, now)
                timer = .distantFuture
                step { $0.wake(at: $1, &$2) }
            }
            now = end
        }
    }

    @Test("Every report is its sender's: uid, number, description, configuration and messages", arguments: 0..<20)
    func apart(seed: Int) {
        var world = World(seed: UInt64(seed))
        for _ in 0..<300 { world.happen() }
        #expect(world.problems.isEmpty, "seed \(seed): \(world.problems.prefix(3))")
        #expect(world.replies > 5)
    }
}
