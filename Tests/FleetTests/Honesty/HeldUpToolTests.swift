import AgentModel
import Basis
import Engine
import Foundation
import Hosting
import Metrics
import Report
import Testing

@testable import Fleet

/// The tool itself held up, on real sockets: its shard's thread sleeps while heartbeats fall due.
@Suite("A late tool, over real sockets", .takingTurns)
struct HeldUpToolTests {
    static let agents = 50
    static let interval = Nanoseconds.milliseconds(200)
    static let hold = Nanoseconds.milliseconds(150)

    @Test("A shard that is held up shows it in response time, in its own delay, and in the closing table's first line")
    func heldUpShard() async throws {
        let server = try AnsweringServer(AnsweringServer.Script(delay: .constant(.milliseconds(10))))
        let exchange = IntervalExchange()
        let fleet = try Self.fleet(against: server, exchange)
        let recorder = RunRecorder(start: Shard.clock, exchanges: [exchange], sample: Self.unused)
        recorder.load.heartbeatInterval = Self.interval
        let cohort = Self.cohort
        let start = Shard.clock
        let arrivals = (0..<Self.agents).map { PlannedArrival(index: UInt64($0), cohort: cohort, at: start) }
        fleet.begin(arrivals.makeIterator(), planned: Self.agents)

        try await Self.wait(for: .heartbeats, toReach: 4 * Self.agents, of: fleet, recorder)
        var holds: [Range<Instant>] = []
        for _ in 0..<5 {
            holds.append(await Self.holdUp(fleet.shard))
            try await Task.sleep(for: .milliseconds(50))
        }
        fleet.drain(over: .zero)
        try await Self.wait(for: .connectionsClosed, toReach: Self.agents, of: fleet, recorder)
        await fleet.finish { recorder.tick(at: Shard.clock, process: Self.unused) }
        let log = await server.stop()
        recorder.finish(at: Shard.clock, process: Self.unused)
        let record = recorder.record(of: .test, outcome: .completed, profile: "")

        let schedule = ObservedSchedule(log, interval: Self.interval)
        #expect(record.summary[.heartbeatResponse].count == UInt64(schedule.exchanges.count))
        for span in [Nanoseconds.milliseconds(40), .milliseconds(80), .milliseconds(120)] {
            // What was due in a hold was sent after its end.
            let owed = schedule.exchanges.count { exchange in
                holds.contains { $0.contains(exchange.due) && $0.upperBound - exchange.due > span + Self.width }
            }
            #expect(owed >= Self.agents / 5)
            #expect(record.count(of: .heartbeatResponse, above: span) >= owed)
            #expect(record.count(of: .schedulingDelay, above: span) >= owed)
            #expect(
                record.count(of: .heartbeatService, above: span) < record.count(of: .heartbeatResponse, above: span))
        }
        #expect(record.summary.verdict.isToolBound)
        let first = try #require(ClosingTable.lines(for: record.summary, width: 120, style: .plain).first)
        #expect(first.hasPrefix(Verdict.headlineStart))
    }

    /// Takes over the shard's figures until one of them is as high as is wanted.
    private static func wait(
        for counter: Counter, toReach count: Int, of fleet: AgentShard, _ recorder: RunRecorder
    ) async throws {
        let deadline = Shard.clock + .seconds(15)
        while recorder.tick(at: Shard.clock, process: unused).counters[counter] < UInt64(count) {
            try #require(Shard.clock < deadline, "not yet \(count) \(counter.name)")
            fleet.publish {}
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Wide enough for any bucket that the test looks at.
    private static let width = ExpectedFigures.bucketWidth(at: hold)
    /// What the processor did is not what is looked at here.
    private static let unused = ProcessSample(cpu: .zero, residentBytes: 0, availableCores: 2)

    private static var cohort: Cohort {
        var plan = AgentModel.CohortPlan(name: "held up")
        plan.heartbeat = HeartbeatPlan(interval: interval)
        return Cohort(plan, seed: 3, unixOrigin: WallClock.unixNanoseconds(at: .zero))
    }

    private static func fleet(against server: AnsweringServer, _ exchange: IntervalExchange) throws -> AgentShard {
        let target = try #require(
            AgentTarget(addresses: [server.address], host: "127.0.0.1:\(server.port)", path: "/v1/opamp"))
        return AgentShard(
            shard: try Shard(label: "held up"), exchange: exchange, target: target, seed: 3,
            unixOrigin: WallClock.unixNanoseconds(at: .zero),
            options: AgentShardOptions(
                resolveOffer: { _, usual in usual },
                resolveDestination: { _ throws(OfferProblem) in throw .endpointInvalid }))
    }

    /// Keeps a shard's thread from everything else.
    /// - Returns: From when to when.
    private static func holdUp(_ shard: Shard) async -> Range<Instant> {
        await withCheckedContinuation { continuation in
            shard.perform {
                let from = Shard.clock
                Thread.sleep(forTimeInterval: hold.seconds)
                continuation.resume(returning: from..<Shard.clock)
            }
        }
    }
}
