import Basis

/// How a journal holds its records: each has its length (4 bytes), its body, and a checksum (4 bytes).
enum JournalFrame {
    static func bytes(of body: [UInt8]) -> [UInt8] {
        var writer = StateWriter()
        writer.add(UInt32(body.count))
        var end = StateWriter()
        end.add(checksum(body[...]))
        return writer.bytes + body + end.bytes
    }

    /// The body of the record that begins at a place, and where the record ends; nil where none is complete.
    static func next(_ bytes: [UInt8], from start: Int) -> (body: ArraySlice<UInt8>, end: Int)? {
        var head = StateReader(bytes[start...])
        guard let length = try? head.word(UInt32.self), Int(length) <= bytes.count - start - 8 else { return nil }
        let body = bytes[(start + 4)..<(start + 4 + Int(length))]
        let end = start + 8 + Int(length)
        var tail = StateReader(bytes[(end - 4)..<end])
        guard (try? tail.word(UInt32.self)) == checksum(body) else { return nil }
        return (body, end)
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        let hash = FNV1a.hash(bytes)
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
