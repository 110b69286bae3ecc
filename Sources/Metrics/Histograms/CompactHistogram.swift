public import Basis

/// A histogram that is no longer recorded into, in few bytes: the counts as the HdrHistogram V2 interchange format
/// writes them (each count a zig-zag LEB128 number, a run of n empty buckets the number -n).
///
/// An interval of some hundred values needs a few hundred bytes instead of 216 KiB, so a series can keep one per row.
public struct CompactHistogram: Hashable, Sendable {
    /// The counts, in the V2 encoding, trailing empty buckets left out.
    let bytes: [UInt8]
    /// How many values it holds.
    public let count: UInt64
    /// The smallest value, in nanoseconds.
    public let lowest: UInt64
    /// The largest value, in nanoseconds.
    public let highest: UInt64

    /// No values.
    public static let empty = CompactHistogram(bytes: [], count: 0, lowest: 0, highest: 0)

    init(bytes: [UInt8], count: UInt64, lowest: UInt64, highest: UInt64) {
        self.bytes = bytes
        self.count = count
        self.lowest = lowest
        self.highest = highest
    }

    /// The counts of `histogram`. One pass over its buckets.
    public init(_ histogram: LatencyHistogram) {
        guard !histogram.isEmpty else {
            self = .empty
            return
        }
        var writer = BucketWriter()
        histogram.forEachBucket { writer.append(index: $0, count: $1) }
        let ends = histogram.ends
        self.init(bytes: writer.bytes, count: histogram.count, lowest: ends.lowest, highest: ends.highest)
    }

    /// The same values as both together hold.
    public func merged(with other: CompactHistogram) -> CompactHistogram {
        if other.count == 0 { return self }
        if count == 0 { return other }
        var writer = BucketWriter()
        var (mine, theirs) = (BucketReader(bytes.span), BucketReader(other.bytes.span))
        var (left, right) = (mine.next(), theirs.next())
        while left != nil || right != nil {
            let index = min(left?.index ?? .max, right?.index ?? .max)
            var sum: UInt64 = 0
            if let bucket = left, bucket.index == index {
                sum &+= bucket.count
                left = mine.next()
            }
            if let bucket = right, bucket.index == index {
                sum &+= bucket.count
                right = theirs.next()
            }
            writer.append(index: index, count: sum)
        }
        return CompactHistogram(
            bytes: writer.bytes, count: count &+ other.count,
            lowest: min(lowest, other.lowest), highest: max(highest, other.highest))
    }

    /// Hands over every bucket that is not empty, in rising order.
    @inline(__always)
    func forEachBucket(_ body: (_ index: Int, _ count: UInt64) -> Void) {
        var reader = BucketReader(bytes.span)
        while let bucket = reader.next() { body(bucket.index, bucket.count) }
    }

    /// The values at the given percentiles, in one pass.
    ///
    /// A percentile p is the value of rank ⌈p/100 · count⌉ (at least the first) of the sorted values, to the upper end
    /// of its bucket, and never beyond the largest value. Zero when empty.
    /// - Parameter percentiles: in rising order, each in 0...100.
    public func values(atPercentiles percentiles: [Double]) -> [Nanoseconds] {
        var values = [Nanoseconds](repeating: .zero, count: percentiles.count)
        guard count > 0 else { return values }
        let ranks = percentiles.map(rank)
        var (position, seen) = (0, UInt64(0))
        var reader = BucketReader(bytes.span)
        while position < percentiles.count, let bucket = reader.next() {
            seen &+= bucket.count
            while position < percentiles.count, seen >= ranks[position] {
                let value = min(LatencyScale.highestValue(at: bucket.index), highest)
                values[position] = Nanoseconds(Int64(clamping: max(value, lowest)))
                position += 1
            }
        }
        return values
    }

    /// The value at one percentile.
    public func value(atPercentile percentile: Double) -> Nanoseconds {
        values(atPercentiles: [percentile]).first ?? .zero
    }

    /// The mean, each value taken in the middle of its bucket; zero when empty.
    public var mean: Nanoseconds {
        guard count > 0 else { return .zero }
        var sum = 0.0
        forEachBucket { index, count in
            let middle =
                (Double(LatencyScale.lowestValue(at: index)) + Double(LatencyScale.highestValue(at: index) + 1)) / 2
            sum += middle * Double(count)
        }
        let mean = sum / Double(count)
        return Nanoseconds(Int64(max(min(mean, Double(highest)), Double(lowest))))
    }

