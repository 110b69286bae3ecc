/// Decodes message after message into the same memory: nothing is allocated once it is large enough, and nothing is
/// retained or destroyed one by one. What was decoded is lent to a closure and cannot leave it; its texts and bytes are
/// copied out on request.
///
/// Unsafe inside: `memory` has `capacity` bytes, is allocated by `init` or `decode` and freed once, by `deinit` or when
/// it is replaced, while no reference into it exists.
public struct ArenaDecoder: ~Copyable {
    @usableFromInline
    var memory: UnsafeMutableRawPointer
    @usableFromInline
    var capacity: Int
    #if DEBUG
        /// What the last decoding cost, for tests: see `WireReader.stepCount`.
        @usableFromInline
        package var stepCount = 0
    #endif

    /// The most that is kept from one message to the next.
    private static let maxKept = 4 << 20

    /// - Parameter capacity: The bytes to begin with; a message of 5 KB needs about 16 KB.
    public init(capacity: Int = 16 << 10) {
        self.capacity = max(capacity, 64)
        memory = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    /// Decodes `bytes` and lends the message to `body`.
    /// - Throws: Exactly when decoding into a value does.
    @inlinable
    @inline(__always)
    package mutating func decode<Record: ArenaRecord, Result>(
        _ bytes: RawSpan, as type: Record.Type, limits: DecodingLimits,
        _ body: (borrowing ArenaReference<Record>) -> Result
    ) throws(DecodingError) -> Result {
        let (memory, capacity) = (memory, capacity)
        var needed = 0
        var steps = 0
        defer {
            if needed > 0 { grow(to: needed) }
            noteSteps(steps)
        }
        return try WireReader.read(bytes, limits: limits) { (wire) throws(DecodingError) in
            var reader = ArenaReader(wire: wire, memory: memory, capacity: capacity)
            defer {
                #if DEBUG
                    steps = reader.wire.stepCount
                #endif
                if reader.chunks != nil {
                    needed = reader.nextChunk * 2
                    reader.freeChunks()
                }
            }
            var record = Record()
            return try withUnsafeMutablePointer(to: &record) { (record) throws(DecodingError) in
                try Record.merge(into: record, from: &reader)
                return body(ArenaReference(record, base: reader.wire.base))
            }
        }
    }

    @inlinable
    @inline(__always)
    mutating func noteSteps(_ count: Int) {
        #if DEBUG
            stepCount = count
        #endif
    }

    @usableFromInline
    mutating func grow(to needed: Int) {
        let larger = min(needed, Self.maxKept)
        guard larger > capacity else { return }
        memory.deallocate()
        capacity = larger
        memory = .allocate(byteCount: larger, alignment: 16)
    }
}
