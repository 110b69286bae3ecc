public import Basis

/// Checks the content of a field whose tag was read, without building a value: accepts exactly what reading accepts.
extension WireReader {
    @inlinable
    @inline(__always)
    package mutating func checkText() throws(DecodingError) {
        let bytes = try content()
        if UTF8Check.verdict(on: bytes) == .invalid { throw error(.invalidUTF8) }
    }

    @inlinable
    @inline(__always)
    package mutating func check<Message: SchemaMessage>(_ type: Message.Type) throws(DecodingError) {
        let outer = try enter()
        try Message.check(&self)
        leave(outer)
    }

    @inlinable
    @inline(__always)
    package mutating func checkMap<Message: SchemaMessage>(_ type: Message.Type) throws(DecodingError) {
        let outer = try enterEntry()
        loop: while true {
            switch try tag() {
            case 0: break loop
            case 0x0A: try checkText()
            case 0x12: try check(type)
            case let tag: try skip(tag)
            }
        }
        leaveEntry(outer)
    }

    @inlinable
    @inline(__always)
    package mutating func checkTextMap() throws(DecodingError) {
        let outer = try enterEntry()
        loop: while true {
            switch try tag() {
            case 0: break loop
            case 0x0A, 0x12: try checkText()
            case let tag: try skip(tag)
            }
        }
        leaveEntry(outer)
    }
}
