public import Basis

/// A histogram, what it is of, and when: a line of a histogram log.
public struct TaggedHistogram: Hashable, Sendable {
    /// `total/<measure>`, `phase/<label>/<measure>`, `interval/<measure>` or `wave/<label>/<stage>`; after the
    /// measure the part of its values that is uncertain, such as `/at_least`. Empty in logs of other tools.
    public var tag: String
    /// From the start of the log.
    public var start: Nanoseconds
    public var length: Nanoseconds
    public var histogram: CompactHistogram

    public init(tag: String, start: Nanoseconds, length: Nanoseconds, histogram: CompactHistogram) {
        self.tag = tag
        self.start = start
        self.length = length
        self.histogram = histogram
    }

    /// The measures of a span, those left out that never occurred.
    static func cumulative(
        _ histograms: [BoundedHistogram], _ prefix: String, start: Nanoseconds, length: Nanoseconds
    ) -> [TaggedHistogram] {
        Measure.allCases.flatMap { measure in
            let bounded = histograms[measure.index]
            let tag = "\(prefix)/\(measure.name)"
            let parts = UncertainPart.allCases.map { ("\(tag)/\($0.name)", bounded[$0]) }
            return ([(tag, bounded.estimate)] + parts).filter { $0.1.count > 0 }.map { tag, histogram in
                TaggedHistogram(tag: tag, start: start, length: length, histogram: histogram)
            }
        }
    }

    /// The measures of a row of the series.
    static func interval(_ row: SeriesRow) -> [TaggedHistogram] {
        cumulative(row.histograms, "interval", start: row.start, length: row.length)
    }
}
