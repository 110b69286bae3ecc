/// Finds map entries whose key or value has the wrong wire type.
///
/// Protocol Buffers skips such a key or value as an unknown field. swift-protobuf 1.39 skips its tag only and goes on
/// in the middle of it, so that it is no judge of these messages.
struct MisshapenEntry {
    /// The way from a message to the maps in it, and on through their values: field number to what it holds.
    indirect enum Path {
        case message([UInt64: Path])
        case map([UInt64: Path])
        /// A map whose values hold such maps again.
        case health, components
    }

    static let report: [UInt64: Path] = [
        5: .message([6: .health]), 6: .message([1: .message([1: .map([:])])]), 8: .message([1: .map([:])]),
        14: .message([1: .components]),
    ]
    static let answer: [UInt64: Path] = [
        3: .message([1: .message([1: .map([:])])]), 4: .message([6: .map([4: .map([:])])]),
        5: .message([1: .map([:])]),
    ]

    /// Whether one lies in `bytes`. Bytes that cannot be read further hold no more of them.
    static func exists(in bytes: ArraySlice<UInt8>, _ paths: [UInt64: Path]) -> Bool {
        var rest = bytes
        while let (tag, content) = nextField(&rest) {
            guard tag & 7 == 2, let content, let path = paths[tag >> 3] else { continue }
            switch path {
            case .message(let inner): if exists(in: content, inner) { return true }
            case .map(let inner): if exists(inEntry: content, inner) { return true }
            case .health: if exists(inEntry: content, [6: .health]) { return true }
            case .components: if exists(inEntry: content, [2: .components]) { return true }
            }
        }
        return false
    }

    private static func exists(inEntry bytes: ArraySlice<UInt8>, _ paths: [UInt64: Path]) -> Bool {
        var rest = bytes
        while let (tag, content) = nextField(&rest) {
            if tag >> 3 == 1 || tag >> 3 == 2, tag & 7 != 2 { return true }
            if tag == 2 << 3 | 2, let content, exists(in: content, paths) { return true }
        }
        return false
    }

    /// The next field; without content, and the last one, where its content cannot be read.
    private static func nextField(_ rest: inout ArraySlice<UInt8>) -> (tag: UInt64, content: ArraySlice<UInt8>?)? {
        guard let tag = varint(&rest) else { return nil }
        let content = content(of: tag, &rest)
        if content == nil { rest = [] }
        return (tag, content)
    }

    private static func content(of tag: UInt64, _ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var count: UInt64 = 0
        switch tag & 7 {
        case 0: if varint(&rest) == nil { return nil }
        case 1: count = 8
        case 2:
            guard let length = varint(&rest) else { return nil }
            count = length
        case 5: count = 4
        default: break  // A group's fields are looked at as if they stood outside: they have numbers unused here.
        }
        guard count <= UInt64(rest.count) else { return nil }
        let content = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return content
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
