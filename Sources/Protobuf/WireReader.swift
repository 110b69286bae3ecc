/// Reads the fields of a message in borrowed memory. It knows no message: the generated code interprets the fields.
///
/// Unsafe inside. The invariants that make it safe:
///  - a reader lives only inside `read`'s closure, where the memory from `base` to the outermost `end` is borrowed;
///  - `base <= position <= end` always; `end` only shrinks to a sub-message's end, which is checked to lie inside, and
///    is put back afterwards;
///  - no byte is loaded before `position` was checked against `end`, and a length is compared before it is added.
/// So bytes out of bounds cannot be reached whatever the bytes say.
@usableFromInline
package struct WireReader {
    @usableFromInline
    package var position: UnsafeRawPointer
    @usableFromInline
    package var end: UnsafeRawPointer
    @usableFromInline
    package let base: UnsafeRawPointer
    /// How many more levels of sub-messages and groups may be entered.
    @usableFromInline
    var depthLeft: Int
    /// Fields skipped so far, at any depth; a group counts once.
    @usableFromInline
    package var unknownFieldCount = 0
    #if DEBUG
        /// What the reading has cost so far, for tests: one for each tag, and one for each element of a list or map
        /// that moved.
        @usableFromInline
        package var stepCount = 0
    #endif

    /// Runs `body` with a reader over `bytes`.
    /// - Throws: What `body` throws, or `.tooLarge`.
    @inlinable
    @inline(__always)
    package static func read<Result: ~Copyable>(
        _ bytes: RawSpan, limits: DecodingLimits, _ body: (inout WireReader) throws(DecodingError) -> Result
    ) throws(DecodingError) -> Result {
        guard bytes.byteCount <= limits.byteCount else { throw DecodingError(.tooLarge, offset: limits.byteCount) }
        return try bytes.withUnsafeBytes { (buffer) throws(DecodingError) in
            // An empty span may have no address; any other address will do, since no byte is read.
            let base = buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
            var reader = WireReader(base: base, count: buffer.count, depth: limits.depth)
            return try body(&reader)
        }
    }

    @inlinable
    @inline(__always)
    init(base: UnsafeRawPointer, count: Int, depth: Int) {
        self.base = base
        position = base
        end = base + count
        depthLeft = depth
    }

    @usableFromInline
    @inline(never)
    package func error(_ fault: DecodingError.Fault) -> DecodingError {
        DecodingError(fault, offset: position - base)
    }

    @inlinable
    @inline(__always)
    package mutating func noteSteps(_ count: Int) {
        #if DEBUG
            stepCount += count
        #endif
    }

    // MARK: Tags

    /// The next field's whole tag, its number and layout in one; 0 at the end of the current message.
    @inlinable
    @inline(__always)
    package mutating func tag() throws(DecodingError) -> UInt32 {
        if position == end { return 0 }
        noteSteps(1)
        let first = position.load(as: UInt8.self)
        // One byte, and a number above zero: nearly every field there is.
        if first &- 8 < 0x78 {
            position += 1
            return UInt32(first)
        }
        return try longTag()
    }

    @usableFromInline
    @inline(never)
    mutating func longTag() throws(DecodingError) -> UInt32 {
        let start = position
        let value = try varint()
        guard position - start <= Varint.maxTagSize else { throw error(.overlongVarint) }
        guard value >= 8, let tag = UInt32(exactly: value) else { throw error(.invalidFieldNumber) }
        return tag
    }

    /// Whether the next field has the tag `tag` again; then its tag is read. Only for tags of one byte.
    @inlinable
    @inline(__always)
    package mutating func repeats(_ tag: UInt32) -> Bool {
        guard position != end, UInt32(position.load(as: UInt8.self)) == tag else { return false }
        noteSteps(1)
        position += 1
        return true
    }

    /// Passes over the content of a field that the message does not have, or has in another layout, and counts it.
    @usableFromInline
    @inline(never)
    package mutating func skip(_ tag: UInt32) throws(DecodingError) {
        try skipContent(tag)
        unknownFieldCount &+= 1
    }

    private mutating func skipContent(_ tag: UInt32) throws(DecodingError) {
        switch tag & 7 {
        case 0: _ = try varint()
        case 1: try advance(8)
        case 2: try advance(try length())
        case 3:
            guard depthLeft > 0 else { throw error(.tooDeep) }
            depthLeft &-= 1
            while true {
                guard position < end else { throw error(.truncated) }
                noteSteps(1)
                let inner = try longTag()
                if inner & 7 == 4 {
                    guard inner >> 3 == tag >> 3 else { throw error(.unbalancedGroup) }
                    break
                }
                try skipContent(inner)
            }
            depthLeft &+= 1
        case 4: throw error(.unbalancedGroup)
        case 5: try advance(4)
        default: throw error(.invalidWireType)
        }
    }

    private mutating func advance(_ count: Int) throws(DecodingError) {
        guard count <= end - position else { throw error(.truncated) }
        position += count
    }

    // MARK: Content

    @inlinable
    @inline(__always)
    package mutating func varint() throws(DecodingError) -> UInt64 {
        if position != end {
            let first = position.load(as: UInt8.self)
            if first < 0x80 {
                position += 1
                return UInt64(first)
            }
        }
        return try longVarint()
    }

    /// A number of two bytes or more.
    @usableFromInline
    @inline(never)
    mutating func longVarint() throws(DecodingError) -> UInt64 {
        if end - position >= 8 {
            let word = UInt64(littleEndian: position.loadUnaligned(as: UInt64.self))
            // The lowest clear high bit marks the number's last byte.
            let last = ~word & 0x8080_8080_8080_8080
            if last != 0 {
                position += last.trailingZeroBitCount &>> 3 &+ 1
                return Varint.compressed(word & (last ^ (last &- 1)))
            }
        }
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 70 {
            guard position != end else { throw error(.truncated) }
            let byte = position.load(as: UInt8.self)
            position += 1
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        throw error(.overlongVarint)
    }

    /// A length prefix, checked to be inside the current message.
    @inlinable
    @inline(__always)
    mutating func length() throws(DecodingError) -> Int {
        let count = try varint()
        guard count <= UInt64(truncatingIfNeeded: end - position) else { throw error(.truncated) }
        return Int(truncatingIfNeeded: count)
    }

    /// The bytes of a length-delimited field.
    @inlinable
    @inline(__always)
    package mutating func content() throws(DecodingError) -> UnsafeRawBufferPointer {
        let count = try length()
        let bytes = UnsafeRawBufferPointer(start: position, count: count)
        position += count
        return bytes
    }

    /// Where the bytes of a length-delimited field are, from the start of the outermost message; passes over them.
    @inlinable
    @inline(__always)
    package mutating func contentRange() throws(DecodingError) -> Range<Int> {
        let count = try length()
        let start = position - base
        position += count
        return Range(uncheckedBounds: (start, start &+ count))
    }

    @inlinable
    @inline(__always)
    package mutating func fixed64() throws(DecodingError) -> UInt64 {
        guard end - position >= 8 else { throw error(.truncated) }
        let value = UInt64(littleEndian: position.loadUnaligned(as: UInt64.self))
        position += 8
        return value
    }

    @inlinable
    @inline(__always)
    package mutating func fixed32() throws(DecodingError) -> UInt32 {
        guard end - position >= 4 else { throw error(.truncated) }
        let value = UInt32(littleEndian: position.loadUnaligned(as: UInt32.self))
        position += 4
        return value
    }

    // MARK: Nesting

    /// Enters a length-delimited field's content as a message of its own.
    /// - Returns: What `leave` is to be called with once every field in it was read; need not be when an error ends the
    ///   reading.
    @inlinable
    @inline(__always)
    package mutating func enter() throws(DecodingError) -> UnsafeRawPointer {
        let count = try length()
        guard depthLeft > 0 else { throw error(.tooDeep) }
        depthLeft &-= 1
        let outer = end
        end = position + count
        return outer
    }

    @inlinable
    @inline(__always)
    package mutating func leave(_ outer: UnsafeRawPointer) {
        end = outer
        depthLeft &+= 1
    }

    /// Enters a map's entry, which does not count as a level.
    @inlinable
    @inline(__always)
    package mutating func enterEntry() throws(DecodingError) -> UnsafeRawPointer {
        let count = try length()
        let outer = end
        end = position + count
        return outer
    }

    @inlinable
    @inline(__always)
    package mutating func leaveEntry(_ outer: UnsafeRawPointer) {
        end = outer
    }
}
