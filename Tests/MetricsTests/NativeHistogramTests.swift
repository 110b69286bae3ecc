import Basis
import Foundation
import Prometheus
import TestSupport
import Testing

@testable import Metrics

@Suite("Native histograms for Prometheus")
struct NativeHistogramTests {
    private static func draws(_ seed: UInt64) -> [Nanoseconds] {
        var random = SeededRandom(seed: seed, stream: 0)
        let spread = Distribution.logNormal(
            median: .microseconds(Int64(1) << (seed * 3)), sigma: 0.05 + Double(seed) / 2)
        // No histogram holds more than an hour.
        return (0..<3_000).map { _ in min(spread.draw(&random), .seconds(3_600)) }
    }

    private static func compact(_ values: [Nanoseconds]) -> CompactHistogram {
        CompactHistogram(HistogramLogTests.recording(values))
    }

    /// The upper end of a bucket, in seconds.
    private static func end(_ index: Int, _ schema: Int) -> Double {
        (Double(index) / Double(1 << schema) * 2.0.naturalLogarithm).exponential
    }

    @Test("Every value counts once, within half a bucket of ours of where it was", arguments: 0..<8)
    func counted(seed: UInt64) {
        let values = Self.draws(seed) + [.zero, Nanoseconds(63), Nanoseconds(64), .seconds(3_600)]
        let native = NativeBuckets(Self.compact(values))
        #expect(native.zeroCount + native.buckets.reduce(0) { $0 + $1.count } == UInt64(values.count))
        #expect(native.buckets.count <= NativeBuckets.maxBuckets && (0...8).contains(native.schema))
        #expect(zip(native.buckets, native.buckets.dropFirst()).allSatisfy { $0.index < $1.index })
        #expect(native.zeroCount == UInt64(values.count { $0 < Nanoseconds(64) }))
        #expect(native.buckets.allSatisfy { Self.end($0.index - 1, native.schema) > native.zeroThreshold * 0.999 })
        var below = native.zeroCount
        for bucket in native.buckets {
            below += bucket.count
            let end = Self.end(bucket.index, native.schema)
            let slack = 0.0005 * end + 33e-9
            #expect(UInt64(values.count { $0.seconds <= end - slack }) <= below)
            #expect(below <= UInt64(values.count { $0.seconds <= end + slack }))
        }
    }

    @Test("More values never make the schema finer, and no bucket of the coarser one loses a value", arguments: 0..<6)
    func growing(seed: UInt64) {
        let values = Self.draws(seed)
        let (few, many) = (Array(values.prefix(40)), values + Self.draws(seed + 2))
        let (first, second) = (NativeBuckets(Self.compact(few)), NativeBuckets(Self.compact(many)))
        #expect(second.schema <= first.schema)
        var counts: [Int: UInt64] = [:]
        for bucket in second.buckets { counts[bucket.index] = bucket.count }
        var merged: [Int: UInt64] = [:]
        for bucket in first.buckets {
            var index = bucket.index
            for _ in second.schema..<first.schema { index = (index + 1) >> 1 }
            merged[index, default: 0] += bucket.count
        }
        #expect(merged.allSatisfy { counts[$0.key] ?? 0 >= $0.value })
    }

    @Test("Nothing has no bucket")
    func empty() {
        let native = NativeBuckets(.empty)
        #expect(native.buckets.isEmpty && native.zeroCount == 0)
    }

    /// A run with values of several measures, some of them known only within bounds.
    static func snapshot(_ seed: UInt64) -> Snapshot {
        let exchange = IntervalExchange(cohorts: 2)
        let shard = ShardMetrics(exchange: exchange)
        let recorder = RunRecorder(start: .zero, exchanges: [exchange], cohorts: ["a", "b"])
        let former = shard.enter(cohort: 0)
        for (measure, values) in zip(Measure.allCases, (0..<4).map { draws((seed + $0) % 8) }) {
            for value in values { shard.record(measure, value) }
        }
        shard.count(.reset, Int(seed))
        shard.leave(for: former)
        shard.publish()
        return recorder.tick(at: .zero + .seconds(1), process: .idle)
    }

