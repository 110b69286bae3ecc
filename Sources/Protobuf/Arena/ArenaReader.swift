public import Basis

/// A place in a message's bytes.
@frozen
public struct ArenaSlice: BitwiseCopyable {
    @usableFromInline
    package var start: UInt32 = 0
    @usableFromInline
    package var count: UInt32 = 0

    @inlinable
    @inline(__always)
    package init(start: UInt32 = 0, count: UInt32 = 0) {
        self.start = start
        self.count = count
    }

    /// As one number, where a oneof has room for one.
    @inlinable
    @inline(__always)
    package init(packed: UInt64) {
        self.init(start: UInt32(truncatingIfNeeded: packed &>> 32), count: UInt32(truncatingIfNeeded: packed))
    }

    @inlinable
    package var packed: UInt64 {
        @inline(__always) get { UInt64(start) &<< 32 | UInt64(count) }
    }
}

/// A message's fields as plain memory in an arena: numbers, places of texts in the message's bytes, addresses of other
/// records. A fresh one is the message without fields. Nothing in it is retained, so nothing has to be destroyed.
@usableFromInline
package protocol ArenaRecord: BitwiseCopyable {
    init()

    /// Reads fields until the reader's current message ends, as Protocol Buffers merges.
    static func merge(
        into record: UnsafeMutablePointer<Self>, from reader: inout ArenaReader
    ) throws(DecodingError)
}

