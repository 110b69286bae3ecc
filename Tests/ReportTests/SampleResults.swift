import AgentModel
import Basis
import Foundation
import Metrics

@testable import Report

/// Results of short runs, written as a run writes them and read back.
struct SampleResults {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("compare-\(UUID().uuidString)")

    struct Made {
        var factor = 1.0
        var startedAt = 0.0
        var seconds = 12
        var profile = "name: p\nagents: 10\nserver:\n  embedded: {}\nheartbeat: {interval: 1s}\n"
        var perSecond = 200
        /// Whether the tool runs out of file descriptors.
        var isBound = false
    }

    /// Writes a run of 2 s arrival, some steady seconds and 1 s of drain.
    func make(_ name: String, _ made: Made) throws -> ComparedRun {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        recorder.enterPhase("arrival", at: .zero)
        var random = SeededRandom(seed: UInt64(name.utf8.reduce(0) { $0 * 31 % 65_521 + Int($1) }))
        let times = Distribution.logNormal(median: .microseconds(2_000), sigma: 0.5)
        for second in 1...made.seconds {
            for _ in 0..<made.perSecond {
                // Slow in the arrival: what is not judged.
                let time = times.draw(&random).scaled(by: second <= 2 ? 50 : made.factor)
                shard.record(.heartbeatResponse, time)
                shard.record(.heartbeatService, time)
                if made.isBound { shard.count(.outOfDescriptors) }
                shard.count(.heartbeats)
                shard.count(.answersReceived)
            }
            shard.publish()
            recorder.tick(
                at: .zero + .seconds(Int64(second)),
                process: ProcessSample(cpu: .zero, residentBytes: 1, availableCores: 2))
            if second == 2 { recorder.enterPhase("steady", at: .zero + .seconds(2)) }
        }
        var identity = SampleRun.identity
        identity.startedAt = made.startedAt
        let record = recorder.record(of: identity, outcome: .completed, profile: made.profile)
        let path = folder.appendingPathComponent(name).path
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try ResultsDirectory.create(at: path).write(record)
        return try ComparedRun(path: path)
    }

    /// Runs in turn: AB BA AB …; those of B slower by `factor`.
    func sides(_ count: Int, factor: Double, inTurn: Bool = true, perSecond: Int = 200) throws -> (
        a: [ComparedRun], b: [ComparedRun]
    ) {
        var sides: (a: [ComparedRun], b: [ComparedRun]) = ([], [])
        for number in 0..<count {
            let isFirst = number.isMultiple(of: 2)
            let pair = Double(number * 100)
            var a = Made(startedAt: inTurn ? pair + (isFirst ? 0 : 50) : pair)
            var b = Made(factor: factor, startedAt: inTurn ? pair + (isFirst ? 50 : 0) : pair + 10_000)
            (a.perSecond, b.perSecond) = (perSecond, perSecond)
            sides.a.append(try make("a\(number)", a))
            sides.b.append(try make("b\(number)", b))
        }
        return sides
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}
