import Protobuf
import Testing

@testable import Prometheus

/// Pages of messages, read again.
enum MessagePages {
    static func families(in page: [UInt8]) throws -> [MetricFamily] {
        var families: [MetricFamily] = []
        var rest = page[...]
        while !rest.isEmpty {
            var (length, shift) = (0, 0)
            repeat {
                length |= Int(rest.first! & 0x7F) << shift
                shift += 7
            } while rest.removeFirst() >= 0x80
            families.append(try MetricFamily(decoding: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return families
    }

    /// The exponential buckets that spans and deltas describe.
    static func buckets(of histogram: HistogramMessage) -> [NativeBuckets.Bucket] {
        var deltas = varints(histogram.positiveDeltas)[...]
        var (next, count) = (0, 0)
        return histogram.positiveSpans.flatMap { span in
            next += signed(UInt64(span.offset))
            return (0..<span.length).map { _ in
                count += signed(deltas.removeFirst())
                defer { next += 1 }
                return NativeBuckets.Bucket(index: next, count: UInt64(count))
            }
        }
    }

    private static func signed(_ value: UInt64) -> Int { Int(value >> 1) ^ -Int(value & 1) }

    private static func varints(_ bytes: [UInt8]) -> [UInt64] {
        var (values, value, shift) = ([UInt64](), UInt64(0), UInt64(0))
        for byte in bytes {
            value |= UInt64(byte & 0x7F) << shift
            shift += 7
            guard byte < 0x80 else { continue }
            values.append(value)
            (value, shift) = (0, 0)
        }
        return values
    }
}

@Suite("A page of Prometheus's messages")
struct MessagePageTests {
    @Test("Numbers, labels and quantiles come back as they were given")
    func values() throws {
        let page = ExpositionFormat.protobuf.page([
            ExposedFamily("a_total", .counter, "A.", 3),
            ExposedFamily(
                "b", .gauge, "B.",
                [.init([.init("x", "1\n"), .init("y", "\"")], .number(-0.5)), .init([], .number(0))]),
            ExposedFamily("c", .summary, "C.", [.init([], .summary(count: 4, sum: 2, [.init(0.5, 0.25)]))]),
        ])
        let expected = [
            MetricFamily(
                name: "a_total", help: "A.", type: .counter, metrics: [MetricMessage(counter: CounterMessage(value: 3))]
            ),
            MetricFamily(
                name: "b", help: "B.", type: .gauge,
                metrics: [
                    MetricMessage(
                        labels: [LabelPair(name: "x", value: "1\n"), LabelPair(name: "y", value: "\"")],
                        gauge: GaugeMessage(value: -0.5)),
                    MetricMessage(gauge: GaugeMessage(value: 0)),
                ]),
            MetricFamily(
                name: "c", help: "C.", type: .summary,
                metrics: [
                    MetricMessage(
                        summary: SummaryMessage(
                            sampleCount: 4, sampleSum: 2, quantiles: [Quantile(quantile: 0.5, value: 0.25)]))
                ]),
        ]
        #expect(try MessagePages.families(in: page) == expected)
    }

    @Test(
        "Buckets of a native histogram come back whatever is left out between them",
        arguments: [
            [], [(0, 1)], [(1, 1)], [(-5, 3), (-4, 2), (-2, 9)], [(0, 7), (1, 7), (300, 1), (301, 1 << 40)],
            [(-6_000, 1), (3_000, 2)],
        ] as [[(index: Int, count: UInt64)]])
    func native(buckets: [(index: Int, count: UInt64)]) throws {
        let native = NativeBuckets(
            schema: 3, zeroThreshold: 0.5, zeroCount: 2,
            buckets: buckets.map { .init(index: $0.index, count: $0.count) })
        let page = ExpositionFormat.protobuf.page([
            ExposedFamily(
                "d", .histogram, "D.",
                [
                    .init(
                        [],
                        .distribution(
                            .init(
                                count: 9, sum: 1.5, buckets: [.init(bound: 1, cumulative: 4)], native: native)))
                ])
        ])
        let histogram = try #require(try MessagePages.families(in: page).first?.metrics.first?.histogram)
        #expect(histogram.sampleCount == 9 && histogram.sampleSum == 1.5)
        #expect(
            histogram.buckets == [
                Bucket(cumulativeCount: 4, upperBound: 1), Bucket(cumulativeCount: 9, upperBound: .infinity),
            ])
        #expect(histogram.schema == 6 && histogram.zeroThreshold == 0.5 && histogram.zeroCount == 2)
        #expect(MessagePages.buckets(of: histogram) == native.buckets)
    }
}
