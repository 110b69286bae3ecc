public import OrderedCollections

/// A value that can only be lent: reading an element of an array through it needs no reference counts.
///
/// Copying an element out of an array costs an atomic increment and decrement for every string and list in it, which is
/// most of the time of encoding. A value that cannot be copied is passed by its address instead.
///
/// Unsafe inside. The invariants that make it safe:
///  - a structure with one stored property has the layout of that property, so an array's memory may be read as this;
///  - the memory is bound as this only inside `forEach…`, while the array it belongs to is borrowed, and only to be
///    read.
@frozen @usableFromInline
package struct Lent<Value>: ~Copyable {
    @usableFromInline
    package let value: Value

    @inlinable
    @inline(__always)
    package init(_ value: consuming Value) {
        self.value = value
    }
}

extension Lent: Sendable where Value: Sendable {}

extension Lent {
    /// Lends every element of `values` to `body`, from the last to the first.
    @inlinable
    @inline(__always)
    package static func forEachReversed(_ values: [Value], _ body: (borrowing Lent<Value>) -> Void) {
        values.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: Lent<Value>.self) { lent in
                var index = lent.count
                while index > 0 {
                    index &-= 1
                    body(lent[index])
                }
            }
        }
    }

    /// Lends every entry of `map` to `body`, from the last to the first.
    @inlinable
    @inline(__always)
    package static func forEachReversed(
        _ map: OrderedDictionary<String, Value>, _ body: (borrowing Lent<String>, borrowing Lent<Value>) -> Void
    ) {
        map.keys.elements.withUnsafeBufferPointer { keys in
            map.values.withUnsafeBufferPointer { values in
                keys.withMemoryRebound(to: Lent<String>.self) { lentKeys in
                    values.withMemoryRebound(to: Lent<Value>.self) { lentValues in
                        var index = lentKeys.count
                        while index > 0 {
                            index &-= 1
                            body(lentKeys[index], lentValues[index])
                        }
                    }
                }
            }
        }
    }
}
