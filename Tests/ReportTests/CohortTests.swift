import Basis
import Foundation
import Metrics
import Testing

@testable import Report

@Suite("Figures of cohorts, for people and programs")
struct CohortTests {
    /// A run of so many cohorts; the agents of each answer a millisecond later than those of the one before.
    private static func record(cohorts: Int) -> RunRecord {
        let names = (0..<cohorts).map { "cohort-\($0)" }
        let exchange = IntervalExchange(cohorts: cohorts)
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange], cohorts: names)
        for number in 0..<cohorts {
            let former = shard.enter(cohort: number)
            shard.count(.agentsStarted, 5)
            shard.count(.heartbeats, 10)
            shard.count(.answersReceived, 8)
            shard.count(.unanswered, number == 1 ? 2 : 0)
            shard.record(.heartbeatResponse, .milliseconds(Int64(number) + 1))
            shard.record(.heartbeatService, .milliseconds(Int64(number) + 1))
            shard.leave(for: former)
        }
        shard.publish()
        recorder.tick(
            at: .zero + .seconds(1), process: ProcessSample(cpu: .zero, residentBytes: 1, availableCores: 2))
        return recorder.record(of: SampleRun.identity, outcome: .completed, profile: "")
    }

    @Test("The closing table and the page have a line for each cohort, with its counts and times")
    func tables() throws {
        let record = Self.record(cohorts: 3)
        let lines = ClosingTable.lines(for: record.summary, width: nil, style: .plain)
        let start = try #require(lines.firstIndex(of: "cohorts"))
        let row = try #require(lines[start...].first { $0.hasPrefix("  cohort-1") })
        #expect(row.split(whereSeparator: { $0 == " " }).prefix(6) == ["cohort-1", "5", "10", "8", "2", "2"])
        #expect(row.contains("2.00 ms"))
        let html = ReportPage.html(for: record)
        #expect(html.contains(">Cohorts<"))
        for name in ["cohort-0", "cohort-1", "cohort-2"] { #expect(html.contains(">\(name)<")) }
    }

    @Test("Of one cohort nothing is told apart; of many the rest is one line that says how many it stands for")
    func ends() {
        func lines(_ cohorts: Int) -> [String] {
            ClosingTable.lines(for: Self.record(cohorts: cohorts).summary, width: nil, style: .plain)
        }
        #expect(!lines(1).contains("cohorts"))
        #expect(!ReportPage.html(for: Self.record(cohorts: 1)).contains(">Cohorts<"))
        #expect(lines(100).contains { $0.contains("other (36 cohorts)") })
    }

    @Test("summary.json has each cohort with its counts and both measures, and is read again")
    func document() throws {
        let document = SummaryDocument(Self.record(cohorts: 2).summary)
        #expect(try SummaryDocument(json: document.json()) == document)
        #expect(document.cohorts.map(\.name) == ["cohort-0", "cohort-1"])
        let second = try #require(document.cohorts.last)
        #expect(second.agents == 5 && second.reports == 10 && second.answers == 8)
        #expect(second.unanswered == 2 && second.errors == 2)
        #expect(second.counters["heartbeats"] == 10)
        #expect(Set(second.measures.keys) == ["heartbeat_response", "heartbeat_service"])
        #expect(second.measures["heartbeat_response"]?.maxMs == 2)
        #expect(SummaryDocument(Self.record(cohorts: 1).summary).cohorts.isEmpty)
    }
}
