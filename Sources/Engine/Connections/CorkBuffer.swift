// Invariants of the unsafe memory in this file:
//  - `storage` holds `capacity` bytes, of which the first `count` are initialised; freed once, in deinit.

/// Where the frames of one corked endpoint gather, so that they leave in one system call. A shard has one: only the
/// endpoint whose callback runs is corked.
struct CorkBuffer: ~Copyable {
    /// The largest useful size of one send; above it the buffer is flushed and filled again.
    static let capacity = 65_536

    private let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: CorkBuffer.capacity, alignment: 64)
    private var count = 0
    /// The corked endpoint.
    var owner: Endpoint?

    deinit {
        storage.deallocate()
    }

    /// Copies `more` in; false, and nothing done, where it does not fit.
    mutating func append(_ more: UnsafeRawBufferPointer) -> Bool {
        guard more.count <= storage.count - count else { return false }
        if let target = storage.baseAddress, let source = more.baseAddress {
            (target + count).copyMemory(from: source, byteCount: more.count)
        }
        count += more.count
        return true
    }

    /// What has gathered, which is forgotten; valid until the next `append`.
    mutating func take() -> UnsafeRawBufferPointer {
        defer { count = 0 }
        return UnsafeRawBufferPointer(rebasing: storage[0..<count])
    }
}
