// Invariants of the unsafe memory in this file:
//  - `slots` holds `capacity` initialised slots and is freed once, in deinit.
//  - A slot holds one strong reference to its endpoint from `insert` to `remove`; free slots hold none and are chained
//    through `nextFree`.

/// The endpoints that have something under way on a shard, by slot. A slot's generation changes whenever its connection
/// ends, so that an older event finds no connection.
struct SlotTable: ~Copyable {
    private struct Slot {
        var endpoint: Unmanaged<Endpoint>?
        var generation: UInt32
        var nextFree: Int32
    }

    static let none: Int32 = -1
    /// Growth by half keeps the unused share below a third; the first step serves a small test or a listener.
    private static let firstCapacity = 64

    private var slots: UnsafeMutablePointer<Slot>
    private(set) var capacity = 0
    private var firstFree = SlotTable.none
    /// Slots in use.
    private(set) var count = 0

    init() {
        slots = UnsafeMutablePointer<Slot>.allocate(capacity: 0)
    }

    deinit {
        for index in 0..<capacity { slots[index].endpoint?.release() }
        slots.deallocate()
    }

    /// Takes a strong reference to the endpoint and answers with its slot.
    mutating func insert(_ endpoint: Endpoint) -> Int32 {
        if firstFree == Self.none { grow() }
        let index = firstFree
        let slot = slots + Int(index)
        firstFree = slot.pointee.nextFree
        slot.pointee.endpoint = Unmanaged.passRetained(endpoint)
        count += 1
        return index
    }

    /// Gives the slot back, and its reference to the caller, who releases it when the table is not in use any more: the
    /// endpoint's end may run code that uses the table.
    mutating func remove(_ index: Int32) -> Unmanaged<Endpoint>? {
        let slot = slots + Int(index)
        guard let endpoint = slot.pointee.endpoint else { return nil }
        slot.pointee.endpoint = nil
        slot.pointee.generation &+= 1
        slot.pointee.nextFree = firstFree
        firstFree = index
        count -= 1
        return endpoint
    }

    /// The tag that epoll returns for the slot's present connection.
    func tag(of index: Int32) -> UInt64 {
        UInt64(slots[Int(index)].generation) << 32 | UInt64(UInt32(bitPattern: index))
    }

    /// From now on, the slot's earlier tags find no connection.
    mutating func invalidateTags(of index: Int32) {
        slots[Int(index)].generation &+= 1
    }

    /// The endpoint that the tag was given out for, unless its connection has ended since.
    func endpoint(for tag: UInt64) -> Endpoint? {
        let index = Int(UInt32(truncatingIfNeeded: tag))
        guard index < capacity, slots[index].generation == UInt32(truncatingIfNeeded: tag >> 32) else { return nil }
        return slots[index].endpoint?.takeUnretainedValue()
    }

    /// The endpoint in a slot.
    func endpoint(at index: Int32) -> Endpoint? {
        index >= 0 && Int(index) < capacity ? slots[Int(index)].endpoint?.takeUnretainedValue() : nil
    }

    private mutating func grow() {
        let newCapacity = max(Self.firstCapacity, capacity + capacity / 2)
        let grown = UnsafeMutablePointer<Slot>.allocate(capacity: newCapacity)
        grown.moveInitialize(from: slots, count: capacity)
        for index in capacity..<newCapacity {
            let nextFree = index + 1 < newCapacity ? Int32(index + 1) : Self.none
            (grown + index).initialize(to: Slot(endpoint: nil, generation: 0, nextFree: nextFree))
        }
        slots.deallocate()
        slots = grown
        firstFree = Int32(capacity)
        capacity = newCapacity
    }
}
