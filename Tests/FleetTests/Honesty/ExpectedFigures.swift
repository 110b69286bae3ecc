import Basis
import Metrics
import Testing

/// One heartbeat as it went: when it was due, when it was sent, when its answer was there.
struct Exchange: Hashable, Sendable {
    var due: Instant
    var sent: Instant
    var answered: Instant

    /// What an agent on schedule would have waited.
    var responseTime: Nanoseconds { answered - due }
    /// What the server took.
    var serviceTime: Nanoseconds { answered - sent }
}

/// What a measure must show, from the raw values themselves: sorted and ranked, no histogram involved.
struct ExpectedFigures {
    /// In rising order.
    let values: [Nanoseconds]

    init(_ values: [Nanoseconds]) {
        self.values = values.sorted()
    }

    /// The value of rank ⌈n · permille / 1000⌉, in whole numbers.
    func value(atPermille permille: Int) -> Nanoseconds {
        guard !values.isEmpty else { return .zero }
        return values[min(max((permille * values.count + 999) / 1000, 1), values.count) - 1]
    }

    var longest: Nanoseconds { values.last ?? .zero }

    func count(above span: Nanoseconds) -> Int {
        values.count { $0 > span }
    }

    /// The width of the bucket that holds `span` in a histogram of three significant digits, 64 ns at least: a power of
    /// two that is no more than a 1024th of the value.
    static func bucketWidth(at span: Nanoseconds) -> Nanoseconds {
        max(Nanoseconds(span.count / 1024), Nanoseconds(64))
    }

    /// The percentiles that every summary shows, by permille.
    static let percentiles: [(permille: Int, name: String, path: Path)] = [
        (500, "p50", \.p50), (900, "p90", \.p90), (990, "p99", \.p99), (999, "p99.9", \.p999),
    ]

    typealias Path = any KeyPath<MeasureSummary, Nanoseconds> & Sendable

    /// Expects the reported figures to be these: the count and the maximum exactly, each percentile within its bucket.
    func expect(_ reported: MeasureSummary, sourceLocation: SourceLocation = #_sourceLocation) {
        let title = reported.measure.title
        #expect(reported.count == UInt64(values.count), "\(title), count", sourceLocation: sourceLocation)
        #expect(reported.max == longest, "\(title), max", sourceLocation: sourceLocation)
        for percentile in Self.percentiles {
            let expected = value(atPermille: percentile.permille)
            let figure = reported[keyPath: percentile.path]
            let error = max(figure - expected, expected - figure)
            #expect(
                error < Self.bucketWidth(at: expected),
                "\(title), \(percentile.name): reported \(figure), the script says \(expected)",
                sourceLocation: sourceLocation)
        }
    }
}
