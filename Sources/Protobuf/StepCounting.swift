public import OrderedCollections

/// Counts what moves in memory while a message is read, so that tests can state how reading grows with the bytes.
/// Nothing in release builds.
extension WireReader {
    /// Notes that `count` elements moved, if their address changed: their memory grew, or was copied because it was
    /// shared.
    @inlinable
    @inline(__always)
    mutating func noteMove(from old: Int, to new: Int, of count: Int) {
        #if DEBUG
            if old != new { noteSteps(count) }
        #endif
    }

    @inlinable
    @inline(__always)
    static func address<Element>(of values: [Element]) -> Int {
        #if DEBUG
            values.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
        #else
            0
        #endif
    }

    @inlinable
    @inline(__always)
    static func address<Value>(of values: OrderedDictionary<String, Value>) -> Int {
        #if DEBUG
            values.values.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
        #else
            0
        #endif
    }
}
