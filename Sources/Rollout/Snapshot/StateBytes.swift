/// Why a snapshot is not used.
public enum SnapshotError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Cut off, or changed.
    case damaged
    /// Written by another version of Muster.
    case otherVersion
    /// Of another plan, seed or revision.
    case otherPlan
    /// Of another fleet.
    case otherFleet

    public var description: String {
        switch self {
        case .damaged: "the snapshot is cut off or damaged; use an earlier one"
        case .otherVersion: "the snapshot is of another version of Muster; begin the rollout anew"
        case .otherPlan: "the snapshot is of another plan; use the plan that the rollout began with"
        case .otherFleet: "the snapshot is of another fleet; use the fleet that the rollout began with"
        }
    }
}

/// Writes state as bytes: little-endian words.
struct StateWriter {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ word: some FixedWidthInteger) {
        for shift in stride(from: 0, to: word.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }

    mutating func add(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    mutating func add(_ number: Double) { add(number.bitPattern) }

    mutating func add(_ list: [some FixedWidthInteger]) {
        add(list.count)
        bytes.reserveCapacity(bytes.count + list.count * 4)
        for word in list { add(word) }
    }

    /// A value that may be missing.
    mutating func add(_ word: (some FixedWidthInteger)?) {
        add(word != nil)
        if let word { add(word) }
    }

    mutating func add(_ number: Double?) { add(number?.bitPattern) }

    mutating func add(text: String) { add(Array(text.utf8)) }
}

/// Reads what `StateWriter` wrote.
struct StateReader {
    private let bytes: ArraySlice<UInt8>
    private var index: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    var isAtEnd: Bool { index == bytes.endIndex }

    mutating func word<Word: FixedWidthInteger>(_ type: Word.Type = Word.self) throws(SnapshotError) -> Word {
        let size = Word.bitWidth / 8
        guard bytes.endIndex - index >= size else { throw .damaged }
        var word = Word.zero
        for offset in 0..<size { word |= Word(truncatingIfNeeded: bytes[index + offset]) << (8 * offset) }
        index += size
        return word
    }

    mutating func int() throws(SnapshotError) -> Int { Int(truncatingIfNeeded: try word(Int64.self)) }

    mutating func flag() throws(SnapshotError) -> Bool { try word(UInt8.self) != 0 }

    mutating func double() throws(SnapshotError) -> Double { Double(bitPattern: try word(UInt64.self)) }

    mutating func text() throws(SnapshotError) -> String {
        guard let text = String(validating: try list(UInt8.self), as: UTF8.self) else { throw .damaged }
        return text
    }

    /// How many items follow, of a byte or more each.
    mutating func count() throws(SnapshotError) -> Int {
        let count = try int()
        guard (0...(bytes.endIndex - index)).contains(count) else { throw .damaged }
        return count
    }

    mutating func list<Word: FixedWidthInteger>(_ type: Word.Type = Word.self) throws(SnapshotError) -> [Word] {
        let count = try int()
        // A count that the bytes cannot hold would reserve memory for nothing.
        guard count >= 0, count <= (bytes.endIndex - index) / max(Word.bitWidth / 8, 1) else { throw .damaged }
        var list: [Word] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try word(Word.self)) }
        return list
    }

    mutating func optional<Word: FixedWidthInteger>(_ type: Word.Type = Word.self) throws(SnapshotError) -> Word? {
        try flag() ? try word(Word.self) : nil
    }

    mutating func optionalDouble() throws(SnapshotError) -> Double? {
        try optional(UInt64.self).map { Double(bitPattern: $0) }
    }
}
