import CMallocCount

/// One line of the table: the same work by both codecs.
enum Row {
    private static let batches = 300
    /// Long enough for the clock, short enough to fit between two interruptions.
    private static let batchNanoseconds = 200_000.0

    @inline(__always)
    static func measure(
        _ message: String, _ direction: String, _ ours: () throws -> Void, against theirs: () throws -> Void
    ) throws {
        let ourCount = try calibrated(ours)
        let theirCount = try calibrated(theirs)
        var best = (ours: Double.infinity, theirs: Double.infinity)
        for _ in 0..<batches {
            best.ours = min(best.ours, try time(ourCount, ours))
            best.theirs = min(best.theirs, try time(theirCount, theirs))
        }
        let before = malloc_count_calls()
        for _ in 0..<1_000 { try ours() }
        let allocations = Double(malloc_count_calls() - before) / 1_000
        print(
            pad(message, 20), pad(direction, 13), right(best.ours, 9) + " ns", right(best.theirs, 9) + " ns",
            right(best.theirs / best.ours, 9), right(allocations, 9))
    }

    /// How many repetitions fill a batch.
    @inline(__always)
    private static func calibrated(_ work: () throws -> Void) rethrows -> Int {
        var count = 1
        while try time(count, work) * Double(count) < batchNanoseconds { count *= 2 }
        return count
    }

    /// Nanoseconds for one repetition.
    @inline(__always)
    private static func time(_ count: Int, _ work: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        for _ in 0..<count { try work() }
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(count)
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ value: Double, _ width: Int) -> String {
        let text = "\((value * 10).rounded() / 10)"
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
