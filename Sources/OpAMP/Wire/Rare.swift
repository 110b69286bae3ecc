/// Keeps a sub-message that most messages lack out of the message's own memory: 8 bytes inline, one allocation when set.
/// A heartbeat as a value is then small to make, to pass on and to look through.
///
/// Behaves as the optional value itself does; copies share their storage until one of them is set.
@propertyWrapper
public struct Rare<Value: Equatable & Sendable>: Equatable, Sendable {
    private(set) var storage: RareStorage<Value>?

    public init(wrappedValue: Value?) {
        storage = wrappedValue.map { RareStorage($0) }
    }

    @inline(__always)
    init(_ value: consuming Value) {
        storage = RareStorage(value)
    }

    public var wrappedValue: Value? {
        get { storage?.lent.value }
        set { storage = newValue.map { RareStorage($0) } }
    }

    public static func == (left: Rare, right: Rare) -> Bool {
        left.storage === right.storage || left.wrappedValue == right.wrappedValue
    }
}

/// The shared, immutable cell behind `Rare`.
final class RareStorage<Value: Equatable & Sendable>: Sendable {
    let lent: Lent<Value>

    @inline(__always)
    init(_ value: consuming Value) {
        lent = Lent(value)
    }
}
