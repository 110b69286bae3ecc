/// Walks the fields of a message in borrowed memory.
///
/// Unsafe inside. The invariants that make it safe:
///  - a reader lives only inside `read`'s closure, where the memory from `base` to the outermost `end` is borrowed;
///  - `base <= position <= end` always; `end` only shrinks to a sub-message's end, which is checked to lie inside, and is
///    put back afterwards;
///  - no byte is loaded before `position` was checked against `end`, and a length is compared before it is added.
/// So bytes out of bounds cannot be reached whatever the bytes say.
struct WireReader {
    private var position: UnsafeRawPointer
    private var end: UnsafeRawPointer
    private let base: UnsafeRawPointer
    /// How many more levels of sub-messages and groups may be entered.
    private var depthLeft: Int
    /// Fields skipped so far, at any depth; a group counts once.
    private(set) var unknownFieldCount = 0
    #if DEBUG
        /// What the reading has cost so far, for tests: one for each tag, and one for each element of a list or map that moved.
        private(set) var stepCount = 0
    #endif

    /// Runs `body` with a reader over `bytes`.
    /// - Throws: What `body` throws, or `.tooLarge`.
    @inline(__always)
    static func read<Result: ~Copyable>(
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

    private init(base: UnsafeRawPointer, count: Int, depth: Int) {
        self.base = base
        position = base
        end = base + count
        depthLeft = depth
    }

    /// How far the reader is, in bytes from the start of the outermost message.
    @inline(__always)
    var offset: Int { position - base }

    @inline(never)
    private func error(_ fault: DecodingError.Fault) -> DecodingError {
        DecodingError(fault, offset: offset)
    }

    // MARK: Fields

    /// The next field's tag; nothing at the end of the current message.
    @inline(__always)
    mutating func nextField() throws(DecodingError) -> FieldTag? {
        if position == end { return nil }
        noteSteps(1)
        let first = position.load(as: UInt8.self)
        // One byte, a number above zero and a wire type up to 2: nearly every field there is.
        if first < 0x80 && first >= 8 && first & 7 <= 2 {
            position += 1
            return FieldTag(rawValue: UInt32(first))
        }
        let tag = try longTag()
        if tag.has(.endGroup) { throw error(.unbalancedGroup) }
        return tag
    }

    @inline(__always)
    mutating func noteSteps(_ count: Int) {
        #if DEBUG
            stepCount += count
        #endif
    }

    @inline(never)
    private mutating func longTag() throws(DecodingError) -> FieldTag {
        let start = position
        let value = try varint()
        guard position - start <= Varint.longestTag else { throw error(.overlongVarint) }
        guard value >= 8, let rawValue = UInt32(exactly: value) else { throw error(.invalidFieldNumber) }
        guard rawValue & 7 <= 5 else { throw error(.invalidWireType) }
        return FieldTag(rawValue: rawValue)
    }

    /// Passes over the content of `field` and counts it as unknown.
    @inline(never)
    mutating func skip(_ field: FieldTag) throws(DecodingError) {
        try skipContent(field)
        unknownFieldCount &+= 1
    }

    private mutating func skipContent(_ field: FieldTag) throws(DecodingError) {
        switch WireType(rawValue: UInt8(truncatingIfNeeded: field.rawValue & 7)) {
        case .varint: _ = try varint()
        case .fixed64: try advance(8)
        case .fixed32: try advance(4)
        case .lengthDelimited: try advance(try length())
        case .startGroup:
            guard depthLeft > 0 else { throw error(.tooDeep) }
            depthLeft &-= 1
            while true {
                guard position < end else { throw error(.truncated) }
                let inner = try longTag()
                if inner.has(.endGroup) {
                    guard inner.number == field.number else { throw error(.unbalancedGroup) }
                    break
                }
                try skipContent(inner)
            }
            depthLeft &+= 1
        case .endGroup: throw error(.unbalancedGroup)
        case nil: throw error(.invalidWireType)
        }
    }

    @inline(__always)
    private mutating func advance(_ count: Int) throws(DecodingError) {
        guard count <= end - position else { throw error(.truncated) }
        position += count
    }

    // MARK: Content

    @inline(__always)
    mutating func varint() throws(DecodingError) -> UInt64 {
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
    @inline(never)
    private mutating func longVarint() throws(DecodingError) -> UInt64 {
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

    /// A length prefix, checked to lie inside the current message.
    @inline(__always)
    private mutating func length() throws(DecodingError) -> Int {
        let count = try varint()
        guard count <= UInt64(truncatingIfNeeded: end - position) else { throw error(.truncated) }
        return Int(truncatingIfNeeded: count)
    }

    /// The bytes of a length-delimited field.
    @inline(__always)
    private mutating func content() throws(DecodingError) -> UnsafeRawBufferPointer {
        let count = try length()
        let bytes = UnsafeRawBufferPointer(start: position, count: count)
        position += count
        return bytes
    }

    /// Where the bytes of a length-delimited field are, from the start of the outermost message; passes over them.
    @inline(__always)
    mutating func contentRange() throws(DecodingError) -> Range<Int> {
        let count = try length()
        let start = offset
        position += count
        return Range(uncheckedBounds: (start, start &+ count))
    }

    @inline(__always)
    mutating func fixed64() throws(DecodingError) -> UInt64 {
        guard end - position >= 8 else { throw error(.truncated) }
        let value = UInt64(littleEndian: position.loadUnaligned(as: UInt64.self))
        position += 8
        return value
    }

    @inline(__always)
    mutating func text() throws(DecodingError) -> String {
        let bytes = try content()
        return try text(bytes)
    }

    @inline(__always)
    private mutating func text(_ bytes: UnsafeRawBufferPointer) throws(DecodingError) -> String {
        switch UTF8Check.verdict(on: bytes) {
        case .ascii:
            let units = Span<UInt8>(_unsafeBytes: bytes)
            return String(copying: UTF8Span(unchecked: units, isKnownASCII: true))
        case .beyondASCII: return String(decoding: bytes, as: UTF8.self)
        case .invalid: throw error(.invalidUTF8)
        }
    }

    /// Passes over a text and checks that it is UTF-8.
    @inline(__always)
    mutating func checkText() throws(DecodingError) {
        let bytes = try content()
        if UTF8Check.verdict(on: bytes) == .invalid { throw error(.invalidUTF8) }
    }

    @inline(__always)
    mutating func bytes() throws(DecodingError) -> [UInt8] {
        [UInt8](try content())
    }

    /// The content of an instance uid field; empty is absent.
    @inline(__always)
    mutating func instanceUID() throws(DecodingError) -> InstanceUIDField {
        let bytes = try content()
        guard let base = bytes.baseAddress, bytes.count == InstanceUID.byteCount else {
            return bytes.isEmpty ? .absent : .malformed([UInt8](bytes))
        }
        return .uid(
            InstanceUID(
                high: UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self))))
    }

    /// Enters a length-delimited field's content as a message of its own.
    /// - Returns: What `leave` is to be called with once every field in it was read.
    @inline(__always)
    mutating func enterMessage() throws(DecodingError) -> Outer {
        let count = try length()
        guard depthLeft > 0 else { throw error(.tooDeep) }
        depthLeft &-= 1
        let outer = Outer(end: end)
        end = position + count
        return outer
    }

    @inline(__always)
    mutating func leaveMessage(_ outer: Outer) {
        end = outer.end
        depthLeft &+= 1
    }

    /// Enters a map's entry, which does not count as a level.
    @inline(__always)
    mutating func enterEntry() throws(DecodingError) -> Outer {
        let count = try length()
        let outer = Outer(end: end)
        end = position + count
        return outer
    }

    @inline(__always)
    mutating func leaveEntry(_ outer: Outer) {
        end = outer.end
    }

    /// Whether the entry that was just entered is a key and then a value, as every encoder writes it, and nothing else. Then
    /// the key is read, and the value's tag; otherwise nothing is.
    @inline(__always)
    mutating func plainKey() throws(DecodingError) -> String? {
        let (start, end) = (position, end)
        // A tag, a length of one byte, the key, a tag, and a length of one byte at least.
        guard end - start >= 4, start.load(as: UInt8.self) == 0x0A else { return nil }
        let keySize = Int(start.load(fromByteOffset: 1, as: UInt8.self))
        guard keySize < 0x80, end - start >= keySize &+ 4 else { return nil }
        let valueTag = start + 2 + keySize
        guard valueTag.load(as: UInt8.self) == 0x12 else { return nil }
        var value = valueTag + 1
        guard let valueSize = Self.shortLength(at: &value, end), value + valueSize == end else { return nil }
        position = valueTag
        let key = try text(UnsafeRawBufferPointer(start: start + 2, count: keySize))
        position += 1
        return key
    }

    /// What `restart` needs to come back here.
    var place: Place {
        Place(position: position, unknownFieldCount: unknownFieldCount)
    }

    /// Goes back to an earlier place in the current message.
    mutating func restart(at place: Place) {
        position = place.position
        unknownFieldCount = place.unknownFieldCount
    }

    /// A place in the current message.
    struct Place {
        fileprivate let position: UnsafeRawPointer
        fileprivate let unknownFieldCount: Int
    }

    /// The message around the current one. Need not be left when an error ends the reading.
    struct Outer {
        fileprivate let end: UnsafeRawPointer
    }

    /// Whether the next field has the tag `field` again; then its tag is read. Only for tags of one byte.
    @inline(__always)
    mutating func repeats(_ field: FieldTag) -> Bool {
        guard position != end, UInt32(position.load(as: UInt8.self)) == field.rawValue else { return false }
        position += 1
        return true
    }

    /// How many length-delimited fields with the tag `field` stand here in a row, the one whose tag was just read
    /// included. Looks ahead only; what cannot be read ends the count.
    @inline(__always)
    func run(of field: FieldTag) -> Int {
        var ahead = position
        let end = end
        var count = 0
        repeat {
            count &+= 1
            guard let size = Self.shortLength(at: &ahead, end) else { return count }
            ahead += size
            guard ahead != end, UInt32(ahead.load(as: UInt8.self)) == field.rawValue else { return count }
            ahead += 1
        } while true
    }

    /// A length of at most four bytes at `place`, such that what it counts lies before `end`.
    @inline(__always)
    private static func shortLength(at place: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Int? {
        var value = 0
        var shift = 0
        while place != end, shift < 28 {
            let byte = Int(place.load(as: UInt8.self))
            place += 1
            value |= (byte & 0x7F) &<< shift
            if byte < 0x80 { return value <= end - place ? value : nil }
            shift &+= 7
        }
        return nil
    }
}
