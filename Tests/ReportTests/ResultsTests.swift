import Basis
import Foundation
import Metrics
import Testing

@testable import Report

@Suite("Results directory")
struct ResultsTests {
    /// A directory of its own, removed afterwards.
    static func inTemporaryDirectory(_ body: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }

    static func read(_ name: String, in directory: ResultsDirectory) throws -> String {
        try String(contentsOf: URL(fileURLWithPath: directory.path).appendingPathComponent(name), encoding: .utf8)
    }

    @Test("Every file is there, whole, and parses; nothing else is")
    func filesAreWritten() throws {
        try Self.inTemporaryDirectory { url in
            let directory = try ResultsDirectory.create(in: url.appendingPathComponent("a/b").path, run: "run")
            let record = SampleRun.record()
            try directory.write(record)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
            #expect(names == ["histograms.hlog", "profile.yaml", "report.html", "series.csv", "summary.json"])
            #expect(try Self.read("profile.yaml", in: directory) == record.profile)
            let summary = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/summary.json"))
            #expect(try SummaryDocument(json: summary) == SummaryDocument(record.summary))
            let log = try HistogramLog.read(Self.read("histograms.hlog", in: directory))
            #expect(log.entries.count == record.histograms.count)
            #expect(log.startTime == SampleRun.identity.startedAt)
            let rows = try Self.read("series.csv", in: directory).split(separator: "\n")
            #expect(rows.count == record.series.count + 1)
        }
    }

    @Test("A run whose name is in use gets a number")
    func namesAreUnique() throws {
        try Self.inTemporaryDirectory { url in
            let runs = try (0..<3).map { _ in try ResultsDirectory.create(in: url.path, run: "same").run }
            #expect(runs == ["same", "same-2", "same-3"])
        }
    }

