internal import OrderedCollections

/// Reads maps. On the wire a map is a list of entries, each a message of a key and a value; either may be missing and may
/// come more than once. An entry replaces an earlier one with the same key.
extension WireReader {
    /// The most entries for which room is made at once, since many may have the same key.
    private static var maxReserved: Int { 4096 }

    @inline(__always)
    mutating func map<Message: FieldTable>(
        _ field: FieldTag, into values: inout OrderedDictionary<String, Message>
    ) throws(DecodingError) {
        guard field.has(.lengthDelimited) else { return try skip(field) }
        // Only for the first row: room reserved for each row would be exactly its size, and all entries would move each time.
        if values.isEmpty { values.reserveCapacity(min(run(of: field), Self.maxReserved)) }
        let address = Self.address(of: values)
        defer { noteMove(from: address, to: Self.address(of: values), of: values.count) }
        repeat {
            let outer = try enterEntry()
            if let key = try plainKey() {
                try plainValue(of: key, into: &values)
            } else {
                try entry(into: &values)
            }
            leaveEntry(outer)
        } while repeats(field)
    }

    /// Reads an entry's value where it will stay, in the map: moving it there later would cost as much as reading it. The value
    /// of an earlier entry with the same key is dropped first, so that each value is read once.
    @inline(__always)
    private mutating func plainValue<Message: FieldTable>(
        of key: String, into values: inout OrderedDictionary<String, Message>
    ) throws(DecodingError) {
        let count = values.count
        let isRepeated = values.updateValue(Message(), forKey: key) != nil
        let index = isRepeated ? values.index(forKey: key) ?? count : count
        let outer = try enterMessage()
        try values.values[index].decodeFields(from: &self)
        leaveMessage(outer)
    }

    /// Reads the rest of an entry whose fields come in any number and order.
    @inline(never)
    private mutating func entry<Message: FieldTable>(
        into values: inout OrderedDictionary<String, Message>
    ) throws(DecodingError) {
        var key = ""
        var value = Message()
        while let member = try nextField() {
            switch member.number {
            case 1: try string(member, into: &key)
            case 2 where member.has(.lengthDelimited):
                let outer = try enterMessage()
                try value.decodeFields(from: &self)
                leaveMessage(outer)
            default: try skip(member)
            }
        }
        values.updateValue(value, forKey: key)
    }

    @inline(__always)
    mutating func stringMap(
        _ field: FieldTag, into values: inout OrderedDictionary<String, String>
    ) throws(DecodingError) {
        guard field.has(.lengthDelimited) else { return try skip(field) }
        var key = ""
        var value = ""
        let outer = try enterEntry()
        while let member = try nextField() {
            switch member.number {
            case 1: try string(member, into: &key)
            case 2: try string(member, into: &value)
            default: try skip(member)
            }
        }
        leaveEntry(outer)
        let address = Self.address(of: values)
        values.updateValue(value, forKey: key)
        noteMove(from: address, to: Self.address(of: values), of: values.count)
    }
}
