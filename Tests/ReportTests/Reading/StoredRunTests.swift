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

    /// The numbers of every sixth line become `whole`, those with a fraction `fraction`.
    private static func changed(_ text: String, from first: Int, _ whole: String, _ fraction: String) -> String {
        let kept = ["schema_version", "\"seed\"", "start_s,"]
        return text.split(separator: "\n").enumerated().map { number, line in
            guard number % 6 == first, !kept.contains(where: { line.contains($0) }) else { return String(line) }
            return changed(line, whole, fraction)
        }.joined(separator: "\n")
    }

    /// Each number after a colon or a comma is replaced; a regular expression takes minutes in a debug build.
    private static func changed(_ line: Substring, _ whole: String, _ fraction: String) -> String {
        let digits = Set("-+.e0123456789")
        var (result, number, mayBegin) = ("", "", false)
        func end() {
            if !number.isEmpty { result += number.contains(".") ? fraction : whole }
            number = ""
        }
        for character in line {
            if !number.isEmpty ? digits.contains(character) : mayBegin && "-0123456789".contains(character) {
                number.append(character)
            } else {
                end()
                result.append(character)
                mayBegin = ":,".contains(character) || mayBegin && character == " "
            }
        }
        end()
        return result
    }

    @Test(
        "Figures larger than those of any run are read and merged up to a limit, and refused beyond it",
        arguments: 0..<6, [("900000000000000", "-9e14"), ("900000000000000", "9e14"), ("\(Int.max)", "1e300")])
    func large(first: Int, figures: (whole: String, fraction: String)) throws {
        try ResultsTests.inTemporaryDirectory { url in
            var records: [RunRecord] = []
            for seed in 1...3 as ClosedRange<UInt64> {
                var record = ConvergenceTests.record()
                record.summary.identity.seed = seed
                let directory = try ResultsDirectory.create(at: url.appendingPathComponent("\(seed)").path)
                try directory.write(record)
                for name in ["summary.json", "series.csv"] where seed > 1 {
                    let text = Self.changed(
                        try ResultsTests.read(name, in: directory), from: first, figures.whole, figures.fraction)
                    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
                }
                do throws(StoredRunError) {
                    records.append(try StoredRun(path: directory.path).record { _ in nil })
                } catch { #expect("\(error)".contains(directory.path)) }
            }
            switch figures.fraction {
            case "1e300": #expect(records.count == 1)
            case "9e14": #expect(records.count == 3)
            default: break
            }
            let merged = try RunMerge(records).record(name: "all", thresholds: [])
            #expect(merged.summary.merged.count == records.count)
        }
    }

    @Test("A series with a count that no run has is refused")
    func largeCount() throws {
        let text = SeriesTable.text(of: ConvergenceTests.record().series)
        let index = HistogramIndex(HistogramLog(startTime: 0, entries: []))
        #expect(try SeriesTable.rows(text, index).count > 2)
        for (whole, isRead) in [("999999999999999", true), ("\(Int.max)", false)] {
            let changed = Self.changed(text, from: 2, whole, "1.5")
            #expect(((try? SeriesTable.rows(changed, index)) != nil) == isRead)
        }
    }

    @Test("A cell of the series may be quoted", arguments: [["a", "b,c", "d\"e\"", ""], ["", ""], ["x"]])
    func cells(cells: [String]) {
        let line = cells.map { SeriesTable.quoted($0) }.joined(separator: ",")
        #expect(CSVText.cells(in: line[...]) == cells)
    }
}
