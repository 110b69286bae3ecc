import Basis
import ControlPlane
import Glibc
import OpAMP
import Testing

@Suite("Whatever happens, in whatever order")
struct InvariantTests {
    /// `MUSTER_FUZZ=long` in the environment walks for minutes.
    static let seeds: Range<UInt64> = getenv("MUSTER_FUZZ") == nil ? 0..<8 : 0..<400

    /// What the plan of a random walk may be.
    static func plan(_ random: inout SeededRandom) -> ServerPlan {
        var plan = ServerPlan()
        let delays: [Distribution] = [
            .constant(.zero), .constant(.milliseconds(3)), .exponential(mean: .milliseconds(5)),
            .uniform(.zero, .milliseconds(40)),
        ]
        plan.answerDelay = delays[random.index(below: delays.count)]
        if random.chance(0.5) {
            let from = Instant(nanoseconds: random.next() % 500_000_000)
            plan.pauses = [Pause(from: from, until: from + .milliseconds(120))]
        }
        if random.chance(0.4) { plan.throttle = Throttle(share: 0.2, retryAfter: .seconds(1)) }
        if random.chance(0.4) { plan.refusals = Refusals(share: 0.2, status: 503, retryAfterSeconds: 1) }
        if random.chance(0.4) {
            plan.drops = ConnectionDrops(share: 0.3, after: .uniform(.zero, .milliseconds(300)))
        }
        if random.chance(0.3) { plan.queueLimit = 5 }
        if random.chance(0.3) { plan.agentLimit = 12 }
        if random.chance(0.5) { plan.heartbeatInterval = .seconds(10) }
        if random.chance(0.5) { plan.asksForComponents = true }
        if random.chance(0.5) { plan.issuesCertificates = true }
        if random.chance(0.3) { plan.retention = .encoded(limit: 2_000) }
        return plan
    }

    /// One connection as the walk sees it.
    struct Line {
        var shard: Int
        var isUpgraded = false
        var isPolling = false
        /// Reports whose answer has not come, oldest first.
        var owed: [InstanceUID?] = []
        /// Whether the shard ended it, so that nothing may come any more.
        var isOver = false
    }

    struct Walk {
        var random: SeededRandom
        var servers: [Rehearsal]
        var lines: [Key: Line] = [:]
        var wakes: [Instant?]
        var sequence: [UInt64: UInt64] = [:]
        var sentReports = 0
        /// Certificate requests that wait for a decision, by shard.
        var tickets: [(shard: Int, ticket: CertificateTicket)] = []

        struct Key: Hashable {
            var shard: Int
            var id: ConnectionID
        }

        mutating func take(_ outcome: Rehearsal.Outcome, on shard: Int) {
            for sent in outcome.sent {
                let key = Key(shard: shard, id: sent.to)
                guard let line = lines[key] else {
                    Issue.record("a message for a connection that is closed")
                    continue
                }
                #expect(!line.isOver, "a message after the server ended the connection")
                guard sent.kind != .push else { continue }
                guard !line.owed.isEmpty else {
                    Issue.record("an answer without a report")
                    continue
                }
                let uid = lines[key]?.owed.removeFirst() ?? nil
                if let uid { #expect(sent.message.instanceUID == .uid(uid), "an answer out of order") }
                if sent.message.errorResponse != nil {
                    #expect(
                        sent.message.flags.isEmpty && sent.message.capabilities.isEmpty
                            && sent.message.remoteConfig == nil && sent.message.connectionSettings == nil)
                }
            }
            for effect in outcome.rest {
                switch effect {
                case .wake(let at): wakes[shard] = at
                case .upgrade(let id): lines[Key(shard: shard, id: id)]?.isUpgraded = true
                case .refuse(let id, _):
                    let key = Key(shard: shard, id: id)
                    if lines[key]?.isPolling == true {
                        #expect(lines[key]?.owed.isEmpty == false)
                        lines[key]?.owed.removeFirst()
                    } else {
                        lines[key]?.isOver = true
                    }
                case .abort(let id), .close(let id, _): lines[Key(shard: shard, id: id)]?.isOver = true
                case .certificateRequested(let ticket): tickets.append((shard, ticket))
                case .send, .received, .reported, .observed: break
                }
            }
        }

