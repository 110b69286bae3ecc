/// Appends protobuf fields to an array. A sub-message is written where it will stand and its length put in front of it
/// afterwards: the few bytes behind it move once for each level, which for messages of a few kilobytes costs less than
/// measuring them first.
struct ProtobufWriter {
    private(set) var bytes: [UInt8]

    init(appendingTo bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func tag(_ number: UInt64, _ layout: UInt64) {
        varint(number << 3 | layout)
    }

    /// A number, left out where it is zero, as proto3 has it.
    mutating func number(_ field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        member(field, varint: value)
    }

    /// A case of a oneof, written whatever its value.
    mutating func member(_ field: UInt64, varint value: UInt64) {
        tag(field, 0)
        varint(value)
    }

    mutating func fixed64(_ field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        member(field, fixed64: value)
    }

    mutating func member(_ field: UInt64, fixed64 value: UInt64) {
        tag(field, 1)
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    mutating func text(_ field: UInt64, _ value: String) {
        guard !value.isEmpty else { return }
        member(field, text: value)
    }

    mutating func member(_ field: UInt64, text value: String) {
        tag(field, 2)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// An identifier: eight bytes for each number, the most significant first.
    mutating func identifier(_ field: UInt64, _ numbers: [UInt64]) {
        guard numbers.contains(where: { $0 != 0 }) else { return }
        tag(field, 2)
        varint(UInt64(8 * numbers.count))
        for number in numbers {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
            }
        }
    }

    mutating func message(_ field: UInt64, _ body: (inout ProtobufWriter) -> Void) {
        tag(field, 2)
        let start = bytes.count
        body(&self)
        var length = UInt64(bytes.count - start)
        var prefix: [UInt8] = []
        while length >= 0x80 {
            prefix.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        prefix.append(UInt8(truncatingIfNeeded: length))
        bytes.insert(contentsOf: prefix, at: start)
    }
}
