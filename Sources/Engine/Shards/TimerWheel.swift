// Invariants of the unsafe memory in this file:
//  - `entries` holds `capacity` initialised entries, `heads` and `earliest` hold `bucketCount` initialised values,
//    `occupied` holds `levels` initialised words; all four are freed once, in deinit.
//  - Every index that enters from outside is checked against `capacity` in debug builds; every index found in a list
//    was put there by this file and is below `capacity`.
//  - An entry is in at most one list, the one that its `bucket` names; lists are circular, `heads[bucket]` is the
//    oldest entry and its `previous` the youngest.

/// A hierarchical timer wheel over the slots of a shard: one entry per slot, set and cancelled in constant time without
/// allocating, never fired early.
///
/// Time is divided into ticks of 4.1 µs. A due time is rounded up to a tick, so an entry fires at most one tick late
/// plus the delay of the thread. Nine levels of 64 buckets cover the whole 64-bit axis: an entry is at the level of the
/// highest digit (base 64) in which its tick differs from `elapsed`, and moves down when that digit is reached: at most
/// eight times, and three times for a heartbeat of up to 68 s. A word of bits per level shows the next occupied bucket,
/// so idle time costs nothing.
///
/// Entries of one tick fire in the order in which they came to that tick's bucket; ticks fire in order.
struct TimerWheel: ~Copyable {
    /// One tick is `1 << tickShift` nanoseconds: less than a thread needs to wake up. How many timers share a wake is
    /// decided by the shard (`ShardOptions.timerSlack`).
    static let tickShift: UInt64 = 12

    private static let digitBits: UInt64 = 6
    private static let slotsPerLevel = 64
    private static let levels = 9
    /// Expired and not yet removed, in order.
    private static let expiredBucket: Int32 = Int32(levels * slotsPerLevel)
    /// Set for a tick already passed; they expire at the next advance, so that a callback which sets a past time does
    /// not run again before the sockets had their turn.
    private static let overdueBucket: Int32 = expiredBucket + 1
    private static let bucketCount = Int(overdueBucket) + 1
    private static let none: Int32 = -1
    /// How much of a bucket is looked at for a common wake: buckets of the second level hold 17 ms.
    private static let entriesLookedAt = 16

    private struct Entry {
        var dueTick: UInt64 = 0
        var next: Int32 = TimerWheel.none
        var previous: Int32 = TimerWheel.none
        var bucket: Int32 = TimerWheel.none
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var capacity: Int
    private let heads: UnsafeMutablePointer<Int32>
    /// Per bucket, no later than the first tick in it: the thread wakes at this tick, and never only to move entries
    /// down a level.
    private let earliest: UnsafeMutablePointer<UInt64>
    private let occupied: UnsafeMutablePointer<UInt64>
    /// Every tick up to and including this one has expired.
    private var elapsed: UInt64
    /// Entries that are set and not yet removed.
    private(set) var count = 0

