import Basis
import Testing

@testable import Metrics

@Suite("Histogram log")
struct HistogramLogTests {
    static func histogram(_ shape: Distribution, count: Int, seed: UInt64) -> CompactHistogram {
        CompactHistogram(recording(PercentileTests.draws(shape, count: count, seed: seed)))
    }

    static func recording(_ values: [Nanoseconds]) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for value in values { _ = histogram.record(value) }
        return histogram
    }

    /// The same buckets; the exact ends are not part of the format.
    static func haveEqualBuckets(_ left: CompactHistogram, _ right: CompactHistogram) -> Bool {
        left.bytes == right.bytes && left.count == right.count
    }

    @Test("What is written is read back, bucket for bucket", arguments: PercentileTests.shapes, [0, 1, 500])
    func roundTrip(shape: Distribution, count: Int) throws {
        let histogram = Self.histogram(shape, count: count, seed: 11)
        let log = HistogramLog(
            startTime: 1_795_485_480.25,
            entries: [
                TaggedHistogram(tag: "total/connect", start: .zero, length: .seconds(10), histogram: histogram),
                TaggedHistogram(tag: "", start: .seconds(3), length: .milliseconds(1001), histogram: histogram),
            ])
        let lineEndings = ["\n", "\r\n"]
        let read = try HistogramLog.read(log.text.replacing("\n", with: lineEndings[count % 2]))
        #expect(read.startTime == log.startTime)
        #expect(read.entries.map(\.tag) == ["total/connect", ""])
        #expect(read.entries.map(\.start) == [.zero, .seconds(3)])
        #expect(read.entries.map(\.length) == [.seconds(10), .milliseconds(1001)])
        for entry in read.entries {
            #expect(Self.haveEqualBuckets(entry.histogram, histogram))
            #expect(LatencyScale.bucket(holding: histogram.highest).contains(entry.histogram.highest) || count == 0)
        }
    }

    @Test("Merging logs of several runs equals recording all their values together", arguments: [UInt64(1), 2, 3])
    func mergingEqualsRecordingTogether(seed: UInt64) throws {
        let parts = (0..<4).map { part in
            PercentileTests.draws(
                PercentileTests.shapes[part], count: 200 * part + 1, seed: seed &* 31 &+ UInt64(part))
        }
        let logs = try parts.map { values in
            let histogram = CompactHistogram(Self.recording(values))
            let tags = ["total/connect", "phase/storm/connect", "interval/connect"]
            let entries = tags.map {
                TaggedHistogram(tag: $0, start: .zero, length: .seconds(1), histogram: histogram)
            }
            return try HistogramLog.read(HistogramLog(startTime: Double(seed), entries: entries).text)
        }
        let together = CompactHistogram(Self.recording(parts.flatMap { $0 }))
        let merged = HistogramLog.merge(logs)
        #expect(merged.entries.map(\.tag) == ["total/connect", "phase/storm/connect"])
        for entry in merged.entries {
            #expect(Self.haveEqualBuckets(entry.histogram, together))
            for percentile in [50, 90, 99, 99.9, 100] {
                let bucket = LatencyScale.bucket(holding: together.value(atPercentile: percentile).count.magnitude)
                #expect(bucket.contains(entry.histogram.value(atPercentile: percentile).count.magnitude))
            }
        }
        var accumulated = LatencyHistogram()
        for part in parts { accumulated.add(CompactHistogram(Self.recording(part))) }
        #expect(CompactHistogram(accumulated) == together)
    }

    @Test("Tags cannot break the line they stand in")
    func tagsAreTamed() throws {
        let entry = TaggedHistogram(tag: "phase/a b,c\nd/connect", start: .zero, length: .zero, histogram: .empty)
        let read = try HistogramLog.read(HistogramLog(startTime: 0, entries: [entry]).text)
        #expect(read.entries.map(\.tag) == ["phase/a_b_c_d/connect"])
    }

    @Test(
        "An invalid line is reported with its number and the cause",
        arguments: [
            ("1,2", HistogramLogError.Cause.notAnEntry),
            ("Tag=a,x,1,1,AAAA", .notAnEntry),
            ("0,1,1,!!!!", .notBase64),
            ("0,1,1,AAA", .notBase64),
            ("0,1,1,AAAAAAAAAAAAAAAA", .notCompressedV2),
            ("0,1,1,HISTFAAAAANhYmM=", .damaged),
            ("0,1,1,HISTFAAAAARhYmM=", .damaged),
        ])
    func damagedLines(line: String, cause: HistogramLogError.Cause) {
        #expect(throws: HistogramLogError(line: 2, cause: cause)) { try HistogramLog.read("#comment\n\(line)\n") }
    }

    @Test("Histograms with other buckets are refused, not added wrongly")
    func otherLayouts() throws {
        // Written by the Python implementation: HdrHistogram(1, 3600000000, 2) after recording 1000 once.
        let line = "0,1,1,HISTFAAAACN4nJNpmSzMwMDAzAABTFCaEURcm7yEwf4DROAzOxMAYagFhQ=="
        let error = #expect(throws: HistogramLogError.self) { try HistogramLog.read(line) }
        #expect(error?.cause == .otherLayout(lowest: 1, significantDigits: 2))
    }

    @Test("Any bytes are read or refused, never more", arguments: [UInt64(1), 2, 3, 4, 5])
    func anyBytes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let good = Array(HistogramCodec.encode(Self.histogram(PercentileTests.shapes[4], count: 300, seed: seed)).utf8)
        for _ in 0..<200 {
            var bytes = good
            for _ in 0...random.index(below: 4) {
                bytes[random.index(below: bytes.count)] = UInt8(random.index(below: 128))
            }
            _ = try? HistogramCodec.decode(String(decoding: bytes, as: UTF8.self))
            var counts = (0..<random.index(below: 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            counts.append(0x80)
            var reader = BucketReader(counts.span)
            var last = -1
            while let bucket = reader.next() {
                #expect(bucket.index > last && bucket.index < LatencyScale.bucketCount)
                last = bucket.index
            }
            let isMalformed = reader.isMalformed
            #expect(isMalformed)
        }
    }

    @Test(
        "Counts of any size survive their encoding",
        arguments: [1, 63, 64, 127, 128, 8191, 8192, 1 << 31, 1 << 55, 1 << 62, UInt64(Int64.max)])
    func largeCounts(count: UInt64) {
        var writer = BucketWriter()
        writer.append(index: 0, count: 1)
        writer.append(index: 2, count: count)
        writer.append(index: LatencyScale.bucketCount - 1, count: count)
        let bytes = writer.bytes
        var reader = BucketReader(bytes.span)
        var buckets: [[UInt64]] = []
        while let bucket = reader.next() { buckets.append([UInt64(bucket.index), bucket.count]) }
        let isMalformed = reader.isMalformed
        #expect(!isMalformed)
        #expect(buckets == [[0, 1], [2, count], [UInt64(LatencyScale.bucketCount - 1), count]])
    }
}
