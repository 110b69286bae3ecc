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
struct BucketReader {
    private let bytes: [UInt8]
    private var position = 0
    private var nextIndex = 0
    /// Set when the bytes ended in the middle of a number, or pointed beyond any bucket.
    private(set) var isMalformed = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func next() -> (index: Int, count: UInt64)? {
        while position < bytes.count, let number = nextNumber() {
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

    private mutating func malformed() -> (index: Int, count: UInt64)? {
        position = bytes.count
        isMalformed = true
        return nil
    }

    private mutating func nextNumber() -> Int64? {
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
