/// Looking ahead: how many alike fields follow each other, and whether a map's entry is laid out as encoders lay it
/// out.
extension WireReader {
    /// How many length-delimited fields with the tag `tag` follow each other here, the one whose tag was just read
    /// included. Looks ahead only; what cannot be read ends the count. Only for tags of one byte.
    @inlinable
    @inline(__always)
    package func run(of tag: UInt32) -> Int {
        var ahead = position
        let end = end
        var count = 0
        repeat {
            count &+= 1
            guard let size = Self.shortLength(at: &ahead, end) else { return count }
            ahead += size
            guard ahead != end, UInt32(ahead.load(as: UInt8.self)) == tag else { return count }
            ahead += 1
        } while true
    }

    /// A length of at most four bytes at `place`, such that its content ends before `end`.
    @inlinable
    @inline(__always)
    static func shortLength(at place: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Int? {
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

    /// Whether the entry that was just entered is a key and then a value, as every encoder writes it, and nothing else.
    /// Then the key's bytes, which are not checked, and the reader is at the value's tag; otherwise nothing, and
    /// nothing is read.
    @inlinable
    @inline(__always)
    package mutating func plainKey() -> UnsafeRawBufferPointer? {
        let (start, end) = (position, end)
        // A tag, a length of one byte, the key, a tag, and a length of one byte at least.
        guard end - start >= 4, start.load(as: UInt8.self) == 0x0A else { return nil }
        let keySize = Int(start.load(fromByteOffset: 1, as: UInt8.self))
        guard keySize < 0x80, end - start >= keySize &+ 4 else { return nil }
        let valueTag = start + 2 + keySize
        guard valueTag.load(as: UInt8.self) == 0x12 else { return nil }
        var value = valueTag + 1
        guard let valueSize = Self.shortLength(at: &value, end), value + valueSize == end else { return nil }
        noteSteps(2)
        position = valueTag
        return UnsafeRawBufferPointer(start: start + 2, count: keySize)
    }

    /// One of 64 bits for a key: keys with different bits are different. So in most maps no two keys have to be
    /// compared.
    @inlinable
    @inline(__always)
    static func filterBit(_ key: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: key.count)
        if key.count >= 8, let base = key.baseAddress {
            hash ^= base.loadUnaligned(as: UInt64.self)
            hash = hash &* 0x9E37_79B9_7F4A_7C15
            hash ^= base.loadUnaligned(fromByteOffset: key.count &- 8, as: UInt64.self)
        } else {
            for byte in key { hash = hash &<< 8 | UInt64(byte) }
        }
        return 1 &<< (hash &* 0x9E37_79B9_7F4A_7C15 &>> 58)
    }
}
