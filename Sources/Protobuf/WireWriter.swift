public import OrderedCollections

/// Writes a message's bytes from its last field to its first, from the end of the memory to its start, so that a
/// sub-message's length is known when its prefix is due and nothing is measured twice.
///
/// Unsafe inside. The invariants that make it safe:
///  - `append` gives it exactly as many bytes as `WireSizer` counted for the same, immutable value, and both walk the
///    value by the same `visit`;
///  - `position` starts at the end of that memory and only `claim` moves it, down by exactly what the caller then
///    writes;
///  - the memory is appended to the caller's array only after `position` has reached its start.
/// Debug builds check each claim; every build checks the end.
@frozen @usableFromInline
package struct WireWriter: FieldVisitor {
    @usableFromInline
    var position: UnsafeMutableRawPointer
    @usableFromInline
    let start: UnsafeMutableRawPointer

    /// Appends `size` bytes, written by `body`, to `bytes`. Allocates only if `bytes` has to grow.
    @inlinable
    @inline(__always)
    package static func append(_ size: Int, to bytes: inout [UInt8], _ body: (inout WireWriter) -> Void) {
        bytes.append(addingCapacity: size) { output in
            output.withUnsafeMutableBufferPointer { buffer, initialized in
                guard let base = buffer.baseAddress else { return }
                let start = UnsafeMutableRawPointer(base)
                var writer = WireWriter(position: start + size, start: start)
                body(&writer)
                precondition(writer.position == start, "a message was measured and written differently")
                initialized = size
            }
        }
    }

    @inlinable
    @inline(__always)
    init(position: UnsafeMutableRawPointer, start: UnsafeMutableRawPointer) {
        self.position = position
        self.start = start
    }

    /// The next `count` bytes towards the start, for the caller to fill.
    @inlinable
    @inline(__always)
    mutating func claim(_ count: Int) -> UnsafeMutableRawPointer {
        assert(count >= 0 && position - start >= count, "a message is longer than it was measured")
        position -= count
        return position
    }

    @inlinable
    @inline(__always)
    mutating func varint(_ value: UInt64) {
        if value < 0x80 {
            claim(1).storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            return
        }
        longVarint(value)
    }

    /// A number of two bytes or more; most have two or three.
    @usableFromInline
    @inline(never)
    mutating func longVarint(_ value: UInt64) {
        let size = Varint.size(value)
        let target = claim(size)
        if size <= 4 {
            let bytes = Varint.expanded(UInt32(truncatingIfNeeded: value)) | 0x8080_8080 &>> (8 &* UInt32(5 &- size))
            if size == 4 {
                target.storeBytes(of: bytes.littleEndian, as: UInt32.self)
                return
            }
            target.storeBytes(of: UInt16(truncatingIfNeeded: bytes).littleEndian, as: UInt16.self)
            if size == 3 {
                target.storeBytes(of: UInt8(truncatingIfNeeded: bytes &>> 16), toByteOffset: 2, as: UInt8.self)
            }
            return
        }
        var rest = value
        for index in 0..<(size &- 1) {
            target.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: index, as: UInt8.self)
            rest &>>= 7
        }
        target.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: size &- 1, as: UInt8.self)
    }

    /// Writes the prefix of the bytes from `position` to `end`.
    @inlinable
    @inline(__always)
    mutating func prefix(_ tag: UInt32, to end: UnsafeMutableRawPointer) {
        varint(UInt64(truncatingIfNeeded: end - position))
        varint(UInt64(tag))
    }

    @inlinable
    @inline(__always)
    mutating func copy(_ source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress else { return }
        let count = source.count
        let target = claim(count)
        // Most texts are short: two loads that may overlap are cheaper than a call.
        if count > 16 {
            target.copyMemory(from: base, byteCount: count)
        } else if count >= 8 {
            let tail = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            target.storeBytes(of: base.loadUnaligned(as: UInt64.self), as: UInt64.self)
            target.storeBytes(of: tail, toByteOffset: count &- 8, as: UInt64.self)
        } else if count >= 4 {
            let tail = base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            target.storeBytes(of: base.loadUnaligned(as: UInt32.self), as: UInt32.self)
            target.storeBytes(of: tail, toByteOffset: count &- 4, as: UInt32.self)
        } else {
            for index in 0..<count {
                target.storeBytes(
                    of: base.load(fromByteOffset: index, as: UInt8.self), toByteOffset: index, as: UInt8.self)
            }
        }
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, text value: String) {
        let end = position
        let isCopied: Void? = value.utf8.withContiguousStorageIfAvailable { copy(UnsafeRawBufferPointer($0)) }
        if isCopied == nil { Array(value.utf8).withUnsafeBytes { copy($0) } }
        prefix(tag, to: end)
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, bytes value: [UInt8]) {
        let end = position
        value.withUnsafeBytes { copy($0) }
        prefix(tag, to: end)
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, varint value: UInt64) {
        varint(value)
        varint(UInt64(tag))
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, fixed64 value: UInt64) {
        claim(8).storeBytes(of: value.littleEndian, as: UInt64.self)
        varint(UInt64(tag))
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, high: UInt64, low: UInt64) {
        let target = claim(16)
        target.storeBytes(of: high.bigEndian, as: UInt64.self)
        target.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        varint(16)
        varint(UInt64(tag))
    }

    @inlinable
    @inline(__always)
    package mutating func member(_ tag: UInt32, fixed32 value: UInt32) {
        claim(4).storeBytes(of: value.littleEndian, as: UInt32.self)
        varint(UInt64(tag))
    }

    @inlinable
    @inline(__always)
    package mutating func message(_ tag: UInt32, _ value: some FieldListing) {
        let end = position
        value.visit(&self)
        prefix(tag, to: end)
    }

    @inlinable
    @inline(__always)
    package mutating func message<Message: FieldListing>(_ tag: UInt32, lent value: borrowing Lent<Message>) {
        let end = position
        value.value.visit(&self)
        prefix(tag, to: end)
    }

    @inlinable
    @inline(__always)
    package mutating func messages(_ tag: UInt32, _ values: [some FieldListing]) {
        Lent.forEachReversed(values) { message(tag, lent: $0) }
    }

    @inlinable
    @inline(__always)
    package mutating func texts(_ tag: UInt32, _ values: [String]) {
        Lent.forEachReversed(values) { member(tag, text: $0.value) }
    }

    @inlinable
    @inline(__always)
    package mutating func map(_ tag: UInt32, _ values: OrderedDictionary<String, some FieldListing>) {
        Lent.forEachReversed(values) { key, value in
            let end = position
            message(0x12, lent: value)
            member(0x0A, text: key.value)
            prefix(tag, to: end)
        }
    }

    @inlinable
    @inline(__always)
    package mutating func textMap(_ tag: UInt32, _ values: OrderedDictionary<String, String>) {
        Lent.forEachReversed(values) { key, value in
            let end = position
            member(0x12, text: value.value)
            member(0x0A, text: key.value)
            prefix(tag, to: end)
        }
    }
}
