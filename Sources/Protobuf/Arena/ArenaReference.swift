public import OrderedCollections

/// A message that an `ArenaDecoder` decoded, where it is. Cannot outlive the closure that it was lent to.
///
/// Unsafe inside: `record` and `base` are the decoder's memory and the message's bytes, which both stay while the
/// closure runs; lifetimes keep what is derived from it inside.
@frozen
public struct ArenaReference<Record: BitwiseCopyable>: ~Escapable {
    @usableFromInline
    package let record: UnsafePointer<Record>
    @usableFromInline
    package let base: UnsafeRawPointer

    /// For `ArenaDecoder` only, which lends the reference to a closure.
    @inlinable
    @inline(__always)
    @_lifetime(immortal)
    init(_ record: UnsafePointer<Record>, base: UnsafeRawPointer) {
        self.record = record
        self.base = base
    }

    @inlinable
    @inline(__always)
    @_lifetime(copy owner)
    package init<Outer>(_ record: UnsafePointer<Record>, in owner: borrowing ArenaReference<Outer>) {
        self.record = record
        base = owner.base
    }

    @inlinable
    @inline(__always)
    @_lifetime(copy owner)
    init<Outer>(_ record: UnsafePointer<Record>, in owner: borrowing ArenaList<Outer>) {
        self.record = record
        base = owner.base
    }

    @inlinable
    @inline(__always)
    @_lifetime(copy owner)
    init<Outer>(_ record: UnsafePointer<Record>, in owner: borrowing ArenaMap<Outer>) {
        self.record = record
        base = owner.base
    }

    @inlinable
    @inline(__always)
    package func text(_ slice: ArenaSlice) -> String {
        slice.text(at: base)
    }

    @inlinable
    @inline(__always)
    @_lifetime(copy self)
    package func bytes(_ slice: ArenaSlice) -> RawSpan {
        let span = RawSpan(_unsafeStart: base + Int(slice.start), byteCount: Int(slice.count))
        return _overrideLifetime(span, copying: self)
    }
}

extension ArenaSlice {
    /// The text in the bytes that begin at `base`; it was checked to be UTF-8 when it was read.
    @inlinable
    func text(at base: UnsafeRawPointer) -> String {
        String(decoding: UnsafeRawBufferPointer(start: base + Int(start), count: Int(count)), as: UTF8.self)
    }
}

/// A list in a message that an `ArenaDecoder` decoded: of messages, or of texts (`ArenaSlice`).
@frozen
public struct ArenaList<Element: BitwiseCopyable>: ~Escapable {
    @usableFromInline
    let elements: UnsafePointer<Element>?
    @usableFromInline
    let base: UnsafeRawPointer
    public let count: Int

    @inlinable
    @inline(__always)
    @_lifetime(copy owner)
    package init<Outer>(_ list: ArenaElements<Element>, in owner: borrowing ArenaReference<Outer>) {
        elements = UnsafePointer(list.elements)
        base = owner.base
        count = Int(list.count)
    }

    /// The message at `index`, which must be below `count`.
    @inlinable
    public subscript(index: Int) -> ArenaReference<Element> {
        @_lifetime(copy self)
        get {
            precondition(index >= 0 && index < count, "the list has \(count) elements")
            return ArenaReference(elements.unsafelyUnwrapped + index, in: self)
        }
    }

    /// Copies every element out.
    package func copied<Value>(_ copy: (borrowing ArenaReference<Element>) -> Value) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for index in 0..<count { values.append(copy(self[index])) }
        return values
    }
}

extension ArenaList<ArenaSlice> {
    /// Every text, copied out.
    public func texts() -> [String] {
        copied { $0.record.pointee.text(at: $0.base) }
    }
}

/// A map in a message that an `ArenaDecoder` decoded, its entries in the order of the wire: to messages, or to texts
/// (`ArenaSlice`).
@frozen
public struct ArenaMap<Value: BitwiseCopyable>: ~Escapable {
    @usableFromInline
    let entries: UnsafePointer<ArenaEntry<Value>>?
    @usableFromInline
    let base: UnsafeRawPointer
    public let count: Int

    @inlinable
    @inline(__always)
    @_lifetime(copy owner)
    package init<Outer>(_ map: ArenaEntries<Value>, in owner: borrowing ArenaReference<Outer>) {
        entries = UnsafePointer(map.list.elements)
        base = owner.base
        count = Int(map.list.count)
    }

    /// The key of the entry at `index`, which must be below `count`.
    @inlinable
    public func key(at index: Int) -> String {
        entry(at: index).pointee.key.text(at: base)
    }

    /// The value of the entry at `index`, which must be below `count`.
    @inlinable
    public subscript(index: Int) -> ArenaReference<Value> {
        @_lifetime(copy self)
        get {
            let value = UnsafeRawPointer(entry(at: index)) + ArenaEntry<Value>.valueOffset
            return ArenaReference(value.assumingMemoryBound(to: Value.self), in: self)
        }
    }

    @inlinable
    func entry(at index: Int) -> UnsafePointer<ArenaEntry<Value>> {
        precondition(index >= 0 && index < count, "the map has \(count) entries")
        return entries.unsafelyUnwrapped + index
    }

    /// Copies every entry out.
    package func copied<Copy>(
        _ copy: (borrowing ArenaReference<Value>) -> Copy
    ) -> OrderedDictionary<String, Copy> {
        var values: OrderedDictionary<String, Copy> = [:]
        values.reserveCapacity(count)
        for index in 0..<count { values.updateValue(copy(self[index]), forKey: key(at: index)) }
        return values
    }
}

extension ArenaMap<ArenaSlice> {
    /// Every entry, copied out.
    public func texts() -> OrderedDictionary<String, String> {
        copied { $0.record.pointee.text(at: $0.base) }
    }
}
