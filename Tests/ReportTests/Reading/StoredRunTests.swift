import Basis
import Foundation
import Metrics
import Testing

@testable import Report

@Suite("Results that are read back")
struct StoredRunTests {
    private static let files = ["summary.json", "series.csv", "histograms.hlog", "profile.yaml", "report.html"]

    @Test(
        "Results that are read back and written again are the same, byte for byte",
        arguments: [
            SampleRun.Options(), SampleRun.Options(cpu: 0.96, ailing: 30, outcome: .failed("no answer")),
            SampleRun.Options(seconds: 12, errors: false, outcome: .stopped(threshold: "errors.count < 1")),
        ])
    func roundTrip(options: SampleRun.Options) throws {
        try ResultsTests.inTemporaryDirectory { url in
            let first = try ResultsDirectory.create(at: url.appendingPathComponent("a").path)
            var record = SampleRun.record(options)
            record.summary.marks = [RunMark(at: .seconds(2), name: "deployed, build 7")]
            record.series[2].marks = ["deployed, build 7"]
            try first.write(record)
            let stored = try StoredRun(path: first.path)
            let second = try ResultsDirectory.create(at: url.appendingPathComponent("b").path)
            try second.write(try stored.record { _ in nil })
            for name in Self.files where name != "report.html" {
                let texts = try [first, second].map { try ResultsTests.read(name, in: $0) }
                #expect(texts[0] == texts[1], "\(name)")
            }
        }
    }

    @Test("Documents of earlier releases are read, with what they have")
    func olderDocuments() throws {
        try ResultsTests.inTemporaryDirectory { url in
            let directory = try ResultsDirectory.create(at: url.appendingPathComponent("a").path)
            try directory.write(SampleRun.record())
            let path = "\(directory.path)/summary.json"
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            var object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            for key in ["warnings", "cohorts", "steady", "availability", "thresholds", "merged"] {
                object[key] = nil
            }
            object["schema_version"] = 1
            let phases = try #require(object["phases"] as? [[String: Any]])
            object["phases"] = phases.map { phase in phase.filter { $0.key != "findings" } }
            try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
            let record = try StoredRun(path: directory.path).record { _ in nil }
            #expect(record.summary.counters == SampleRun.record().summary.counters)
            #expect(record.summary.phases.map(\.label) == SampleRun.record().summary.phases.map(\.label))
            #expect(record.series.count == SampleRun.record().series.count)

            object["schema_version"] = SummaryDocument.currentVersion + 1
            try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
            #expect(throws: StoredRunError.newer(path: directory.path, version: SummaryDocument.currentVersion + 1)) {
                try StoredRun(path: directory.path)
            }
        }
    }

    @Test("A damaged file is an error that names it", arguments: ["summary.json", "series.csv", "histograms.hlog"])
    func damaged(name: String) throws {
        try ResultsTests.inTemporaryDirectory { url in
            let directory = try ResultsDirectory.create(at: url.appendingPathComponent("a").path)
            try directory.write(SampleRun.record())
            try Data("start_s,phase\n1,x\n{".utf8).write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
            do {
                _ = try StoredRun(path: directory.path).record { _ in nil }
                Issue.record("it was read")
            } catch { #expect("\(error)".contains(name)) }
        }
    }

    @Test("A cell of the series may be quoted", arguments: [["a", "b,c", "d\"e\"", ""], ["", ""], ["x"]])
    func cells(cells: [String]) {
        let line = cells.map { SeriesTable.quoted($0) }.joined(separator: ",")
        #expect(CSVText.cells(in: line[...]) == cells)
    }
}
