// Invariants of the unsafe memory in this file:
//  - `storage` is nil or a block of malloc that begins with an initialised Header and holds `header.capacity` bytes
//    after it; `head <= tail <= capacity`, and the bytes in `head ..< tail` are initialised.
//  - The owner calls `free()` before the outbox goes away; an outbox is never copied.

import Glibc

/// Bytes that the kernel has not accepted yet. Empty, it is one nil pointer: the block exists only while a socket is
/// full.
struct Outbox {
    private struct Header {
        var capacity: Int
        var head: Int
        var tail: Int
    }

    /// The first block holds a few small frames.
    private static let firstCapacity = 1024

    private var storage: UnsafeMutablePointer<Header>?

    var isEmpty: Bool { storage == nil }

    var count: Int { storage.map { $0.pointee.tail - $0.pointee.head } ?? 0 }

    /// The waiting bytes, oldest first; valid until the next mutation.
    var bytes: UnsafeRawBufferPointer {
        guard let storage else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let header = storage.pointee
        return UnsafeRawBufferPointer(
            start: UnsafeRawPointer(storage + 1) + header.head, count: header.tail - header.head)
    }

    /// Copies `more` behind what waits. False where memory is exhausted.
    mutating func append(_ more: UnsafeRawBufferPointer) -> Bool {
        guard let source = more.baseAddress, more.count > 0 else { return true }
        guard let block = room(for: more.count) else { return false }
        memcpy(UnsafeMutableRawPointer(block + 1) + block.pointee.tail, source, more.count)
        block.pointee.tail += more.count
        return true
    }

    /// Drops the oldest `taken` bytes; the block is freed with the last.
    mutating func consume(_ taken: Int) {
        guard let storage else { return }
        storage.pointee.head += taken
        if storage.pointee.head >= storage.pointee.tail { free() }
    }

    mutating func free() {
        guard let storage else { return }
        Glibc.free(storage)
        self.storage = nil
    }

    /// A block with room for `extra` bytes behind its tail: the present one, tidied, or a larger one.
    private mutating func room(for extra: Int) -> UnsafeMutablePointer<Header>? {
        if let storage {
            if storage.pointee.capacity - storage.pointee.tail >= extra { return storage }
            let waiting = storage.pointee.tail - storage.pointee.head
            let data = UnsafeMutableRawPointer(storage + 1)
            memmove(data, data + storage.pointee.head, waiting)
            storage.pointee.head = 0
            storage.pointee.tail = waiting
            if storage.pointee.capacity - waiting >= extra { return storage }
        }
        let waiting = count
        let (needed, overflow) = waiting.addingReportingOverflow(extra)
        guard !overflow else { return nil }
        let capacity = max(needed + needed / 2, Self.firstCapacity)
        guard let raw = realloc(storage, MemoryLayout<Header>.size + capacity) else { return nil }
        let block = raw.assumingMemoryBound(to: Header.self)
        block.initialize(to: Header(capacity: capacity, head: 0, tail: waiting))
        storage = block
        return block
    }
}
