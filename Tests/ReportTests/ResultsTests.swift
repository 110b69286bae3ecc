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
        try String(contentsOf: directory.url.appendingPathComponent(name), encoding: .utf8)
    }

    @Test("Every file is there, whole, and parses; nothing else is")
    func filesAreWritten() throws {
        try Self.inTemporaryDirectory { url in
            let directory = try ResultsDirectory.create(in: url.appendingPathComponent("a/b").path, run: "run")
            let record = SampleRun.record()
            try directory.write(record)
            try directory.write(record)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path).sorted()
            #expect(names == ["histograms.hlog", "profile.yaml", "report.html", "series.csv", "summary.json"])
            #expect(try Self.read("profile.yaml", in: directory) == record.profile)
            let summary = try Data(contentsOf: directory.url.appendingPathComponent("summary.json"))
            #expect(try SummaryDocument(json: summary) == SummaryDocument(record.summary))
            let log = try HistogramLog.read(Self.read("histograms.hlog", in: directory))
            #expect(log.entries.count == record.histograms.count)
            #expect(log.startTime == SampleRun.identity.startedAt)
            let rows = try Self.read("series.csv", in: directory).split(separator: "\n")
            #expect(rows.count == record.series.count + 1)
        }
    }

    @Test("A run of a name that is taken gets a number")
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
        #expect(object["schema_version"] as? Int == 1)
        let expected: Set = [
            "schema", "schema_version", "run", "outcome", "duration_seconds", "verdict", "agents", "health", "counters",
            "errors",
            "named", "measures", "phases", "waves", "transitions", "process", "reconciliation",
        ]
        #expect(Set(object.keys) == expected)
        let verdict = try #require(object["verdict"] as? [String: Any])
        #expect(verdict["level"] as? String == "saturated")
        #expect((verdict["headline"] as? String)?.hasPrefix("GENERATOR SATURATED") == true)
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

    @Test("A place that cannot be written is named, with its cause and a remedy")
    func unwritablePlaces() throws {
        try Self.inTemporaryDirectory { url in
            let file = url.appendingPathComponent("file")
            try Data().write(to: file)
            let inTheWay = #expect(throws: ResultsError.self) { try ResultsDirectory.create(in: file.path, run: "r") }
            #expect(inTheWay?.path == file.path)
            #expect(inTheWay?.cause == .notADirectory, "\(String(describing: inTheWay))")

            let gone = try ResultsDirectory.create(in: url.path, run: "gone")
            try FileManager.default.removeItem(at: gone.url)
            let missing = #expect(throws: ResultsError.self) { try gone.write(SampleRun.record()) }
            #expect(missing?.cause == .missingParent, "\(String(describing: missing))")
            #expect(missing?.path.hasSuffix("gone/profile.yaml") == true)
        }
    }

    @Test("A file that cannot be put in its place leaves no draft behind")
    func noDraftIsLeft() throws {
        try Self.inTemporaryDirectory { url in
            let directory = try ResultsDirectory.create(in: url.path, run: "r")
            let blocked = directory.url.appendingPathComponent("series.csv/x")
            try FileManager.default.createDirectory(at: blocked, withIntermediateDirectories: true)
            #expect(throws: ResultsError.self) { try directory.write(SampleRun.record()) }
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
            #expect(names.allSatisfy { !$0.hasSuffix(".part") })
        }
    }

    @Test(
        "Errors of the file system become causes with a remedy of their own",
        arguments: [
            (POSIXErrorCode.ENOSPC, ResultsError.Cause.diskFull), (.EDQUOT, .diskFull), (.EACCES, .notWritable),
            (.EPERM, .notWritable), (.EROFS, .readOnlyVolume), (.ENOTDIR, .notADirectory), (.ENOENT, .missingParent),
        ])
    func causes(code: POSIXErrorCode, cause: ResultsError.Cause) {
        let error = ResultsError(path: "/x/y", POSIXError(code))
        #expect(error.cause == cause)
        #expect(error.description.hasPrefix("/x/y: "))
    }

    @Test(
        "Foundation's own names for the same causes are known",
        arguments: [
            (CocoaError.Code.fileWriteOutOfSpace, ResultsError.Cause.diskFull), (.fileWriteNoPermission, .notWritable),
            (.fileWriteVolumeReadOnly, .readOnlyVolume), (.fileNoSuchFile, .missingParent),
        ])
    func foundationCauses(code: CocoaError.Code, cause: ResultsError.Cause) {
        #expect(ResultsError(path: "/x", CocoaError(code)).cause == cause)
    }
}
