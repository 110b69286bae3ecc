internal import OrderedCollections

/// Writes a message's bytes from its last field to its first, from the end of the memory to its start, so that a
/// sub-message's length is known when its prefix is due and nothing is measured twice.
///
/// Unsafe inside. The invariants that make it safe:
///  - `append` gives it exactly as many bytes as `WireSizer` counted for the same, immutable value, and both walk the value
///    by the same `visit`;
///  - `position` starts at the end of that memory and only `claim` moves it, down by exactly what the caller then writes;
///  - the memory is appended to the caller's array only after `position` has reached its start.
/// Debug builds check each claim; every build checks the end.
struct WireWriter: FieldVisitor {
    private var position: UnsafeMutableRawPointer
    private let start: UnsafeMutableRawPointer

    /// Appends `size` bytes, written by `body`, to `bytes`. Allocates only if `bytes` has to grow.
    @inline(__always)
    static func append(_ size: Int, to bytes: inout [UInt8], _ body: (inout WireWriter) -> Void) {
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

    private init(position: UnsafeMutableRawPointer, start: UnsafeMutableRawPointer) {
        self.position = position
        self.start = start
    }

    /// The next `count` bytes towards the start, for the caller to fill.
    @inline(__always)
    private mutating func claim(_ count: Int) -> UnsafeMutableRawPointer {
        assert(count >= 0 && position - start >= count, "a message is longer than it was measured")
        position -= count
        return position
    }

    @inline(__always)
    private mutating func varint(_ value: UInt64) {
        if value < 0x80 {
            claim(1).storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            return
        }
        longVarint(value)
    }

    @inline(never)
    private mutating func longVarint(_ value: UInt64) {
        let size = Varint.size(value)
        let target = claim(size)
        var rest = value
        for index in 0..<(size &- 1) {
            target.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: index, as: UInt8.self)
            rest &>>= 7
        }
        target.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: size &- 1, as: UInt8.self)
    }

    @inline(__always)
    private mutating func tag(_ number: UInt32, _ type: WireType) {
        varint(UInt64(number) << 3 | UInt64(type.rawValue))
    }

    /// Writes the prefix of the bytes from `position` to `end`.
    @inline(__always)
    private mutating func prefix(_ number: UInt32, to end: UnsafeMutableRawPointer) {
        varint(UInt64(truncatingIfNeeded: end - position))
        tag(number, .lengthDelimited)
    }

    @inline(__always)
    private mutating func copy(_ source: UnsafeRawBufferPointer) {
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

    @inline(__always)
    mutating func member(_ number: UInt32, _ value: String) {
        let end = position
        let isCopied: Void? = value.utf8.withContiguousStorageIfAvailable { copy(UnsafeRawBufferPointer($0)) }
        if isCopied == nil { Array(value.utf8).withUnsafeBytes { copy($0) } }
        prefix(number, to: end)
    }

    @inline(__always)
    mutating func member(_ number: UInt32, _ value: [UInt8]) {
        let end = position
        value.withUnsafeBytes { copy($0) }
        prefix(number, to: end)
    }

    @inline(__always)
    mutating func member(_ number: UInt32, varint value: UInt64) {
        varint(value)
        tag(number, .varint)
    }

    @inline(__always)
    mutating func member(_ number: UInt32, fixed64 value: UInt64) {
        claim(8).storeBytes(of: value.littleEndian, as: UInt64.self)
        tag(number, .fixed64)
    }

    @inline(__always)
    mutating func member(_ number: UInt32, _ value: InstanceUID) {
        let target = claim(InstanceUID.byteCount)
        target.storeBytes(of: value.high.bigEndian, as: UInt64.self)
        target.storeBytes(of: value.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        varint(UInt64(InstanceUID.byteCount))
        tag(number, .lengthDelimited)
    }

    @inline(__always)
    mutating func message(_ number: UInt32, _ value: some FieldListing) {
        let end = position
        value.visit(&self)
        prefix(number, to: end)
    }

    @inline(__always)
    mutating func message<Message: FieldListing>(_ number: UInt32, _ value: borrowing Lent<Message>) {
        let end = position
        value.value.visit(&self)
        prefix(number, to: end)
    }

    @inline(__always)
    mutating func messages(_ number: UInt32, _ values: [some FieldListing]) {
        Lent.forEachReversed(values) { message(number, $0) }
    }

    @inline(__always)
    mutating func strings(_ number: UInt32, _ values: [String]) {
        Lent.forEachReversed(values) { member(number, $0.value) }
    }

    @inline(__always)
    mutating func map(_ number: UInt32, _ values: OrderedDictionary<String, some FieldListing>) {
        Lent.forEachReversed(values) { key, value in
            let end = position
            message(2, value)
            member(1, key.value)
            prefix(number, to: end)
        }
    }

    @inline(__always)
    mutating func stringMap(_ number: UInt32, _ values: OrderedDictionary<String, String>) {
        Lent.forEachReversed(values) { key, value in
            let end = position
            member(2, value.value)
            member(1, key.value)
            prefix(number, to: end)
        }
    }
}
