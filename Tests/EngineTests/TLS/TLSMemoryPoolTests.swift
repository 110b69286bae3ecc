import CTLSMemory
import Testing

/// The pools of large blocks that OpenSSL allocates from, which other tests of this process use meanwhile.
@Suite("Pools of OpenSSL's large blocks", .timeLimit(.minutes(2)))
struct TLSMemoryPoolTests {
    private static func allocate(_ count: Int) throws -> UnsafeMutableRawBufferPointer {
        let block = try #require(ctlsmemory_allocate(count, nil, 0))
        return UnsafeMutableRawBufferPointer(start: block, count: count)
    }

    private static func free(_ block: UnsafeMutableRawBufferPointer) {
        ctlsmemory_free(block.baseAddress, nil, 0)
    }

    @Test(
        "Blocks of every size are apart from each other and keep what is written to them",
        arguments: [1, 32, 3072, 3073, 4096, 4097, 7608, 12_288, 12_289, 16_704, 21_848, 24_576, 24_577, 100_000])
    func apart(size: Int) throws {
        var blocks: [UnsafeMutableRawBufferPointer] = []
        defer { for block in blocks { Self.free(block) } }
        for index in 0..<100 {
            let block = try Self.allocate(size)
            for offset in block.indices { block[offset] = UInt8(index) }
            blocks.append(block)
        }
        for (index, block) in blocks.enumerated() {
            #expect(Int(bitPattern: block.baseAddress) % 16 == 0)
            #expect(block.allSatisfy { $0 == UInt8(index) })
        }
        let starts = blocks.map { UInt(bitPattern: $0.baseAddress) }.sorted()
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 >= UInt(size) })
    }

    @Test("Nothing is allocated for a size of zero, and freeing nothing does nothing")
    func nothing() {
        #expect(ctlsmemory_allocate(0, nil, 0) == nil)
        ctlsmemory_free(nil, nil, 0)
    }

    @Test(
        "A block that grows or shrinks keeps its bytes, whichever kind of block it was and becomes",
        arguments: [100, 4000, 8000, 20_000, 50_000], [100, 4000, 8000, 20_000, 50_000])
    func resized(from former: Int, to latter: Int) throws {
        let block = try Self.allocate(former)
        for offset in block.indices { block[offset] = UInt8(truncatingIfNeeded: offset &* 7) }
        let resized = try #require(ctlsmemory_reallocate(block.baseAddress, latter, nil, 0))
        let bytes = UnsafeMutableRawBufferPointer(start: resized, count: latter)
        #expect(bytes.prefix(min(former, latter)).enumerated().allSatisfy { $1 == UInt8(truncatingIfNeeded: $0 &* 7) })
        for offset in bytes.indices { bytes[offset] = 1 }
        #expect(ctlsmemory_reallocate(resized, 0, nil, 0) == nil)
    }

    @Test("Of many blocks that are freed, few keep their memory")
    func givenBack() throws {
        let count = 2000
        for _ in 0..<2 {
            let blocks = try (0..<count).map { _ in try Self.allocate(20_000) }
            // A block with memory of its own still has the mark of its last use.
            #expect(blocks.count { $0[0] == 0xA5 } < count / 2)
            for block in blocks { block[0] = 0xA5 }
            for block in blocks { Self.free(block) }
            #expect(ctlsmemory_blocks_kept() <= ctlsmemory_most_blocks_kept())
        }
    }

    @Test("A block has one owner at a time, however many threads allocate and free at once")
    func oneOwner() async throws {
        let torn = await withTaskGroup(of: Int.self) { group in
            for owner in 1...8 as ClosedRange<UInt64> { group.addTask { Self.useBlocks(as: owner) } }
            return await group.reduce(0, +)
        }
        #expect(torn == 0)
    }

    /// Allocates and frees, and marks each block at both ends with its owner.
    /// - Returns: how many blocks had another's mark in the end.
    private static func useBlocks(as owner: UInt64) -> Int {
        var torn = 0
        var held: [UnsafeMutableRawBufferPointer] = []
        func giveUp(_ block: UnsafeMutableRawBufferPointer) {
            if block.load(as: UInt64.self) != owner { torn += 1 }
            if block.load(fromByteOffset: block.count - 8, as: UInt64.self) != owner { torn += 1 }
            free(block)
        }
        for step in 0..<20_000 {
            guard let block = try? allocate(step % 3 == 0 ? 4096 : 16_704) else { continue }
            block.storeBytes(of: owner, as: UInt64.self)
            block.storeBytes(of: owner, toByteOffset: block.count - 8, as: UInt64.self)
            held.append(block)
            if held.count > Int(owner) * 4 || step % 7 == 0 { giveUp(held.remove(at: step % held.count)) }
        }
        for block in held { giveUp(block) }
        return torn
    }
}
