import Basis
import Foundation
import TestSupport
import Testing

@testable import Metrics

/// The Python implementation of HdrHistogram (`pip install hdrhistogram`) as an independent reader and writer.
enum PythonHistograms {
    static let module = PythonModule("hdrh.log")
}

@Suite(
    "Histogram log, read and written by Python",
    .enabled("no python3 with the package hdrhistogram (pip install hdrhistogram)") {
        await PythonHistograms.module.interpreter != nil
    })
struct PythonInteroperabilityTests {
    /// Reads a log, prints for each tag: count, p50, p90, p99, p99.9, max; then writes the sum of all as a log line.
    static let script = """
        import sys
        from hdrh.log import HistogramLogReader
        from hdrh.histogram import HdrHistogram
        def fresh(): return HdrHistogram(64, 3600000000000, 3)
        reader = HistogramLogReader(sys.argv[1], fresh())
        total = fresh()
        while True:
            h = reader.get_next_interval_histogram()
            if h is None: break
            total.add(h)
            print(h.get_tag(), h.get_total_count(), *[h.get_value_at_percentile(p) for p in (50, 90, 99, 99.9, 100)])
        print("0.0,1.0,1.0," + total.encode().decode())
        """

    @Test("Python reads the same counts and percentiles, and what it merges we read as all values together")
    func pythonReadsAndMerges() async throws {
        // Thousands of values, so that every rank asked for is whole: Python rounds a fractional one to the nearest.
        let histograms = PercentileTests.shapes.indices.map {
            HistogramLogTests.histogram(PercentileTests.shapes[$0], count: 1000 * ($0 + 1), seed: UInt64($0))
        }
        let entries = histograms.enumerated().map { index, histogram in
            TaggedHistogram(
                tag: "interval/m\(index)", start: .seconds(Int64(index)), length: .seconds(1), histogram: histogram)
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString).hlog")
        try HistogramLog(startTime: 1_795_485_480, entries: entries).text
            .write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        var lines = try #require(try await PythonHistograms.module.lines(of: Self.script, [file.path]))
        let merged = try HistogramLog.read(lines.removeLast())
        #expect(lines.count == histograms.count)
        for (index, (line, histogram)) in zip(lines, histograms).enumerated() {
            let fields = line.split(separator: " ")
            #expect(fields.first == "interval/m\(index)")
            let numbers = fields.dropFirst().compactMap { UInt64($0) }
            #expect(numbers.first == histogram.count)
            let reported = histogram.values(atPercentiles: [50, 90, 99, 99.9, 100]).map(\.count.magnitude)
            for (theirs, ours) in zip(numbers.dropFirst(), reported) {
                #expect(
                    LatencyScale.bucket(holding: theirs) == LatencyScale.bucket(holding: ours), "\(line): \(reported)")
            }
        }
        let all = histograms.reduce(CompactHistogram.empty) { $0.merged(with: $1) }
        #expect(merged.entries.first.map { HistogramLogTests.haveEqualBuckets($0.histogram, all) } == true)
    }
}
