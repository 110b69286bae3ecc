// Invariants of the unsafe memory in this file:
//  - A block of a slab is in one place: with the RecordLayer that took it, or on the free list of its size. A slab is
//    freed in deinit only, when every block has been given back.
//  - A buffer for a record in pieces is in one place: with the RecordLayer that took it, or on the free list of its
//    size class. One that is on a list holds the list's link in its first 8 bytes.

import COpenSSL

/// The memory of all connections of a thread. Blocks come from slabs, without malloc's header, and lie apart from the
/// small blocks that OpenSSL takes during handshakes: those pages can then be given back to the system.
struct RecordMemory: ~Copyable {
    private static let slabBytes = 64 * 1024
    /// For a record's first bytes or a message's header; a middle size; the longest record. Each with its head.
    static let bufferSizes = [640, 4096 + 320, RecordLayer.maxRecord + 32]
    /// Free buffers kept of each size: more than a few are needed only where many peers send slowly.
    private static let maxFreeBuffers = 64

    private var slabs: [UnsafeMutableRawPointer] = []
    private var slabUsed = RecordMemory.slabBytes
    /// By the suite.
    private var freeBlocks: [UnsafeMutableRawPointer?] = [nil, nil, nil]
    private(set) var blocksInUse = 0

    private var freeBuffers: [UnsafeMutableRawPointer?] = [nil, nil, nil]
    private var freeBufferCounts = [0, 0, 0]
    private(set) var bufferBytesInUse = 0

    init() {}

    deinit {
        precondition(blocksInUse == 0 && bufferBytesInUse == 0, "connections outlive their memory")
        for slab in slabs { slab.deallocate() }
        for list in freeBuffers {
            var next = list
            while let buffer = next {
                next = buffer.load(as: UnsafeMutableRawPointer?.self)
                buffer.deallocate()
            }
        }
    }

    // MARK: Blocks

    /// A block for a connection with this suite; its bytes are not set.
    mutating func takeBlock(_ suite: RecordSuite) -> UnsafeMutableRawPointer {
        blocksInUse += 1
        let size = Int(suite.rawValue)
        if let block = freeBlocks[size] {
            freeBlocks[size] = block.load(as: UnsafeMutableRawPointer?.self)
            return block
        }
        let count = RecordBlock.bytes(of: suite)
        if slabUsed + count > Self.slabBytes {
            slabs.append(.allocate(byteCount: Self.slabBytes, alignment: 64))
            slabUsed = 0
        }
        defer { slabUsed += count }
        return slabs[slabs.count - 1] + slabUsed
    }

    /// Takes a block back and wipes it.
    mutating func putBlock(_ block: UnsafeMutableRawPointer, _ suite: RecordSuite) {
        blocksInUse -= 1
        OPENSSL_cleanse(block, RecordBlock.bytes(of: suite))
        let size = Int(suite.rawValue)
        block.storeBytes(of: freeBlocks[size], as: UnsafeMutableRawPointer?.self)
        freeBlocks[size] = block
    }

    // MARK: Buffers

    /// A buffer of at least `count` bytes, at most `RecordLayer.maxRecord` and a head, with its size class.
    mutating func takeBuffer(_ count: Int) -> (UnsafeMutableRawPointer, sizeClass: UInt8) {
        guard let sizeClass = Self.bufferSizes.firstIndex(where: { $0 >= count }) else {
            preconditionFailure("no record has \(count) bytes")
        }
        bufferBytesInUse += Self.bufferSizes[sizeClass]
        if let buffer = freeBuffers[sizeClass] {
            freeBuffers[sizeClass] = buffer.load(as: UnsafeMutableRawPointer?.self)
            freeBufferCounts[sizeClass] -= 1
            return (buffer, UInt8(sizeClass))
        }
        return (.allocate(byteCount: Self.bufferSizes[sizeClass], alignment: 16), UInt8(sizeClass))
    }

    /// Takes a buffer back. It has held ciphertext and message headers only, so it is not wiped.
    mutating func putBuffer(_ buffer: UnsafeMutableRawPointer, sizeClass: UInt8) {
        let sizeClass = Int(sizeClass)
        bufferBytesInUse -= Self.bufferSizes[sizeClass]
        guard freeBufferCounts[sizeClass] < Self.maxFreeBuffers else {
            buffer.deallocate()
            return
        }
        buffer.storeBytes(of: freeBuffers[sizeClass], as: UnsafeMutableRawPointer?.self)
        freeBuffers[sizeClass] = buffer
        freeBufferCounts[sizeClass] += 1
    }
}
