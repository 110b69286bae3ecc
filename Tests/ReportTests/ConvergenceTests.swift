import Basis
import Metrics
import Testing

@testable import Report

@Suite("Convergence in the closing table")
struct ConvergenceTests {
    /// A run of ten agents: a push that all but one take, another that overtakes some, packages on the way at the same time.
    private static func summary(superseded: Int = 0) -> RunSummary {
        let exchange = IntervalExchange()
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange])
        func tick(_ second: Int64) {
            shard.publish()
            recorder.tick(
                at: .zero + .seconds(second), process: ProcessSample(cpu: .zero, residentBytes: 1, availableCores: 2))
        }
        recorder.enterPhase("steady", at: .zero)
        tick(1)
        recorder.enterPhase("config-push", at: .zero + .seconds(1))
        shard.count(.remoteConfigsReceived, 10)
        shard.count(.configsFailed)
        for agent in 1...9 {
            shard.count(.configsApplied)
            shard.count(.configsConverged)
            shard.record(.configConverged, .milliseconds(Int64(agent) * 100))
        }
        tick(2)
        recorder.enterPhase("config-push", at: .zero + .seconds(2))
        shard.count(.remoteConfigsReceived, 10)
        shard.count(.configsSuperseded, superseded)
        shard.count(.packageOffers, 4)
        shard.count(.packageOffersConverged, 2)
        shard.record(.packagesConverged, .seconds(7))
        tick(3)
        let identity = RunIdentity(
            run: "r", profile: "p", server: "ws://h", seed: 1, agents: 10, shards: 1, startedAt: 0, tool: "t",
            machine: "m")
        return recorder.record(of: identity, outcome: .completed, profile: "").summary
    }

    private static func lines(_ summary: RunSummary, width: Int) -> [String] {
        let all = ClosingTable.lines(for: summary, width: width, style: .plain)
        guard let start = all.firstIndex(where: { $0.hasPrefix("convergence") }) else { return [] }
        return Array(all[(start + 1)...].prefix { !$0.isEmpty })
    }

    private static func cells(_ line: String) -> [String] {
        line.split(separator: "  ").map { $0.drop { $0 == " " }.description }
    }

    @Test("Each wave has a line of its own with its counts, its share of the fleet and the time of the last agent")
    func waves() throws {
        let lines = Self.lines(Self.summary(), width: 120)
        try #require(lines.count == 4)
        #expect(
            Self.cells(lines[0]) == [
                "offered", "applied", "converged", "failed", "of all", "p50", "p90", "p99", "last",
            ])
        #expect(
            Self.cells(lines[1])
                == ["config-push", "10", "9", "9", "1", "90 %", "500 ms", "900 ms", "900 ms", "900 ms"])
        #expect(Self.cells(lines[2]) == ["config-push #2: config", "10", "0", "0", "0", "0 %", "-", "-", "-", "-"])
        #expect(
            Self.cells(lines[3])
                == ["config-push #2: packages", "4", "0", "2", "0", "20 %", "7.00 s", "7.00 s", "7.00 s", "7.00 s"])
    }

    @Test("Offers that were overtaken have a column only where there are some")
    func superseded() {
        let lines = Self.lines(Self.summary(superseded: 3), width: 120)
        #expect(lines.first?.contains("superseded") == true)
        #expect(Self.cells(lines[2])[4...5] == ["0", "3"])
    }

    @Test("On a narrow terminal the time of the last agent stays", arguments: [100, 104])
    func narrow(width: Int) {
        let lines = Self.lines(Self.summary(), width: width)
        #expect(lines.allSatisfy { !$0.hasSuffix("…") && $0.count <= width })
        #expect(lines.first?.hasSuffix("last") == true)
    }

    @Test("A run in which nothing was offered says nothing of it")
    func nothing() {
        #expect(Self.lines(SampleRun.record().summary, width: 100).isEmpty)
    }
}