/// Reads a message into records, in memory that is handed out piece by piece and given back all at once.
///
/// Unsafe inside. The invariants that make it safe:
///  - a reader lives only inside `ArenaDecoder.decode`, which owns the memory from `free` to `limit` and every chunk;
///  - `allocate` alone hands out memory: each piece once, aligned to 8 bytes, as large as its caller then initializes;
///  - records are plain memory (`BitwiseCopyable`), so that giving it back needs nothing else;
///  - a place in the bytes lies inside them, since only the checked `WireReader` yields one; a message has less than 4
///    GiB.
@usableFromInline
package struct ArenaReader {
    @usableFromInline
    package var wire: WireReader
    @usableFromInline
    var free: UnsafeMutableRawPointer
    @usableFromInline
    var limit: UnsafeMutableRawPointer
    /// The last chunk that was allocated beside the decoder's own memory; each begins with the address of the one
    /// before.
    @usableFromInline
    var chunks: UnsafeMutableRawPointer?
    @usableFromInline
    var nextChunk: Int

    @inlinable
    @inline(__always)
    init(wire: WireReader, memory: UnsafeMutableRawPointer, capacity: Int) {
        self.wire = wire
        free = memory
        limit = memory + capacity
        nextChunk = capacity
    }

    /// Memory for `count` values, not initialized.
    @inlinable
    @inline(__always)
    mutating func allocate<Value: BitwiseCopyable>(_ type: Value.Type, _ count: Int) -> UnsafeMutablePointer<Value> {
        assert(MemoryLayout<Value>.alignment <= 8)
        let size = (MemoryLayout<Value>.stride &* count &+ 7) & ~7
        if limit - free < size { addChunk(size) }
        let place = free
        free += size
        return place.bindMemory(to: Value.self, capacity: count)
    }

    @usableFromInline
    @inline(never)
    mutating func addChunk(_ size: Int) {
        let capacity = max(nextChunk, size + 16)
        nextChunk = min(nextChunk * 2, 1 << 20)
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        chunk.storeBytes(of: chunks, as: UnsafeMutableRawPointer?.self)
        chunks = chunk
        free = chunk + 16
        limit = chunk + capacity
    }

    @usableFromInline
    mutating func freeChunks() {
        while let chunk = chunks {
            chunks = chunk.load(as: UnsafeMutableRawPointer?.self)
            chunk.deallocate()
        }
    }

    // MARK: Content

    @inlinable
    @inline(__always)
    package mutating func tag() throws(DecodingError) -> UInt32 {
        try wire.tag()
    }

    @inlinable
    @inline(__always)
    package mutating func skip(_ tag: UInt32) throws(DecodingError) {
        try wire.skip(tag)
    }

    @inlinable
    @inline(__always)
    func slice(_ bytes: UnsafeRawBufferPointer) -> ArenaSlice {
        guard let start = bytes.baseAddress else { return ArenaSlice() }
        return ArenaSlice(
            start: UInt32(truncatingIfNeeded: start - wire.base), count: UInt32(truncatingIfNeeded: bytes.count))
    }

    @inlinable
    @inline(__always)
    package mutating func bytes() throws(DecodingError) -> ArenaSlice {
        slice(try wire.content())
    }

    @inlinable
    @inline(__always)
    package mutating func text() throws(DecodingError) -> ArenaSlice {
        let bytes = try wire.content()
        if UTF8Check.verdict(on: bytes) == .invalid { throw wire.error(.invalidUTF8) }
        return slice(bytes)
    }

    @inlinable
    @inline(__always)
    package mutating func message<Record: ArenaRecord>(
        into place: inout UnsafeMutablePointer<Record>?
    ) throws(DecodingError) {
        let outer = try wire.enter()
        let record: UnsafeMutablePointer<Record>
        if let earlier = place {
            record = earlier
        } else {
            record = allocate(Record.self, 1)
            record.initialize(to: Record())
            place = record
        }
        try Record.merge(into: record, from: &self)
        wire.leave(outer)
    }

    // MARK: Lists

    /// Makes room for `count` more elements.
    @inlinable
    @inline(__always)
    mutating func reserve<Element: BitwiseCopyable>(_ list: inout ArenaElements<Element>, _ count: Int) {
        if Int(list.capacity) &- Int(list.count) < count {
            let capacity = list.count == 0 ? count : max(Int(list.capacity) * 2, Int(list.count) + count)
            let larger = allocate(Element.self, capacity)
            if let elements = list.elements {
                wire.noteSteps(Int(list.count))
                larger.update(from: elements, count: Int(list.count))
            }
            list.elements = larger
            list.capacity = UInt32(truncatingIfNeeded: capacity)
        }
    }

    /// The next element's memory, not initialized; there must be room.
    @inlinable
    @inline(__always)
    func append<Element: BitwiseCopyable>(to list: inout ArenaElements<Element>) -> UnsafeMutablePointer<Element> {
        assert(list.count < list.capacity)
        let place = list.elements.unsafelyUnwrapped + Int(list.count)
        list.count &+= 1
        return place
    }

    /// A list's elements mostly follow each other: room is made for all of them at once.
    @inlinable
    @inline(__always)
    package mutating func messages<Record: ArenaRecord>(
        _ tag: UInt32, into list: inout ArenaElements<Record>
    ) throws(DecodingError) {
        let run = wire.run(of: tag)
        reserve(&list, run)
        for index in 0..<run {
            if index > 0 { _ = wire.repeats(tag) }
            let outer = try wire.enter()
            let record = append(to: &list)
            record.initialize(to: Record())
            try Record.merge(into: record, from: &self)
            wire.leave(outer)
        }
    }

    @inlinable
    @inline(__always)
    package mutating func texts(_ tag: UInt32, into list: inout ArenaElements<ArenaSlice>) throws(DecodingError) {
        reserve(&list, list.count == 0 ? wire.run(of: tag) : 1)
        let text = try text()
        append(to: &list).initialize(to: text)
    }
}

/// A list's elements in the arena.
@frozen
public struct ArenaElements<Element: BitwiseCopyable>: BitwiseCopyable {
    @usableFromInline
    package var elements: UnsafeMutablePointer<Element>?
    @usableFromInline
    package var count: UInt32 = 0
    @usableFromInline
    package var capacity: UInt32 = 0

    @inlinable
    @inline(__always)
    package init() {}
}
