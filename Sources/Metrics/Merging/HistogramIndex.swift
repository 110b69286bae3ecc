public import Basis

/// The entries of a histogram log by what they are of.
public struct HistogramIndex: Sendable {
    private let byTag: [String: CompactHistogram]
    /// Of each row of the series, by the thousandth of a second at which it starts.
    private let byRow: [Int64: [String: CompactHistogram]]

    public init(_ log: HistogramLog) {
        var byTag: [String: CompactHistogram] = [:]
        var byRow: [Int64: [String: CompactHistogram]] = [:]
        let prefix = "interval/"
        for entry in log.entries {
            if entry.tag.hasPrefix(prefix) {
                let tag = String(entry.tag.dropFirst(prefix.count))
                let start = Self.milliseconds(entry.start)
                byRow[start, default: [:]][tag] = byRow[start]?[tag]?.merged(with: entry.histogram) ?? entry.histogram
            } else {
                byTag[entry.tag] = byTag[entry.tag]?.merged(with: entry.histogram) ?? entry.histogram
            }
        }
        self.byTag = byTag
        self.byRow = byRow
    }

    /// What one tag has; empty where there is none.
    public subscript(tag: String) -> CompactHistogram { byTag[HistogramLog.tag(tag)] ?? .empty }

    /// Every measure under a prefix such as `total` or `phase/steady`, by `Measure.index`.
    public func measures(_ prefix: String) -> [BoundedHistogram] {
        Measure.allCases.map { measure in
            BoundedHistogram(estimate: self["\(prefix)/\(measure.name)"]) {
                self["\(prefix)/\(measure.name)/\($0.name)"]
            }
        }
    }

    /// Every measure of the row of the series that starts at a time.
    public func row(at start: Nanoseconds) -> [BoundedHistogram] {
        let row = byRow[Self.milliseconds(start)] ?? [:]
        return Measure.allCases.map { measure in
            BoundedHistogram(estimate: row[measure.name] ?? .empty) { row["\(measure.name)/\($0.name)"] ?? .empty }
        }
    }

    private static func milliseconds(_ span: Nanoseconds) -> Int64 { Int64((span.seconds * 1e3).rounded()) }
}

extension BoundedHistogram {
    /// From the parts that a histogram log has.
    init(estimate: CompactHistogram, part: (UncertainPart) -> CompactHistogram) {
        let parts = UncertainPart.allCases.map(part)
        self.init(estimate: estimate, parts: parts.contains { $0.count > 0 } ? parts : [])
    }

    /// The same values, with the exact ends of the likeliest readings.
    package func withEnds(lowest: UInt64?, highest: UInt64?) -> BoundedHistogram {
        BoundedHistogram(estimate: estimate.withEnds(lowest: lowest, highest: highest), parts: parts)
    }
}
