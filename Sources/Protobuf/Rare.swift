/// Keeps a sub-message that most messages lack out of the message's own memory: 8 bytes inline, one allocation when
/// set. A heartbeat as a value is then small to make, to pass on and to look through.
///
/// Behaves as the optional value itself does; copies share their storage until one of them is set.
@propertyWrapper
public struct Rare<Value: Equatable & Sendable>: Equatable, Sendable {
    @usableFromInline
    package var storage: RareStorage<Value>?

    @inlinable
    @inline(__always)
    public init(wrappedValue: Value?) {
        storage = wrappedValue.map { RareStorage($0) }
    }

    @inlinable
    @inline(__always)
    package init(_ value: consuming Value) {
        storage = RareStorage(value)
    }

    @inlinable
    public var wrappedValue: Value? {
        @inline(__always) get { storage?.lent.value }
        @inline(__always) set { storage = newValue.map { RareStorage($0) } }
    }

    @inlinable
    public static func == (left: Rare, right: Rare) -> Bool {
        left.storage === right.storage || left.wrappedValue == right.wrappedValue
    }
}

/// The shared, immutable cell behind `Rare`.
@usableFromInline
package final class RareStorage<Value: Equatable & Sendable>: Sendable {
    @usableFromInline
    package let lent: Lent<Value>

    @inlinable
    @inline(__always)
    package init(_ value: consuming Value) {
        lent = Lent(value)
    }
}
