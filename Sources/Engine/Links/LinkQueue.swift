// Invariants of the unsafe memory in this file:
//  - `bytes` holds exactly the bytes of the segments, in their order; what is copied out is at most its count and at
//    most the target's.
//  - The owner calls `drop()` before the queue goes away; a queue is never copied.

import Basis

/// What is on its way in one direction of a link: bytes with the time of their arrival, and the stream's end after
/// them. Empty, it is a few words. A value without I/O.
struct LinkQueue {
    /// How a stream ends.
    enum End: Hashable {
        case finished
        case failed(CloseCause)
    }

    private struct Segment {
        let entry: Instant
        var arrival: Instant
        var count: Int
    }

    private(set) var direction: LinkDirection
    private var bytes = Outbox()
    private var segments: [Segment] = []
    /// The first segment that has not arrived.
    private var first = 0
    private var end: (arrival: Instant, end: End)?

    init(_ direction: LinkDirection) {
        self.direction = direction
    }

    var byteCount: Int { bytes.count }
    var isEmpty: Bool { bytes.isEmpty }
    /// Whether the stream's end has been handed over, too.
    private(set) var hasEnd = false
    /// The memory that is held, bytes.
    var held: Int { bytes.count + segments.count * MemoryLayout<Segment>.stride }

    /// When something arrives next; nil: nothing is on its way.
    var nextArrival: Instant? { first < segments.count ? segments[first].arrival : end?.arrival }

    /// Whether the oldest bytes on their way were handed over by `instant`.
    func hasOldest(from instant: Instant) -> Bool { first < segments.count && segments[first].entry <= instant }

    /// Bytes are handed over. False: there is no memory for them.
    /// - Parameter each: is told how long each segment is on its way, and how often it was lost.
    mutating func append(
        _ more: UnsafeRawBufferPointer, at now: Instant, each: (Nanoseconds, Int) -> Void = { _, _ in }
    ) -> Bool {
        guard !hasEnd else { return true }
        guard bytes.append(more) else { return false }
        var left = more.count
        while left > 0 {
            let count = min(left, LinkDirection.segmentBytes)
            left -= count
            let passage = direction.pass(count, at: now)
            each(passage.arrival - now, passage.losses)
            if first < segments.count, segments[segments.count - 1].arrival == passage.arrival {
                segments[segments.count - 1].count += count
            } else {
                segments.append(Segment(entry: now, arrival: passage.arrival, count: count))
            }
        }
        return true
    }

    /// The stream ends behind the bytes on their way. Only the first end counts.
    mutating func finish(_ how: End, at now: Instant) {
        guard !hasEnd else { return }
        hasEnd = true
        end = (direction.end(at: now), how)
    }

    /// A SYN or its answer is handed over.
    /// - Returns: when it arrives.
    mutating func passSynchronization(at now: Instant) -> Instant {
        direction.pass(0, at: now, timeout: LinkPlan.firstRetransmission).arrival
    }

    /// Copies bytes that have arrived.
    /// - Returns: how many; 0: none has, or `target` is empty.
    mutating func take(into target: UnsafeMutableRawBufferPointer, at now: Instant) -> Int {
        var count = 0
        while first < segments.count, segments[first].arrival <= now, count < target.count {
            let taken = min(segments[first].count, target.count - count)
            count += taken
            segments[first].count -= taken
            if segments[first].count == 0 { first += 1 }
        }
        guard count > 0 else { return 0 }
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.bytes[0..<count]))
        bytes.consume(count)
        tidy()
        return count
    }

    /// Takes the stream's end, once it and all before it has arrived.
    mutating func takeEnd(at now: Instant) -> End? {
        guard first == segments.count, let end, end.arrival <= now else { return nil }
        self.end = nil
        return end.end
    }

    /// Forgets what is on its way.
    mutating func drop() {
        bytes.free()
        end = nil
        (segments, first) = ([], 0)
    }

    /// Gives back what the segments that have arrived took.
    private mutating func tidy() {
        if first == segments.count {
            (segments, first) = ([], 0)
        } else if first >= 64, first * 2 >= segments.count {
            segments.removeFirst(first)
            first = 0
        }
    }
}