    init(startingAt nanoseconds: UInt64) {
        elapsed = nanoseconds >> Self.tickShift
        capacity = 0
        entries = UnsafeMutablePointer<Entry>.allocate(capacity: 0)
        heads = UnsafeMutablePointer<Int32>.allocate(capacity: Self.bucketCount)
        heads.initialize(repeating: Self.none, count: Self.bucketCount)
        earliest = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.bucketCount)
        earliest.initialize(repeating: .max, count: Self.bucketCount)
        occupied = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.levels)
        occupied.initialize(repeating: 0, count: Self.levels)
    }

    deinit {
        entries.deallocate()
        heads.deallocate()
        earliest.deallocate()
        occupied.deallocate()
    }

    /// Makes room for slots `0 ..< newCapacity`. Linear; the only method that allocates.
    mutating func reserve(_ newCapacity: Int) {
        guard newCapacity > capacity else { return }
        let grown = UnsafeMutablePointer<Entry>.allocate(capacity: newCapacity)
        grown.moveInitialize(from: entries, count: capacity)
        (grown + capacity).initialize(repeating: Entry(), count: newCapacity - capacity)
        entries.deallocate()
        entries = grown
        capacity = newCapacity
    }

    /// Sets (or moves) the entry of `slot` to `nanoseconds`.
    mutating func set(_ slot: Int32, at nanoseconds: UInt64) {
        assert(slot >= 0 && slot < capacity, "a slot beyond the wheel's reserve")
        let tickMask: UInt64 = (1 << Self.tickShift) - 1
        let dueTick = (nanoseconds >> Self.tickShift) + (nanoseconds & tickMask == 0 ? 0 : 1)
        let entry = entries + Int(slot)
        if entry.pointee.bucket != Self.none {
            // An expired entry set again to a passed tick keeps its place in the queue.
            if entry.pointee.dueTick == dueTick { return }
            unlink(slot)
        }
        entry.pointee.dueTick = dueTick
        count += 1
        place(slot, overdue: Self.overdueBucket)
    }

    /// Forgets the entry of `slot`; nothing happens where it was not set.
    mutating func cancel(_ slot: Int32) {
        assert(slot >= 0 && slot < capacity, "a slot beyond the wheel's reserve")
        guard entries[Int(slot)].bucket != Self.none else { return }
        unlink(slot)
    }

    /// When `advance` is next needed, in nanoseconds: never after the first entry is due, and before it only where an
    /// entry was cancelled. Nil when nothing is set, 0 for at once.
    var nextWake: UInt64? { nextWake(slack: 0) }

    /// The same, but later by at most `slack` nanoseconds where entries that are due so soon after the first can be
    /// expired with it. Not all of them are found: of those in a far bucket some are looked at.
    func nextWake(slack: UInt64) -> UInt64? {
        if heads[Int(Self.expiredBucket)] != Self.none || heads[Int(Self.overdueBucket)] != Self.none { return 0 }
        guard let next = nextOccupied else { return nil }
        let bucket = next.level * Self.slotsPerLevel + next.position
        let limit = earliest[bucket] &+ slack >> Self.tickShift
        let tick = next.level == 0 ? lastTick(upTo: limit) : lastTick(in: bucket, upTo: limit)
        // The last tick of the axis, rounded up, is beyond it.
        return tick >> (64 - Self.tickShift) == 0 ? tick << Self.tickShift : .max
    }

    /// Expires everything due at or before `nanoseconds`; `takeExpired` then hands it out.
    mutating func advance(to nanoseconds: UInt64) {
        moveAll(from: Self.overdueBucket)
        let nowTick = nanoseconds >> Self.tickShift
        guard nowTick > elapsed else { return }
        while let next = nextOccupied, next.startTick <= nowTick {
            elapsed = next.startTick
            let bucket = Int32(next.level * Self.slotsPerLevel + next.position)
            moveAll(from: bucket)
        }
        elapsed = nowTick
    }

    /// The next expired slot, oldest first; nil when all have been removed. The entry is unset when returned.
    mutating func takeExpired() -> Int32? {
        let slot = heads[Int(Self.expiredBucket)]
        guard slot != Self.none else { return nil }
        unlink(slot)
        return slot
    }

    // MARK: Lists

    /// The first occupied bucket in time. Within a level all occupied buckets lie ahead of `elapsed`'s digit, and every
    /// bucket of a level comes before any of the levels above, so the lowest set bit of the lowest occupied level is
    /// it.
    private var nextOccupied: (startTick: UInt64, level: Int, position: Int)? {
        for level in 0..<Self.levels where occupied[level] != 0 {
            let position = occupied[level].trailingZeroBitCount
            let shift = UInt64(level) * Self.digitBits
            let digitMask = UInt64(Self.slotsPerLevel - 1) << shift
            let lowerMask = UInt64(1) << shift - 1
            let above = elapsed & ~(digitMask | lowerMask)
            return (above | UInt64(position) << shift, level, position)
        }
        return nil
    }

    /// The last occupied tick of the lowest level that is not after `limit`; there is one.
    private func lastTick(upTo limit: UInt64) -> UInt64 {
        let start = elapsed & ~UInt64(Self.slotsPerLevel - 1)
        let position = min(limit - start, UInt64(Self.slotsPerLevel - 1))
        let candidates = occupied[0] & (.max >> (UInt64(Self.slotsPerLevel - 1) - position))
        return start + UInt64(Self.slotsPerLevel - 1 - candidates.leadingZeroBitCount)
    }

    /// The last tick that is not after `limit`, of the first entries of a bucket; at least its earliest.
    private func lastTick(in bucket: Int, upTo limit: UInt64) -> UInt64 {
        var last = earliest[bucket]
        let head = heads[bucket]
        var slot = head
        for _ in 0..<Self.entriesLookedAt {
            let dueTick = entries[Int(slot)].dueTick
            if dueTick <= limit { last = max(last, dueTick) }
            slot = entries[Int(slot)].next
            if slot == head { break }
        }
        return last
    }

    /// Puts an unlinked entry where its tick belongs; passed ticks go to `overdue`.
    private mutating func place(_ slot: Int32, overdue: Int32) {
        let dueTick = entries[Int(slot)].dueTick
        guard dueTick > elapsed else {
            append(slot, to: overdue)
            return
        }
        let highestBit = 63 - (dueTick ^ elapsed).leadingZeroBitCount
        let level = highestBit / Int(Self.digitBits)
        let position = Int(dueTick >> (UInt64(level) * Self.digitBits)) & (Self.slotsPerLevel - 1)
        occupied[level] |= 1 << UInt64(position)
        append(slot, to: Int32(level * Self.slotsPerLevel + position))
    }

    /// Empties a bucket, oldest first: what is due expires, the rest moves down.
    private mutating func moveAll(from bucket: Int32) {
        let first = heads[Int(bucket)]
        guard first != Self.none else { return }
        heads[Int(bucket)] = Self.none
        clearBit(of: bucket)
        var slot = first
        repeat {
            let next = entries[Int(slot)].next
            place(slot, overdue: Self.expiredBucket)
            slot = next
        } while slot != first
    }

    private mutating func append(_ slot: Int32, to bucket: Int32) {
        let entry = entries + Int(slot)
        entry.pointee.bucket = bucket
        let head = heads[Int(bucket)]
        if head == Self.none {
            entry.pointee.next = slot
            entry.pointee.previous = slot
            heads[Int(bucket)] = slot
            earliest[Int(bucket)] = entry.pointee.dueTick
        } else {
            let tail = entries[Int(head)].previous
            entry.pointee.next = head
            entry.pointee.previous = tail
            entries[Int(tail)].next = slot
            entries[Int(head)].previous = slot
            earliest[Int(bucket)] = min(earliest[Int(bucket)], entry.pointee.dueTick)
        }
    }

    private mutating func unlink(_ slot: Int32) {
        let entry = entries + Int(slot)
        let bucket = entry.pointee.bucket
        if entry.pointee.next == slot {
            heads[Int(bucket)] = Self.none
            clearBit(of: bucket)
        } else {
            entries[Int(entry.pointee.previous)].next = entry.pointee.next
            entries[Int(entry.pointee.next)].previous = entry.pointee.previous
            if heads[Int(bucket)] == slot { heads[Int(bucket)] = entry.pointee.next }
        }
        entry.pointee.bucket = Self.none
        count -= 1
    }

    private func clearBit(of bucket: Int32) {
        guard bucket < Self.expiredBucket else { return }
        occupied[Int(bucket) / Self.slotsPerLevel] &= ~(1 << UInt64(Int(bucket) % Self.slotsPerLevel))
    }
}
