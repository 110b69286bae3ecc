public import Basis

/// A map's entry in the arena.
@frozen
public struct ArenaEntry<Value: BitwiseCopyable>: BitwiseCopyable {
    @usableFromInline
    package var key: ArenaSlice
    @usableFromInline
    package var value: Value

    @inlinable
    @inline(__always)
    package init(key: ArenaSlice, value: Value) {
        self.key = key
        self.value = value
    }

    /// How far a value is from the start of its entry: a key has 8 bytes, and no value is aligned to more.
    @inlinable
    static var valueOffset: Int {
        @inline(__always) get { MemoryLayout<ArenaSlice>.size }
    }
}

/// A map's entries in the order of the wire, and a hash table of their places once there are many.
@frozen
public struct ArenaEntries<Value: BitwiseCopyable>: BitwiseCopyable {
    @usableFromInline
    package var list = ArenaElements<ArenaEntry<Value>>()
    /// The first element: the number of slots less one. Then the slots: an entry's place plus one, or zero.
    @usableFromInline
    var table: UnsafeMutablePointer<UInt32>?

    @inlinable
    @inline(__always)
    package init() {}
}

/// Reads maps. An entry replaces an earlier one with the same key, and each value is read once, whatever its key.
///
/// Keys are told apart by a filter of 64 bits first: in most maps no two keys are ever compared. Up to `maxScanned`
/// entries are searched one by one, more by hashing with the process's own seed, so that a sender cannot choose keys
/// that collide.
extension ArenaReader {
    @inlinable
    static var maxScanned: Int {
        @inline(__always) get { 32 }
    }

    @inlinable
    static var maxReserved: Int {
        @inline(__always) get { 4096 }
    }

    @inlinable
    @inline(__always)
    package mutating func map<Record: ArenaRecord>(
        _ tag: UInt32, into map: inout ArenaEntries<Record>
    ) throws(DecodingError) {
        reserve(&map.list, min(wire.run(of: tag), Self.maxReserved))
        var seen: UInt64 = map.list.count == 0 ? 0 : .max
        repeat {
            let outer = try wire.enterEntry()
            if let key = wire.plainKey() {
                if UTF8Check.verdict(on: key) == .invalid { throw wire.error(.invalidUTF8) }
                wire.position += 1
                let bit = WireReader.filterBit(key)
                let record: UnsafeMutablePointer<Record>
                if seen & bit == 0, map.list.count < Self.maxScanned {
                    reserve(&map.list, 1)
                    record = addEntry(slice(key), Record(), to: &map)
                } else {
                    record = place(of: slice(key), Record(), in: &map)
                }
                seen |= bit
                let outer = try wire.enter()
                try Record.merge(into: record, from: &self)
                wire.leave(outer)
            } else {
                try entry(into: &map)
                seen = .max
            }
            wire.leaveEntry(outer)
        } while wire.repeats(tag)
    }

    /// Reads an entry whose fields come in any number and order.
    @inlinable
    @inline(never)
    mutating func entry<Record: ArenaRecord>(into map: inout ArenaEntries<Record>) throws(DecodingError) {
        var key = ArenaSlice()
        let record = allocate(Record.self, 1)
        record.initialize(to: Record())
        loop: while true {
            switch try wire.tag() {
            case 0: break loop
            case 0x0A: key = try text()
            case 0x12:
                let outer = try wire.enter()
                try Record.merge(into: record, from: &self)
                wire.leave(outer)
            case let tag: try wire.skip(tag)
            }
        }
        _ = place(of: key, record.pointee, in: &map)
    }

    @inlinable
    package mutating func textMap(into map: inout ArenaEntries<ArenaSlice>) throws(DecodingError) {
        let outer = try wire.enterEntry()
        var (key, value) = (ArenaSlice(), ArenaSlice())
        loop: while true {
            switch try wire.tag() {
            case 0: break loop
            case 0x0A: key = try text()
            case 0x12: value = try text()
            case let tag: try wire.skip(tag)
            }
        }
        wire.leaveEntry(outer)
        _ = place(of: key, value, in: &map)
    }

    /// Appends an entry, for which there must be room.
    @inlinable
    @inline(__always)
    func addEntry<Value: BitwiseCopyable>(
        _ key: ArenaSlice, _ value: Value, to map: inout ArenaEntries<Value>
    ) -> UnsafeMutablePointer<Value> {
        let entry = append(to: &map.list)
        entry.initialize(to: ArenaEntry(key: key, value: value))
        return Self.value(of: entry)
    }

    @inlinable
    @inline(__always)
    static func value<Value>(of entry: UnsafeMutablePointer<ArenaEntry<Value>>) -> UnsafeMutablePointer<Value> {
        (UnsafeMutableRawPointer(entry) + ArenaEntry<Value>.valueOffset).assumingMemoryBound(to: Value.self)
    }

    /// Sets the value of `key`, in the earlier entry or in a new one.
    /// - Returns: Where the value is; valid until the map's next entry is added.
    @inlinable
    @inline(never)
    mutating func place<Value: BitwiseCopyable>(
        of key: ArenaSlice, _ value: Value, in map: inout ArenaEntries<Value>
    ) -> UnsafeMutablePointer<Value> {
        let count = Int(map.list.count)
        var slot = 0
        if count >= Self.maxScanned {
            // Half of the table's slots stay free at least, so that a search ends.
            if map.table.map({ (count + 1) * 2 > Int($0[0]) + 1 }) ?? true { fillTable(&map) }
            let table = map.table.unsafelyUnwrapped
            let mask = Int(table[0])
            slot = hash(key) & mask
            while table[1 + slot] != 0 {
                let entry = map.list.elements.unsafelyUnwrapped + Int(table[1 + slot] - 1)
                if isSame(entry.pointee.key, key) {
                    entry.pointee.value = value
                    return Self.value(of: entry)
                }
                slot = (slot + 1) & mask
            }
        } else if let elements = map.list.elements {
            for index in 0..<count where isSame(elements[index].key, key) {
                elements[index].value = value
                return Self.value(of: elements + index)
            }
        }
        reserve(&map.list, 1)
        if count >= Self.maxScanned { map.table.unsafelyUnwrapped[1 + slot] = UInt32(truncatingIfNeeded: count + 1) }
        return addEntry(key, value, to: &map)
    }

    /// A table with four slots for each entry.
    @inlinable
    @inline(never)
    mutating func fillTable<Value>(_ map: inout ArenaEntries<Value>) {
        let count = Int(map.list.count)
        var size = 64
        while size < (count + 1) * 4 { size *= 2 }
        let table = allocate(UInt32.self, size + 1)
        table.initialize(repeating: 0, count: size + 1)
        table[0] = UInt32(truncatingIfNeeded: size - 1)
        wire.noteSteps(count)
        for index in 0..<count {
            var slot = hash(map.list.elements.unsafelyUnwrapped[index].key) & (size - 1)
            while table[1 + slot] != 0 { slot = (slot + 1) & (size - 1) }
            table[1 + slot] = UInt32(truncatingIfNeeded: index + 1)
        }
        map.table = table
    }

    @usableFromInline
    func hash(_ key: ArenaSlice) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(start: wire.base + Int(key.start), count: Int(key.count)))
        return hasher.finalize()
    }

    @usableFromInline
    func isSame(_ left: ArenaSlice, _ right: ArenaSlice) -> Bool {
        left.count == right.count
            && UnsafeRawBufferPointer(start: wire.base + Int(left.start), count: Int(left.count))
                .elementsEqual(UnsafeRawBufferPointer(start: wire.base + Int(right.start), count: Int(right.count)))
    }
}
