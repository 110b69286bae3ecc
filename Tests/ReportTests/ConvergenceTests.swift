import Basis
import Foundation
import Metrics
import OpAMP
import Testing

@testable import Report

@Suite("Convergence, wave by wave")
struct ConvergenceTests {
    /// A run of ten agents: a push that all but one take, another that overtakes some, packages on the way at the same
    /// time, and at the end an offer with an unknown start.
    static func record(superseded: Int = 0, unknown: Bool = false) -> RunRecord {
        let exchange = IntervalExchange()
        let clocks = WaveClocks()
        let shard = ShardMetrics(exchange: exchange, clocks: clocks)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange], clocks: clocks)
        func tick(_ second: Int64) {
            shard.publish()
            recorder.tick(
                at: .zero + .seconds(second), process: ProcessSample(cpu: .zero, residentBytes: 1, availableCores: 2))
        }
        recorder.enterPhase("steady", at: .zero)
        tick(1)
        recorder.enterPhase("config-push", at: .zero + .seconds(1))
        let first = Instant.zero + .seconds(1)
        clocks.begin(.remoteConfig, number: 7, label: recorder.phaseLabel, at: first)
        for agent in 1...10 {
            // The offer takes its time to each agent: that counts too.
            let received = first + .milliseconds(Int64(agent) * 10)
            shard.reached(.received, of: .remoteConfig, number: 7, received: received, at: received)
            shard.reached(.applying, of: .remoteConfig, number: 7, received: received, at: received)
            let done = first + .milliseconds(Int64(agent) * 100)
            if agent == 10 {
                shard.reached(.failed, of: .remoteConfig, number: 7, received: received, at: done)
            } else {
                shard.reached(.applied, of: .remoteConfig, number: 7, received: received, at: done)
                shard.reached(.converged, of: .remoteConfig, number: 7, received: received, at: done)
            }
        }
        tick(2)
        recorder.enterPhase("config-push", at: .zero + .seconds(2))
        let second = Instant.zero + .seconds(2)
        clocks.begin(.remoteConfig, number: 8, label: recorder.phaseLabel, at: second)
        for _ in 1...10 { shard.reached(.received, of: .remoteConfig, number: 8, received: second, at: second) }
        for _ in 0..<superseded {
            shard.reached(.superseded, of: .remoteConfig, number: 8, received: second, at: second)
        }
        clocks.begin(.packages, number: 9, label: "package-rollout", at: second)
        for _ in 1...4 { shard.reached(.received, of: .packages, number: 9, received: second, at: second) }
        for _ in 1...2 {
            shard.reached(.converged, of: .packages, number: 9, received: second, at: second + .seconds(7))
        }
        if unknown {
            shard.reached(.received, of: .remoteConfig, number: 99, received: second, at: second)
            shard.reached(.converged, of: .remoteConfig, number: 99, received: second, at: second + .seconds(1))
        }
        tick(10)
        let identity = RunIdentity(
            run: "r", profile: "p", server: "ws://h", seed: 1, agents: 10, shards: 1, startedAt: 0, tool: "t",
            machine: "m")
        return recorder.record(of: identity, outcome: .completed, profile: "")
    }

    private static func summary(superseded: Int = 0, unknown: Bool = false) -> RunSummary {
        record(superseded: superseded, unknown: unknown).summary
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
                "offered", "applied", "converged", "failed", "of fleet", "p50", "p90", "p99", "last",
            ])
        #expect(
            Self.cells(lines[1])
                == ["config-push", "10", "9", "9", "1", "90 %", "500 ms", "900 ms", "900 ms", "900 ms"])
        #expect(Self.cells(lines[2]) == ["config-push #2", "10", "0", "0", "0", "0 %", "-", "-", "-", "-"])
        #expect(
            Self.cells(lines[3])
                == ["package-rollout", "4", "0", "2", "0", "20 %", "7.00 s", "7.00 s", "7.00 s", "7.00 s"])
    }

    @Test("Offers that were overtaken have a column only where there are some")
    func superseded() {
        let lines = Self.lines(Self.summary(superseded: 3), width: 120)
        #expect(lines.first?.contains("superseded") == true)
        #expect(Self.cells(lines[2])[4...5] == ["0", "3"])
    }

    @Test("On a narrow terminal no column is lost", arguments: [40, 80, 100, 104])
    func narrow(width: Int) {
        let lines = Self.lines(Self.summary(), width: width)
        #expect(lines.allSatisfy { !$0.hasSuffix("…") && $0.count <= width })
        for column in Self.cells(Self.lines(Self.summary(), width: 200)[0]) {
            #expect(lines.contains { Self.cells($0).contains(column) }, "\(column)\n\(lines)")
        }
    }

    @Test("A run in which nothing was offered says nothing of it")
    func nothing() {
        #expect(Self.lines(SampleRun.record().summary, width: 100).isEmpty)
    }

    @Test("Times that count from the first agent's receipt are marked, and the mark is explained")
    func clock() throws {
        let lines = Self.lines(Self.summary(unknown: true), width: 120)
        #expect(lines.contains { $0.contains("config offer 1 *") })
        #expect(lines.last?.contains("from the first agent's receipt") == true)
        #expect(!Self.lines(Self.summary(), width: 120).contains { $0.contains("*") })
    }

    @Test("summary.json has each wave with its clock, its counts and its times by stage")
    func document() throws {
        let waves = SummaryDocument(Self.summary(unknown: true)).waves
        #expect(waves.map(\.label) == ["config-push", "config-push #2", "package-rollout", "config offer 1"])
        #expect(waves.map(\.clock) == ["event", "event", "event", "first_receipt"])
        let first = try #require(waves.first)
        #expect(first.startSeconds == 1)
        #expect(
            first.agents == [
                "received": 10, "applying": 10, "applied": 9, "converged": 9, "failed": 1, "superseded": 0,
            ])
        #expect(first.shareConverged == 0.9)
        #expect(abs((first.lastConvergedSeconds ?? 0) - 0.9) < 0.001)
        #expect(abs((first.times["received"]?.maxMs ?? 0) - 100) < 1)
        let again = try SummaryDocument(json: SummaryDocument(Self.summary()).json())
        #expect(again.waves.count == 3)
    }

    @Test(
        "A summary.json from before waves and transitions were added is read, and has none", arguments: [true, false])
    func earlierRelease(hadWaves: Bool) throws {
        let data = try SummaryDocument(Self.summary()).json()
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object.removeValue(forKey: "transitions") != nil)
        if !hadWaves { #expect(object.removeValue(forKey: "waves") != nil) }
        let earlier = try SummaryDocument(json: try JSONSerialization.data(withJSONObject: object))
        #expect(earlier.transitions.isEmpty)
        #expect(earlier.waves.count == (hadWaves ? 3 : 0))
        #expect(earlier.counters == SummaryDocument(Self.summary()).counters)
        // What every release wrote has to be there.
        object["counters"] = nil
        let broken = try JSONSerialization.data(withJSONObject: object)
        #expect(throws: Swift.DecodingError.self) { _ = try SummaryDocument(json: broken) }
    }

    @Test("waves.csv draws the share converged over the time of each wave's clock, up to the last agent")
    func series() throws {
        let lines = WaveTable.text(of: Self.summary().waves).split(separator: "\n").map {
            $0.split(separator: ",").map(String.init)
        }
        #expect(lines[0] == WaveTable.columns)
        let push = lines.filter { $0[0] == "config-push" }
        let column = try #require(WaveTable.columns.firstIndex(of: "share_converged"))
        let shares = push.compactMap { Double($0[column]) }
        #expect(shares == shares.sorted())
        #expect(shares.first == 0 && shares.last == 0.9)
        // Halfway to the last stage, at 500 ms, five of ten have converged.
        #expect(push.first { $0[3] == "0.500000" }?[column] == "0.500000")
    }

    @Test("The histograms of each wave's stages are in the log")
    func log() {
        let tags = Self.record().histograms.map(\.tag)
        #expect(tags.contains("wave/config-push/converged") && tags.contains("wave/config-push_#2/received"))
        #expect(tags.contains("wave/package-rollout/converged"))
    }

    @Test("The page draws the share converged and has a table of the waves")
    func page() {
        let page = ReportPage.html(for: Self.record())
        #expect(page.contains("Share converged") && page.contains("times counted from"))
        #expect(!ReportPage.html(for: SampleRun.record()).contains("Share converged"))
    }

    @Test("Agents that receive an offer again do not make it more than all")
    func atMostAll() throws {
        var wave = try #require(Self.record().summary.waves.first)
        let agents = Int(wave.count(.converged))
        #expect(wave.convergedShare(of: agents) == 1 && wave.convergedShare(of: 2 * agents) == 0.5)
        // Each converged once more.
        let converged = Int(OfferStage.converged.rawValue)
        wave.stages[converged] = wave.stages[converged].merged(with: wave.stages[converged])
        #expect(wave.count(.converged) == UInt64(2 * agents))
        #expect(wave.convergedShare(of: agents) == 1 && wave.convergedShare(of: 0) == 0)
        #expect(wave.share(of: .converged, by: .seconds(3_600)) <= 1)
    }
}
