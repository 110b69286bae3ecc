/// Which agents are to be looked at in which second of a run: one bucket a second, and a bitmap of those that hold
/// something. Entries are never removed; whoever reads one checks whether it still holds. Appending and taking are
/// O(1), the next occupied second is found at 64 seconds a step.
struct TimeWheel {
    private var buckets: [[UInt32]]
    private var occupied: [UInt64]
    /// Of each second, how many attempts to connect are known to fall into it.
    private(set) var attempts: [UInt32]
    /// Buckets that were read, for their memory.
    private var spare: [[UInt32]] = []

    private static let spareLimit = 64

    init(seconds: Int) {
        buckets = Array(repeating: [], count: seconds)
        occupied = Array(repeating: 0, count: seconds / 64 + 1)
        attempts = Array(repeating: 0, count: seconds)
    }

    @inline(__always)
    mutating func append(_ entry: UInt32, second: Int) {
        if buckets[second].isEmpty {
            occupied[second >> 6] |= 1 << UInt64(second & 63)
            if buckets[second].capacity == 0, let bucket = spare.popLast() { buckets[second] = bucket }
        }
        buckets[second].append(entry)
    }

    @inline(__always)
    mutating func expectAttempt(second: Int) { attempts[second] += 1 }

    /// One that was expected will not be made.
    mutating func cancelAttempt(second: Int) { attempts[second] -= 1 }

    /// The entries of a second, which leave the wheel.
    mutating func take(second: Int) -> [UInt32] {
        guard !buckets[second].isEmpty else { return [] }
        occupied[second >> 6] &= ~(1 << UInt64(second & 63))
        var bucket: [UInt32] = []
        swap(&bucket, &buckets[second])
        return bucket
    }

    /// Gives the memory of a bucket back.
    mutating func recycle(_ bucket: consuming [UInt32]) {
        guard spare.count < Self.spareLimit, bucket.capacity > 0 else { return }
        bucket.removeAll(keepingCapacity: true)
        spare.append(bucket)
    }

    /// The first second after `second` that holds something; the number of seconds where there is none.
    func next(after second: Int) -> Int {
        guard second + 1 < buckets.count else { return buckets.count }
        var word = (second + 1) >> 6
        var bits = occupied[word] & (UInt64.max << UInt64((second + 1) & 63))
        while bits == 0 {
            word += 1
            guard word < occupied.count else { return buckets.count }
            bits = occupied[word]
        }
        return min(word * 64 + bits.trailingZeroBitCount, buckets.count)
    }
}
