/// Looking into a message that was checked: a view's way to its sub-messages. A top-level message has few fields, so
/// each look walks them again instead of keeping places; a sub-message that came in several parts is seen whole.
/// Nothing here can fail on bytes that passed the check, so nothing throws.
@usableFromInline
package enum FieldLookup {
    @inlinable
    static var unlimited: DecodingLimits { DecodingLimits(depth: .max, byteCount: .max) }

    /// Runs `body` over each part of the sub-message with the tag `tag`, in order.
    @inlinable
    @inline(__always)
    package static func forEachPart(
        _ tag: UInt32, in bytes: RawSpan, _ body: (inout WireReader) throws(DecodingError) -> Void
    ) {
        do throws(DecodingError) {
            try WireReader.read(bytes, limits: unlimited) { (reader) throws(DecodingError) in
                while true {
                    let found = try reader.tag()
                    if found == 0 { return }
                    if found == tag {
                        let outer = try reader.enter()
                        try body(&reader)
                        reader.leave(outer)
                    } else {
                        try reader.skip(found)
                    }
                }
            }
        } catch {
            assertionFailure("checked bytes could not be read: \(error)")
        }
    }

    /// The sub-message with the tag `tag` as a value, with its parts merged where it came in several.
    @inlinable
    package static func message<Message: SchemaMessage>(_ tag: UInt32, in bytes: RawSpan) -> Message {
        var message = Message()
        forEachPart(tag, in: bytes) { (reader) throws(DecodingError) in try message.merge(from: &reader) }
        return message
    }

    /// The last value of the field `member` of the sub-message with the tag `tag`, without building the sub-message.
    @inlinable
    package static func last<Value>(
        _ member: UInt32, of tag: UInt32, in bytes: RawSpan, default initial: Value,
        _ read: (inout WireReader) throws(DecodingError) -> Value
    ) -> Value {
        var value = initial
        forEachPart(tag, in: bytes) { (reader) throws(DecodingError) in
            while true {
                let found = try reader.tag()
                if found == 0 { return }
                if found == member { value = try read(&reader) } else { try reader.skip(found) }
            }
        }
        return value
    }

    /// Where the last bytes in the field `member` of the sub-message with the tag `tag` are; empty where there are
    /// none.
    package static func content(_ member: UInt32, of tag: UInt32, in bytes: RawSpan) -> Range<Int> {
        last(member, of: tag, in: bytes, default: 0..<0) { (reader) throws(DecodingError) in try reader.contentRange() }
    }

    /// The whole message as a value.
    @inlinable
    package static func whole<Message: SchemaMessage>(_ bytes: RawSpan) -> Message {
        var message = Message()
        do throws(DecodingError) {
            try message.merge(decoding: bytes, limits: unlimited)
        } catch {
            assertionFailure("checked bytes could not be read: \(error)")
        }
        return message
    }

    /// Runs `body` over each length-delimited field, in order: its number and its content.
    package static func forEachContent(in bytes: RawSpan, _ body: (_ number: UInt32, _ content: RawSpan) -> Void) {
        do throws(DecodingError) {
            try WireReader.read(bytes, limits: unlimited) { (reader) throws(DecodingError) in
                while true {
                    let tag = try reader.tag()
                    if tag == 0 { return }
                    if tag & 7 == 2 {
                        body(tag >> 3, bytes.extracting(try reader.contentRange()))
                    } else {
                        try reader.skip(tag)
                    }
                }
            }
        } catch {
            assertionFailure("checked bytes could not be read: \(error)")
        }
    }

    /// How many fields there are at the end of a path: at each step the fields with its tags are entered.
    /// Groups are skipped; as nowhere else here, the bytes have not been checked, so their depth and size are limited.
    /// - Throws: When what is walked is malformed; what is not entered is not checked.
    /// - Complexity: O(n) in the bytes.
    package static func count(_ path: [[UInt32]], in bytes: RawSpan) throws(DecodingError) -> Int {
        try WireReader.read(bytes, limits: .default) { (reader) throws(DecodingError) in
            try count(path[...], &reader)
        }
    }

    private static func count(_ path: ArraySlice<[UInt32]>, _ reader: inout WireReader) throws(DecodingError) -> Int {
        guard let tags = path.first else { return 0 }
        let rest = path.dropFirst()
        var found = 0
        while true {
            let tag = try reader.tag()
            if tag == 0 { return found }
            if !tags.contains(tag) {
                try reader.skip(tag)
            } else if rest.isEmpty {
                _ = try reader.content()
                found += 1
            } else {
                let outer = try reader.enter()
                found += try count(rest, &reader)
                reader.leave(outer)
            }
        }
    }
}