    /// The share of values, in 0...1, that are at most `span`, to the width of a bucket.
    public func share(atMost span: Nanoseconds) -> Double {
        guard count > 0, span.count >= 0 else { return 0 }
        let last = LatencyScale.index(of: min(span.count.magnitude, LatencyScale.highest))
        var seen: UInt64 = 0
        forEachBucket { index, count in if index <= last { seen &+= count } }
        return Double(seen) / Double(count)
    }

    /// How many values lie above the bound before and at or below each bound, to the width of a bucket; what lies above
    /// the last one counts there. One pass over the buckets.
    /// - Parameter bounds: rising, at least one.
    public func counts(upTo bounds: [Nanoseconds]) -> [UInt64] {
        var counts = [UInt64](repeating: 0, count: bounds.count)
        guard !bounds.isEmpty else { return counts }
        let places = bounds.map { LatencyScale.index(of: min(max($0, .zero).count.magnitude, LatencyScale.highest)) }
        var position = 0
        forEachBucket { index, count in
            while position < places.count - 1, index > places[position] { position += 1 }
            counts[position] &+= count
        }
        return counts
    }

    /// The rank of a percentile among the sorted values, from 1. The tiny step down keeps a product such as 99.9 · 1000
    /// / 100, which binary fractions put just above 999, from asking for the next rank.
    private func rank(of percentile: Double) -> UInt64 {
        let exact = (min(max(percentile, 0), 100).nextDown * Double(count) / 100).rounded(.up)
        return min(max(UInt64(max(exact, 0)), 1), count)
    }
}

/// Writes bucket counts in the HdrHistogram V2 encoding.
struct BucketWriter {
    private var grown: [UInt8] = []
    private var nextIndex = 0

    /// What was written, in an array of just its size: one that has grown holds up to twice as much, and a series keeps
    /// thousands of them.
    var bytes: [UInt8] { grown.map { $0 } }

    /// Appends one bucket. Indices rise; counts are at least 1.
    mutating func append(index: Int, count: UInt64) {
        let gap = index - nextIndex
        if gap == 1 {
            append(0)
        } else if gap > 1 {
            append(-Int64(gap))
        }
        append(Int64(clamping: count))
        nextIndex = index + 1
    }

    /// A zig-zag LEB128 number of at most nine bytes: the ninth carries eight bits.
    private mutating func append(_ number: Int64) {
        var rest = UInt64(bitPattern: (number << 1) ^ (number >> 63))
        for _ in 0..<8 {
            if rest < 0x80 {
                grown.append(UInt8(rest))
                return
            }
            grown.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        grown.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// Reads what `BucketWriter`, or any other implementation of the format, wrote; ends at the first byte that makes no
/// sense.
struct BucketReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var position = 0
    private var nextIndex = 0
    /// Set when the bytes ended in the middle of a number, or pointed beyond any bucket.
    private(set) var isMalformed = false

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    @inline(__always)
    @_lifetime(self: copy self)
    mutating func next() -> (index: Int, count: UInt64)? {
        while position < bytes.count {
            // Most numbers are of one byte: counts below 64, and runs of up to 64 empty buckets.
            let byte = bytes[position]
            let number: Int64
            if byte < 0x80 {
                position += 1
                number = Int64(byte >> 1) ^ -Int64(byte & 1)
            } else {
                guard let long = nextLongNumber() else { return nil }
                number = long
            }
            guard number > 0 else {
                let run = number == 0 ? 1 : number.magnitude
                guard run <= UInt64(LatencyScale.bucketCount - nextIndex) else { return malformed() }
                nextIndex += Int(run)
                continue
            }
            guard nextIndex < LatencyScale.bucketCount else { return malformed() }
            nextIndex += 1
            return (nextIndex - 1, UInt64(number))
        }
        return nil
    }

    @inline(never)
    @_lifetime(self: copy self)
    private mutating func malformed() -> (index: Int, count: UInt64)? {
        position = bytes.count
        isMalformed = true
        return nil
    }

    @inline(never)
    @_lifetime(self: copy self)
    private mutating func nextLongNumber() -> Int64? {
        var (value, shift) = (UInt64(0), UInt64(0))
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if shift == 56 {
                value |= UInt64(byte) << shift
            } else {
                value |= UInt64(byte & 0x7F) << shift
                guard byte < 0x80 else {
                    shift += 7
                    continue
                }
            }
            return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
        }
        isMalformed = true
        return nil
    }
}
