public import Basis
public import OrderedCollections

/// Reads maps. On the wire a map is a list of entries, each a message of a key and a value; either may be missing and
/// may come more than once. An entry replaces an earlier one with the same key.
extension WireReader {
    /// The most entries for which room is made at once, since many may have the same key.
    @inlinable
    static var maxReserved: Int { 4096 }

    @inlinable
    @inline(__always)
    package mutating func map<Message: SchemaMessage>(
        _ tag: UInt32, into values: inout OrderedDictionary<String, Message>
    ) throws(DecodingError) {
        // Only for the first row: room reserved for each row would be exactly its size, and all entries would move each
        // time.
        if values.isEmpty { values.reserveCapacity(min(run(of: tag), Self.maxReserved)) }
        let address = Self.address(of: values)
        var seen: UInt64 = values.isEmpty ? 0 : .max
        repeat {
            let outer = try enterEntry()
            if let key = plainKey() {
                let verdict = UTF8Check.verdict(on: key)
                let text = try text(key, verdict)
                // Texts beyond ASCII may be equal although their bytes differ (canonical equivalence).
                let bit = verdict == .ascii ? Self.filterBit(key) : .max
                try plainValue(of: text, isNew: seen & bit == 0 && bit != .max, into: &values)
                seen |= bit
            } else {
                try entry(into: &values)
                seen = .max
            }
            leaveEntry(outer)
        } while repeats(tag)
        noteMove(from: address, to: Self.address(of: values), of: values.count)
    }

    /// Reads an entry's value, tag included, where it will stay, in the map: moving it there later would cost as much
    /// as reading it. The value of an earlier entry with the same key is dropped first, so that each value is read
    /// once.
    /// - Parameter isNew: Known to be another key than those before.
    @inlinable
    @inline(__always)
    mutating func plainValue<Message: SchemaMessage>(
        of key: String, isNew: Bool, into values: inout OrderedDictionary<String, Message>
    ) throws(DecodingError) {
        position += 1
        let outer = try enter()
        if isNew {
            try values[key, default: Message()].merge(from: &self)
            return leave(outer)
        }
        let count = values.count
        let isRepeated = values.updateValue(Message(), forKey: key) != nil
        let index = isRepeated ? values.index(forKey: key) ?? count : count
        try values.values[index].merge(from: &self)
        leave(outer)
    }

    /// Reads the rest of an entry whose fields come in any number and order.
    @inlinable
    @inline(never)
    mutating func entry<Message: SchemaMessage>(
        into values: inout OrderedDictionary<String, Message>
    ) throws(DecodingError) {
        var key = ""
        var value = Message()
        loop: while true {
            switch try tag() {
            case 0: break loop
            case 0x0A: key = try text()
            case 0x12:
                let outer = try enter()
                try value.merge(from: &self)
                leave(outer)
            case let tag: try skip(tag)
            }
        }
        values.updateValue(value, forKey: key)
    }

    @inlinable
    @inline(__always)
    package mutating func textMap(into values: inout OrderedDictionary<String, String>) throws(DecodingError) {
        var key = ""
        var value = ""
        let outer = try enterEntry()
        loop: while true {
            switch try tag() {
            case 0: break loop
            case 0x0A: key = try text()
            case 0x12: value = try text()
            case let tag: try skip(tag)
            }
        }
        leaveEntry(outer)
        let address = Self.address(of: values)
        values.updateValue(value, forKey: key)
        noteMove(from: address, to: Self.address(of: values), of: values.count)
    }
}