        mutating func step(at now: Instant, overflows: Bool) {
            for shard in servers.indices {
                servers[shard].now = now
                while let wake = wakes[shard], wake <= now {
                    wakes[shard] = nil
                    take(servers[shard].wake(), on: shard)
                }
            }
            let shard = random.index(below: servers.count)
            let known = lines.keys.sorted { ($0.shard, $0.id.slot) < ($1.shard, $1.id.slot) }
            let some = known.isEmpty ? nil : known[random.index(below: known.count)]
            switch random.index(below: 20) {
            case 0, 1:
                let (id, outcome) = servers[shard].accept()
                lines[Key(shard: shard, id: id)] = Line(shard: shard)
                take(outcome, on: shard)
                if random.chance(0.7) {
                    take(servers[shard].upgrade(id), on: shard)
                } else {
                    lines[Key(shard: shard, id: id)]?.isPolling = true
                }
            case 2:
                guard let key = some else { return }
                let end: ConnectionEnd = lines[key]?.isOver == true ? .ours : random.chance(0.5) ? .clean : .lost
                lines[key] = nil
                take(servers[key.shard].close(key.id, end), on: key.shard)
            case 3:
                let offer = Offer(
                    revision: UInt32(random.index(below: 9) + 1), .remoteConfig(.named("\(random.index(below: 4))")))
                for shard in servers.indices {
                    let outcome = try? servers[shard].perform { registry, now, effects in
                        try registry.offer(offer, to: .share(0.5, salt: 1), at: now, &effects)
                    }
                    if let outcome { take(outcome, on: shard) }
                }
            case 4:
                for shard in servers.indices {
                    take(
                        servers[shard].perform { registry, now, effects in
                            registry.restart(.share(0.3, salt: 2), at: now, &effects)
                        }, on: shard)
                }
            case 5:
                if !tickets.isEmpty { decide(tickets.remove(at: random.index(below: tickets.count))) }
            default:
                guard let key = some, let line = lines[key], !line.isOver, line.isUpgraded || line.isPolling else {
                    return
                }
                if line.isPolling, !line.owed.isEmpty { return }
                report(over: key, overflows: overflows)
            }
        }

        mutating func decide(_ waiting: (shard: Int, ticket: CertificateTicket)) {
            let isIssued = random.chance(0.5)
            let before = servers[waiting.shard].counts.overflowed
            let outcome = servers[waiting.shard].perform { registry, now, effects in
                if isIssued {
                    registry.issued(waiting.ticket, certificate: TLSCertificate(cert: [1]), at: now, &effects)
                } else {
                    registry.declined(waiting.ticket, reason: "no", at: now, &effects)
                }
            }
            if servers[waiting.shard].counts.overflowed > before {
                lines[Key(shard: waiting.shard, id: waiting.ticket.connection)]?.owed.removeFirst()
            }
            take(outcome, on: waiting.shard)
        }