    /// Prints what Python's Protocol Buffers read of a page by the published description of its messages.
    private static let script = """
        import sys
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
        from google.protobuf.internal.decoder import _DecodeVarint32
        package = 'io.prometheus.client'
        file = descriptor_pb2.FileDescriptorProto(name='metrics.proto', package=package, syntax='proto2')
        types = {'double': 1, 'uint64': 4, 'string': 9, 'uint32': 13, 'sint32': 17, 'sint64': 18}
        kinds = file.enum_type.add(name='MetricType')
        for number, name in enumerate('COUNTER GAUGE SUMMARY UNTYPED HISTOGRAM GAUGE_HISTOGRAM'.split()):
            kinds.value.add(name=name, number=number)
        def message(name, text):
            made = file.message_type.add(name=name)
            for field in text.split(','):
                number, kind, name = field.split()
                many, kind = kind[0] == '*', kind.lstrip('*')
                field = made.field.add(name=name, number=int(number), label=3 if many else 1)
                if kind in types: field.type = types[kind]
                else:
                    field.type = 14 if kind == 'MetricType' else 11
                    field.type_name = f'.{package}.{kind}'
        message('LabelPair', '1 string name,2 string value')
        message('Gauge', '1 double value')
        message('Counter', '1 double value')
        message('Quantile', '1 double quantile,2 double value')
        message('Summary', '1 uint64 sample_count,2 double sample_sum,3 *Quantile quantile')
        message('Bucket', '1 uint64 cumulative_count,4 double cumulative_count_float,2 double upper_bound')
        message('BucketSpan', '1 sint32 offset,2 uint32 length')
        message('Histogram', '1 uint64 sample_count,4 double sample_count_float,2 double sample_sum,3 *Bucket bucket,'
                '5 sint32 schema,6 double zero_threshold,7 uint64 zero_count,8 double zero_count_float,'
                '9 *BucketSpan negative_span,10 *sint64 negative_delta,11 *double negative_count,'
                '12 *BucketSpan positive_span,13 *sint64 positive_delta,14 *double positive_count')
        message('Metric', '1 *LabelPair label,2 Gauge gauge,3 Counter counter,4 Summary summary,'
                '7 Histogram histogram,6 sint64 timestamp_ms')
        message('MetricFamily', '1 string name,2 string help,3 MetricType type,4 *Metric metric,5 string unit')
        pool = descriptor_pool.DescriptorPool()
        pool.Add(file)
        Family = message_factory.GetMessageClass(pool.FindMessageTypeByName(package + '.MetricFamily'))
        \(PythonModule.unknownFields)
        page, at, families, strange = bytes.fromhex(''.join(sys.argv[1:])), 0, {}, 0
        while at < len(page):
            length, at = _DecodeVarint32(page, at)
            family = Family()
            family.ParseFromString(page[at:at + length])
            at += length
            strange += unknown(family)
            families[family.name] = family
        print('unknown', strange)
        def samples(name, labels, value):
            pairs = ','.join('%s="%s"' % pair for pair in labels)
            print(name + ('{' + pairs + '}' if pairs else ''), repr(float(value)).replace('inf', '+Inf'))
        for family in families.values():
            kind = kinds.value[family.type].name.lower()
            print('#', family.name, kind)
            for metric in family.metric:
                labels = [(l.name, l.value) for l in metric.label]
                if kind in ('counter', 'gauge'): samples(family.name, labels, getattr(metric, kind).value); continue
                value = getattr(metric, kind)
                for part in value.quantile if kind == 'summary' else value.bucket:
                    if kind == 'summary': samples(family.name, labels + [('quantile', part.quantile)], part.value)
                    else:
                        end = '+Inf' if part.upper_bound == float('inf') else part.upper_bound
                        samples(family.name + '_bucket', labels + [('le', end)], part.cumulative_count)
                samples(family.name + '_sum', labels, value.sample_sum)
                samples(family.name + '_count', labels, value.sample_count)
                if kind != 'histogram': continue
                deltas, count, index, total = list(value.positive_delta), 0, 0, value.zero_count
                ends = []
                for span in value.positive_span:
                    index += span.offset
                    for _ in range(span.length):
                        count += deltas.pop(0)
                        total += count
                        ends.append((2 ** (index * 2 ** -value.schema), total))
                        index += 1
                def quantile(share):
                    return next(end for end, below in ends if below >= share * total)
                base = 2 ** (2 ** -value.schema)
                twin = {q.quantile: q.value for q in
                        families[family.name.replace('_distribution', '')].metric[0].summary.quantile}
                close = all(twin[q] / base * 0.998 - 1e-7 <= quantile(q) <= twin[q] * base * 1.002 + 1e-7
                            for q in twin)
                print('native', total == value.sample_count, not deltas, close)
        """

    private static let module = PythonModule("google.protobuf.message_factory")

    @Test(
        "Python's Protocol Buffers read what the text has, and the same counts and quantiles in native buckets",
        .enabled("no python3 with the package protobuf (pip install protobuf)") {
            await NativeHistogramTests.module.interpreter != nil
        }, arguments: 0..<8)
    func python(seed: UInt64) async throws {
        let snapshot = Self.snapshot(seed)
        let hex = PrometheusPage.body(for: snapshot, as: .protobuf).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        // No argument is longer than 128 KiB.
        let arguments = stride(from: 0, to: hex.count, by: 50_000).map { start in
            hex[start..<min(start + 50_000, hex.count)].joined()
        }
        let lines = try #require(try await Self.module.lines(of: Self.script, arguments))
        #expect(lines.first == "unknown 0")
        let natives = lines.filter { $0.hasPrefix("native") }
        #expect(natives.count >= 4 && Set(natives) == ["native True True True"])
        let read = lines.dropFirst().filter { !$0.hasPrefix("native") }
        let text = snapshot.prometheusText.split(separator: "\n").filter { !$0.hasPrefix("# HELP ") }.map { line in
            line.hasPrefix("# TYPE ") ? "# " + line.dropFirst(7) : String(line)
        }
        #expect(read.count == text.count)
        for (one, other) in zip(read, text) where !Self.areEqual(one, other) {
            Issue.record("Python reads \(one), the text has \(other)")
        }
    }

    /// Whether the names are the same and the numbers equal: each language writes them in its own way.
    private static func areEqual(_ one: String, _ other: String) -> Bool {
        let parts = [one, other].map { $0.split(separator: " ") }
        guard parts[0].count == parts[1].count, parts[0].dropLast() == parts[1].dropLast() else { return false }
        let numbers = parts.map { $0.last.flatMap { Double($0) } }
        return parts[0].last == parts[1].last || (numbers[0] != nil && numbers[0] == numbers[1])
    }
}
