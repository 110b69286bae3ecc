import Basis

extension CompactHistogram {
    /// The values, each later by `span`: exact to the width of a bucket, because a bucket does not say where in it its
    /// values are.
    func shifted(by span: Nanoseconds) -> CompactHistogram {
        guard count > 0, span != .zero else { return self }
        func moved(_ value: UInt64) -> UInt64 {
            let sum = Nanoseconds(Int64(clamping: value)) + span
            return min(UInt64(max(sum.count, 0)), LatencyScale.highest)
        }
        var counts: [(index: Int, count: UInt64)] = []
        forEachBucket { bucket, count in
            let middle = LatencyScale.lowestValue(at: bucket) / 2 + LatencyScale.highestValue(at: bucket) / 2
            let index = LatencyScale.index(of: moved(middle))
            if let last = counts.last, last.index == index {
                counts[counts.count - 1].count &+= count
            } else {
                counts.append((index, count))
            }
        }
        var writer = BucketWriter()
        for (index, count) in counts { writer.append(index: index, count: count) }
        return CompactHistogram(bytes: writer.bytes, count: count, lowest: moved(lowest), highest: moved(highest))
    }

    /// The same counts, with the exact ends that a histogram log does not have.
    package func withEnds(lowest: UInt64?, highest: UInt64?) -> CompactHistogram {
        guard count > 0 else { return self }
        return CompactHistogram(
            bytes: bytes, count: count, lowest: lowest ?? self.lowest, highest: highest ?? self.highest)
    }
}

extension CompactHistogram {
    /// The same counts, with the largest value that the text of a log gives, where that is in the last bucket.
    func endingAt(milliseconds: Double) -> CompactHistogram {
        guard milliseconds >= 0, milliseconds * 1e6 <= Double(LatencyScale.highest) else { return self }
        let value = UInt64((milliseconds * 1e6).rounded())
        guard LatencyScale.index(of: value) == LatencyScale.index(of: highest) else { return self }
        return withEnds(lowest: min(lowest, value), highest: value)
    }
}