        mutating func report(over key: Key, overflows: Bool) {
            let number = UInt64(random.index(below: 20))
            let uid = InstanceUID.number(number)
            let next = (sequence[number] ?? 0) + (random.chance(0.9) ? 1 : 3)
            sequence[number] = next
            sentReports += 1
            let before = servers[key.shard].counts.overflowed
            var bytes: [UInt8]
            var owed: InstanceUID? = uid
            switch random.index(below: 12) {
            case 0: bytes = AgentToServer.full(uid, next).encoded()
            case 1: bytes = AgentToServer.agentDisconnect(uid, next).encoded()
            case 2:
                bytes = (0..<random.index(below: 20)).map { _ in UInt8(truncatingIfNeeded: random.next() | 0x80) }
                owed = nil
            case 3:
                var report = AgentToServer.heartbeat(uid, next)
                report.flags = [.requestInstanceUID]
                bytes = report.encoded()
            case 4:
                var report = AgentToServer.heartbeat(uid, next, [.reportsStatus, .reportsAvailableComponents])
                report.availableComponents = AvailableComponents(hash: [1])
                bytes = report.encoded()
            case 5:
                var report = AgentToServer.heartbeat(
                    uid, next, [.reportsStatus, .acceptsOpAMPConnectionSettings, .acceptsRestartCommand])
                report.connectionSettingsRequest = ConnectionSettingsRequest(
                    opamp: OpAMPConnectionSettingsRequest(certificateRequest: CertificateRequest(csr: [1])))
                bytes = report.encoded()
            case 6: bytes = AgentToServer(instanceUID: .uid(uid)).encoded()
            default: bytes = AgentToServer.heartbeat(uid, next, [.reportsStatus, .acceptsRestartCommand]).encoded()
            }
            lines[key]?.owed.append(owed)
            let outcome = servers[key.shard].send(bytes: bytes, over: key.id)
            if servers[key.shard].counts.overflowed > before { lines[key]?.owed.removeLast() }
            take(outcome, on: key.shard)
        }
    }

    @Test(
        "Every report is answered exactly once and in order, the counts add up, and nothing grows without bound",
        arguments: [1, 2, 3], seeds)
    func randomInterleavings(shards: Int, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let plan = Self.plan(&random)
        let directory = shards > 1 ? AgentDirectory(limit: plan.agentLimit) : nil
        var walk = Walk(
            random: random,
            servers: (0..<shards).map { Rehearsal(plan, seed: seed, shard: UInt16($0), directory: directory) },
            wakes: Array(repeating: nil, count: shards))
        var now = Instant.zero
        for _ in 0..<1_500 {
            now += Nanoseconds(Int64(walk.random.next() % 1_000_000))
            walk.step(at: now, overflows: plan.queueLimit < 100)
            for server in walk.servers { Self.checkLaws(server.counts, plan, seed) }
        }
        // Enough time for everything that is owed.
        while let waiting = walk.tickets.popLast() { walk.decide(waiting) }
        now += .seconds(60)
        for shard in walk.servers.indices {
            walk.servers[shard].now = now
            while let wake = walk.wakes[shard], wake <= now {
                walk.wakes[shard] = nil
                walk.take(walk.servers[shard].wake(), on: shard)
            }
            #expect(walk.servers[shard].counts.waiting == 0, "seed \(seed)")
        }
        for (key, line) in walk.lines where !line.isOver {
            #expect(line.owed.isEmpty, "seed \(seed): \(key.id) is owed \(line.owed.count) answers")
        }
        let total = walk.servers.map(\.counts).reduce(ServerCounts(), +)
        #expect(total.reports + total.strays == UInt64(walk.sentReports), "seed \(seed)")
        for key in walk.lines.keys { _ = walk.servers[key.shard].close(key.id, .lost) }
        let end = walk.servers.map(\.counts).reduce(ServerCounts(), +)
        #expect(end.connectionsOpen == 0)
        #expect(end.agentsConnected == 0, "seed \(seed)")
    }

    static func checkLaws(_ counts: ServerCounts, _ plan: ServerPlan, _ seed: UInt64) {
        let outcomes =
            counts.answers + counts.refusedPolls + counts.waiting + counts.abandoned + counts.overflowed
        #expect(counts.reports == outcomes, "seed \(seed)")
        let kinds =
            counts.fullReports + counts.statusReports + counts.heartbeats + counts.agentDisconnects + counts.malformed
        #expect(counts.reports == kinds, "seed \(seed)")
        let ends = counts.connectionsClosed + counts.connectionsLost + counts.connectionsEnded
        #expect(counts.connectionsAccepted == counts.connectionsOpen + ends, "seed \(seed)")
        // Answers that wait for their time, and those that wait for a decision about a certificate.
        #expect(counts.waiting <= 2 * UInt64(plan.queueLimit), "seed \(seed)")
        #expect(counts.agentsConnected <= UInt64(plan.agentLimit), "seed \(seed)")
    }
}
