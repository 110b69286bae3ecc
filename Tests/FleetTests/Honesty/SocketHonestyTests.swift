import Basis
import Engine
import Metrics
import Testing

@testable import Fleet

/// Whole runs over real sockets against a server that keeps its own log. Both sides read one clock, so the server's log
/// bounds the fleet's figures from below exactly, and from above by how late the two threads were in that very run.
@Suite("Honest figures over real sockets", .serialized, .takingTurns)
struct SocketHonestyTests {
    static let agents = 50
    static let interval = Nanoseconds.milliseconds(200)

    /// A run against `script`, until the server's log has come as far as `isOver` says, or at most `timeout`.
    static func run(
        against script: AnsweringServer.Script, until isOver: (AnsweringServer.Log) -> Bool
    ) async throws -> (record: RunRecord, log: AnsweringServer.Log) {
        let server = try AnsweringServer(script)
        var profile = Profile.standard
        profile.agents = agents
        profile.duration = timeout
        profile.drain = .seconds(4)
        profile.shards = 1
        profile.cohorts[0].heartbeat.interval = interval
        profile.server = .url(try ServerURL(server.url))
        let run = try await FleetRun(profile)
        async let performance = run.perform(as: .test) { _ in }
        let deadline = Shard.clock + timeout
        while !isOver(await server.log()), Shard.clock < deadline {
            try await Task.sleep(for: .milliseconds(100))
        }
        await run.interrupt()
        let record = await performance
        return (record, await server.stop())
    }

    private static let timeout = Nanoseconds.seconds(20)

    /// What the way there and back may have added, measured in the run itself: twice a round trip of the pings that
    /// went between the same two threads all the time, and twice what can hide between two pings.
    static func transit(_ log: AnsweringServer.Log, permille: Int = 1_000) -> Nanoseconds {
        (ExpectedFigures(log.roundTrips).value(atPermille: permille) + AnsweringServer.pingInterval) * 2
    }

    @Test(
        "Reported times hold the server's own and exceed them by no more than the two threads were late",
        arguments: [
            AnsweringServer.Script(delay: .constant(.milliseconds(60))),
            AnsweringServer.Script(delay: .uniform(.milliseconds(5), .milliseconds(150)), seed: 7),
        ])
    func serverSideTimes(script: AnsweringServer.Script) async throws {
        let (record, log) = try await Self.run(against: script) { $0.heartbeats.count >= 12 * Self.agents }
        let served = ExpectedFigures(log.heartbeats.map { ($0.answered ?? $0.received) - $0.received })
        #expect(served.values.count >= 12 * Self.agents)
        #expect(log.roundTrips.count > 200)
        for entry in log.heartbeats {
            #expect(entry.answered.map { $0 >= entry.due } == true)
        }

        let longest = Self.transit(log)
        let late = record.summary[.schedulingDelay].max
        for (measure, error) in [(Measure.heartbeatService, longest), (.heartbeatResponse, longest + late)] {
            let reported = record.summary[measure]
            #expect(reported.count == UInt64(served.values.count), "\(measure.title)")
            for percentile in ExpectedFigures.percentiles {
                Self.expect(
                    reported[keyPath: percentile.path], from: served.value(atPermille: percentile.permille),
                    within: error,
                    "\(measure.title), \(percentile.name)")
            }
            Self.expect(reported.max, from: served.longest, within: error, "\(measure.title), max")
        }
        // Half of the heartbeats can only be late if more than a tenth of the ways there or of the ways back were.
        let median = record.summary[.heartbeatService].p50
        let bound = served.value(atPermille: 750) + Self.transit(log, permille: 900)
        #expect(median <= bound + ExpectedFigures.bucketWidth(at: bound))
    }

    private static func expect(
        _ reported: Nanoseconds, from served: Nanoseconds, within error: Nanoseconds, _ title: String
    ) {
        #expect(reported >= served, "\(title): the server itself took longer")
        let bound = served + error
        #expect(
            reported <= bound + ExpectedFigures.bucketWidth(at: bound),
            "\(title): the server took \(served), and no report was later than \(error)")
    }

    @Test("A server that stops for two seconds makes as many heartbeats wait, and as long, as the schedule implies")
    func pause() async throws {
        let length = Nanoseconds.seconds(2)
        let script = AnsweringServer.Script(pause: AnsweringServer.Pause(agents: Self.agents, length: length))
        let (record, log) = try await Self.run(against: script) { log in
            guard let end = log.pause?.upperBound else { return false }
            return log.entries.count { $0.received > end && $0.answered != nil } >= 4 * Self.agents
        }
        let schedule = ObservedSchedule(log, interval: Self.interval)
        #expect(schedule.exchanges.count > 12 * Self.agents)
        // What the run itself cut off has no response time.
        let ended = record.summary[.heartbeatResponse].count + record.summary.counters[.heartbeatsCut]
        let counts = Counter.allCases.filter { record.summary.counters[$0] > 0 }
        #expect(
            ended == UInt64(schedule.exchanges.count),
            "\(counts.map { "\($0) \(record.summary.counters[$0])" }), \(log.entries.count) entries")
        #expect(record.summary.counters[.skippedHeartbeats] == 0)

        let error = Self.transit(log) + record.summary[.schedulingDelay].max
        for wait in [Nanoseconds.milliseconds(500), .seconds(1), .milliseconds(1_500)] {
            let reported = record.responses(above: wait)
            // By the server's log: each heartbeat, from when it was due to when it was answered.
            let most = schedule.waits.count(above: wait - error)
            let fewest = schedule.waits.count(above: wait + ExpectedFigures.bucketWidth(at: wait))
            #expect(fewest <= reported && reported <= most, "\(wait): \(reported) of \(fewest) to \(most)")
            // By the script alone: every agent has a heartbeat due each interval, whether or not it was answered
            // before.
            let span = length - wait
            let atLeast = Self.agents * Int(max(span - error, .zero).count / Self.interval.count)
            let atMost = Self.agents * (Int((span + error).count / Self.interval.count) + 1)
            #expect(atLeast <= reported && reported <= atMost, "\(wait): \(reported) of \(atLeast) to \(atMost)")
        }
    }
}

/// When heartbeats were due, told from when they came: those of one agent are due an interval apart, so the promptest
/// of them tells the phase of all, however late the others were sent.
struct ObservedSchedule {
    /// `sent` is when the server had it.
    let exchanges: [Exchange]

    init(_ log: AnsweringServer.Log, interval: Nanoseconds) {
        var exchanges: [Exchange] = []
        let heartbeats = log.entries.filter(\.isHeartbeat)
        for (_, entries) in Dictionary(grouping: heartbeats, by: \.connection) {
            let phases = entries.enumerated().map { $1.received - interval * Int64($0) }
            guard let phase = phases.min() else { continue }
            for (index, entry) in entries.enumerated() {
                guard let answered = entry.answered else { continue }
                exchanges.append(
                    Exchange(due: phase + interval * Int64(index), sent: entry.received, answered: answered))
            }
        }
        self.exchanges = exchanges
    }

    /// From due to answered.
    var waits: ExpectedFigures { ExpectedFigures(exchanges.map(\.responseTime)) }
}