    @Test("The summary has its documented keys")
    func summaryKeys() throws {
        let data = try SummaryDocument(SampleRun.record(SampleRun.Options(cpu: 0.96)).summary).json()
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["schema"] as? String == "muster/summary")
        #expect(object["schema_version"] as? Int == 3)
        let expected: Set = [
            "schema", "schema_version", "run", "outcome", "duration_seconds", "verdict", "agents", "health", "counters",
            "errors",
            "named", "measures", "phases", "waves", "transitions", "process", "reconciliation", "warnings", "steady",
            "cohorts",
        ]
        #expect(Set(object.keys) == expected)
        let verdict = try #require(object["verdict"] as? [String: Any])
        #expect(verdict["level"] as? String == "tool-bound")
        #expect((verdict["headline"] as? String)?.hasPrefix(Verdict.headlineStart) == true)
        let measures = try #require(object["measures"] as? [String: [String: Any]])
        #expect(Set(measures.keys) == Set(Measure.allCases.map(\.name)))
        #expect(measures["tls_handshake"]?.keys.sorted() == ["count"])
        #expect(
            measures["heartbeat_response"]?.keys.sorted()
                == ["count", "max_ms", "mean_ms", "min_ms", "p50_ms", "p90_ms", "p999_ms", "p99_ms"])
        let errors = try #require(object["errors"] as? [String: [String: Any]])
        #expect(errors["connect_refused"]?["count"] as? Int == 80)
        #expect(errors["connect_refused"]?["fault"] as? String == "network")
        #expect(Set(errors.keys) == Set(Counter.errors.map(\.name)))
        let phases = try #require(object["phases"] as? [[String: Any]])
        #expect(phases.compactMap { $0["label"] as? String } == ["arrival", "steady", "storm", "drain"])
    }

    @Test("Every line of the series has every column; what did not occur is empty, not zero")
    func seriesColumns() throws {
        let lines = SeriesTable.text(of: SampleRun.record().series).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let header = try #require(lines.first)
        #expect(header == SeriesTable.columns)
        #expect(Set(header).count == header.count)
        #expect(lines.allSatisfy { $0.count == header.count })
        let column = try #require(header.firstIndex(of: "tls_handshake_p99_ms"))
        #expect(lines.dropFirst().allSatisfy { $0[column].isEmpty })
        let heartbeats = try #require(header.firstIndex(of: "heartbeats"))
        #expect(lines.dropFirst().compactMap { Int($0[heartbeats]) }.reduce(0, +) == 8900)
    }

    @Test(
        "Cells with commas, quotes or line breaks are quoted",
        arguments: [("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("a\nb", "\"a\nb\"")])
    func quoting(text: String, cell: String) {
        #expect(SeriesTable.quoted(text) == cell)
    }

    @Test("A directory that cannot be created is named, with its cause and a remedy")
    func unwritablePlaces() throws {
        try Self.inTemporaryDirectory { url in
            let file = url.appendingPathComponent("file")
            try Data().write(to: file)
            for path in [file.path, file.path + "/below"] {
                let error = #expect(throws: ResultsError.self) { try ResultsDirectory.create(at: path) }
                #expect(error == .file(FileError(.create, path, .notADirectory)))
                #expect(error?.description.contains("exists and is not a directory") == true)
                #expect(error?.description.contains("--out") == true)
            }
        }
    }

    @Test("Where a file of the results cannot be written, the others are, and the summary names it")
    func othersAreWritten() throws {
        try Self.inTemporaryDirectory { url in
            let directory = try ResultsDirectory.create(in: url.path, run: "r")
            try FileManager.default.createDirectory(
                atPath: directory.path + "/series.csv/x", withIntermediateDirectories: true)
            let errors = #expect(throws: ResultsErrors.self) { try directory.write(SampleRun.record()) }
            #expect(errors?.list == [.file(FileError(.write, directory.path + "/series.csv", .isADirectory))])
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(names.contains("report.html") && names.allSatisfy { !$0.hasSuffix(".part") })
            let summary = try SummaryDocument(
                json: Data(contentsOf: URL(fileURLWithPath: directory.path + "/summary.json")))
            #expect(summary.missingFiles == ["series.csv"])
        }
    }

    @Test("Disk space for the summary is reserved at the start of the run, and freed if it ends without one")
    func roomIsReserved() throws {
        try Self.inTemporaryDirectory { url in
            let draft = url.path + "/r/.summary.json.part"
            do {
                let directory = try ResultsDirectory.create(in: url.path, run: "r")
                let size = try FileManager.default.attributesOfItem(atPath: draft)[.size] as? Int
                #expect(size == ResultsDirectory.summaryBytes)
                directory.abandon()
            }
            #expect(!FileManager.default.fileExists(atPath: url.path + "/r"))
        }
    }

    @Test("A directory that a run is using is refused, and free when that run has ended")
    func directoryIsLocked() throws {
        try Self.inTemporaryDirectory { url in
            let path = url.path + "/same"
            do {
                let first = try ResultsDirectory.create(at: path)
                let error = #expect(throws: ResultsError.self) {
                    try ResultsDirectory.create(at: path, replacing: true)
                }
                let process = ProcessInfo.processInfo.processIdentifier
                #expect(error == .inUse(path: first.path, by: "process \(process)"))
            }
            _ = try ResultsDirectory.create(at: path)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        }
    }

    @Test("Results of another run are refused, or replaced whole; files that are no results stay")
    func otherResults() throws {
        try Self.inTemporaryDirectory { url in
            for name in ["waves.csv", "profile.yaml", "mine.txt"] {
                try Data("old".utf8).write(to: url.appendingPathComponent(name))
            }
            let error = #expect(throws: ResultsError.self) { try ResultsDirectory.create(at: url.path) }
            #expect(error == .holdsAnotherRun(path: url.path, files: ["waves.csv", "profile.yaml"]))
            #expect(FileManager.default.fileExists(atPath: url.path + "/waves.csv"))
            let directory = try ResultsDirectory.create(at: url.path, replacing: true)
            try directory.write(SampleRun.record())
            let names = try FileManager.default.contentsOfDirectory(atPath: url.path).filter { !$0.hasPrefix(".") }
            #expect(
                names.sorted() == [
                    "histograms.hlog", "mine.txt", "profile.yaml", "report.html", "series.csv", "summary.json",
                ])
        }
    }
}
