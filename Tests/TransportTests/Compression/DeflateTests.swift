import Basis
import Testing
import Transport

@Suite("permessage-deflate payloads (RFC 7692, section 7.2)")
struct DeflateTests {
    private func inflate(
        _ payload: [UInt8], _ inflater: Inflater = Inflater(), kind: WebSocketMessageKind = .binary,
        limit: UInt32 = 1 << 20
    ) throws(WebSocketError) -> [UInt8] {
        var bytes: [UInt8] = [1, 2, 3]
        do throws(WebSocketError) {
            try inflater.message(kind, payload.span.bytes, limit: limit, into: &bytes)
        } catch {
            #expect(bytes == [1, 2, 3], "a failed message leaves the buffer as it was")
            throw error
        }
        #expect(Array(bytes[..<3]) == [1, 2, 3])
        return Array(bytes[3...])
    }

    private func deflate(_ payload: [UInt8], _ deflater: Deflater?, prefix: UInt8? = nil) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try #require(deflater).message(payload.span.bytes, prefix: prefix, into: &bytes)
        return bytes
    }

    @Test(
        "The examples of RFC 7692, section 7.2.3, decompress as it says",
        arguments: [
            ("f2 48 cd c9 c9 07 00", "Hello"),
            ("00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"),
            ("f3 48 cd c9 c9 07 00 00", "Hello"),
            ("f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello"),
            ("00", ""),
        ])
    func examplesOfTheRFC(payload: String, plain: String) throws {
        #expect(try inflate(hex(payload), kind: .text) == utf8(plain))
    }

    @Test("With its context kept, a message may refer to the one before; without, it may not")
    func contextTakeover() throws {
        let keeping = Inflater(keepsContext: true)
        #expect(try inflate(hex("f2 48 cd c9 c9 07 00"), keeping) == utf8("Hello"))
        #expect(try inflate(hex("f2 00 11 00 00"), keeping) == utf8("Hello"))
        let forgetting = Inflater()
        #expect(try inflate(hex("f2 48 cd c9 c9 07 00"), forgetting) == utf8("Hello"))
        #expect(throws: WebSocketError.corruptCompressedMessage) {
            try inflate(hex("f2 00 11 00 00"), forgetting)
        }
    }

    @Test("Thousands of empty final blocks are refused: each costs a copy of the window for two bytes")
    func emptyFinalBlocks() throws {
        let some = Array(repeatElement([0x03, 0x00] as [UInt8], count: 1_000).joined())
        #expect(try inflate(some) == [])
        let many = Array(repeatElement([0x03, 0x00] as [UInt8], count: 5_000).joined())
        #expect(throws: WebSocketError.corruptCompressedMessage) { try inflate(many) }
    }

    @Test(
        "A bomb beyond a large limit does not use the limit's memory either, and a message at the limit is decompressed"
    )
    func largeBomb() throws {
        let packed = try deflate([UInt8](repeating: 7, count: 33 << 20), Deflater())
        let inflater = Inflater()
        var bytes: [UInt8] = []
        #expect(throws: WebSocketError.messageTooLarge(limit: 32 << 20)) {
            try inflater.message(.binary, packed.span.bytes, limit: 32 << 20, into: &bytes)
        }
        #expect(bytes.capacity < 10 << 20)
        try inflater.message(.binary, packed.span.bytes, limit: 33 << 20, into: &bytes)
        #expect(bytes.count == 33 << 20 && bytes.allSatisfy { $0 == 7 })
    }

    @Test("A message that ends its last block itself keeps the context for the next")
    func finalBlockKeepsContext() throws {
        for ended in ["f3 48 cd c9 c9 07 00 00", "f3 48 cd c9 c9 07 00"] {
            let keeping = Inflater(keepsContext: true)
            #expect(try inflate(hex(ended), keeping) == utf8("Hello"))
            #expect(try inflate(hex("f2 00 11 00 00"), keeping) == utf8("Hello"))
        }
    }

    @Test("The deflater writes the RFC's first two examples, with its context kept")
    func compressedExamples() throws {
        let keeping = Deflater(keepsContext: true)
        #expect(try deflate(utf8("Hello"), keeping) == hex("f2 48 cd c9 c9 07 00"))
        #expect(try deflate(utf8("Hello"), keeping) == hex("f2 00 11 00 00"))
        let forgetting = Deflater()
        #expect(try deflate(utf8("Hello"), forgetting) == hex("f2 48 cd c9 c9 07 00"))
        #expect(try deflate(utf8("Hello"), forgetting) == hex("f2 48 cd c9 c9 07 00"))
    }

    @Test("Every window but the smallest compresses, and what it writes can be read", arguments: 8...16)
    func windows(bits: Int) throws {
        let deflater = Deflater(windowBits: bits)
        #expect((deflater == nil) == (bits == 8 || bits == 16))
        guard let deflater else { return }
        var random = SeededRandom(seed: UInt64(bits))
        let inflater = Inflater()
        for size in [0, 1, 40, 1_000, 5_000, 100_000] {
            let payload = (0..<size).map { _ in UInt8(random.index(below: 4)) }
            let compressed = try deflate(payload, deflater)
            #expect(try inflate(compressed, inflater) == payload)
            if size >= 1_000 { #expect(compressed.count < size / 2) }
        }
    }

    @Test("A prefix is compressed before the payload")
    func prefix() throws {
        let compressed = try deflate(utf8("abc"), Deflater(), prefix: 0)
        #expect(try inflate(compressed) == [0] + utf8("abc"))
    }

    @Test("Empty messages are one byte, also one after the other, with and without context", arguments: [true, false])
    func emptyMessages(keepsContext: Bool) throws {
        let deflater = Deflater(keepsContext: keepsContext)
        let inflater = Inflater(keepsContext: keepsContext)
        for payload in [[], [], utf8("x"), [], []] as [[UInt8]] {
            let compressed = try deflate(payload, deflater)
            #expect(!compressed.isEmpty)
            if payload.isEmpty { #expect(compressed == [0]) }
            #expect(try inflate(compressed, inflater) == payload)
        }
    }

    @Test("Random conversations survive both ways, with and without context", arguments: 0..<8 as Range<UInt64>)
    func roundTrips(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let keepsContext = seed % 2 == 0
        let deflater = Deflater(
            windowBits: 9 + random.index(below: 7), keepsContext: keepsContext, level: 1 + random.index(below: 9))
        let inflater = Inflater(keepsContext: keepsContext)
        for _ in 0..<40 {
            let letters = 1 + random.index(below: 256)
            let payload = (0..<random.index(below: 3_000)).map { _ in UInt8(random.index(below: letters)) }
            let compressed = try deflate(payload, deflater)
            #expect(try inflate(compressed, inflater) == payload)
        }
    }

    @Test("A bomb is refused exactly at the limit, and the inflater continues to work")
    func bomb() throws {
        let deflater = Deflater()
        let inflater = Inflater()
        let plain = [UInt8](repeating: 0, count: 10_000_000)
        let compressed = try deflate(plain, deflater)
        #expect(compressed.count < 20_000)
        var bytes: [UInt8] = []
        #expect(throws: WebSocketError.messageTooLarge(limit: 100_000)) {
            try inflater.message(.binary, compressed.span.bytes, limit: 100_000, into: &bytes)
        }
        #expect(bytes.isEmpty)
        #expect(bytes.capacity < 1_000_000, "a bomb does not grow the buffer far beyond the limit")
        #expect(throws: WebSocketError.messageTooLarge(limit: 9_999_999)) {
            try inflate(compressed, inflater, limit: 9_999_999)
        }
        #expect(try inflate(compressed, inflater, limit: 10_000_000) == plain)
        #expect(try inflate(hex("f2 48 cd c9 c9 07 00"), inflater, limit: 5) == utf8("Hello"))
        #expect(throws: WebSocketError.messageTooLarge(limit: 4)) {
            try inflate(hex("f2 48 cd c9 c9 07 00"), inflater, limit: 4)
        }
        #expect(throws: WebSocketError.messageTooLarge(limit: 0)) {
            try inflate(hex("f2 48 cd c9 c9 07 00"), inflater, limit: 0)
        }
    }

    @Test(
        "Invalid compressed data is refused, and the inflater continues to work",
        arguments: [
            "ff", "06", "f2 48 cd c9", "07 00", "00 05 00 fa ff 48", "00 05 00 fa fe 48 65 6c 6c 6f 00",
            "f3 48 cd c9 c9 07 00 ff",
        ])
    func corrupt(payload: String) throws {
        let inflater = Inflater(keepsContext: true)
        #expect(throws: WebSocketError.corruptCompressedMessage) { try inflate(hex(payload), inflater) }
        #expect(try inflate(hex("f2 48 cd c9 c9 07 00"), inflater) == utf8("Hello"))
    }

    @Test("Text is checked after decompression")
    func text() throws {
        let compressed = try deflate([0xC3, 0x28], Deflater())
        #expect(throws: WebSocketError.invalidUTF8) { try inflate(compressed, kind: .text) }
        #expect(try inflate(compressed, kind: .binary) == [0xC3, 0x28])
    }

    @Test("Random and mutated payloads never crash and never outgrow the limit", arguments: 0..<10 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, stream: 5)
        let deflater = Deflater()
        let inflater = Inflater(keepsContext: random.chance(0.5))
        for _ in 0..<FuzzLength.rounds(200) {
            var payload = try deflate((0..<random.index(below: 500)).map { UInt8($0 & 7) }, deflater)
            for _ in 0..<random.index(below: 4) {
                payload[random.index(below: payload.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            let plain = try? inflate(payload, inflater, limit: 400)
            #expect(plain.map { $0.count <= 400 } ?? true)
        }
    }

    @Test("A message goes through frames, compressed, from end to end")
    func throughFrames() throws {
        let payload = [UInt8](repeating: 42, count: 5_000)
        let compressed = try deflate(payload, Deflater(), prefix: 0)
        var wire: [UInt8] = []
        WebSocketFrame.append(.binary, payload: compressed.span.bytes, mask: 0x0A0B_0C0D, isCompressed: true, to: &wire)
        #expect(wire.count < 100)
        let transcript = WebSocketTranscript(Splits.single(wire), role: .server, deflate: true)
        guard case .compressed(.binary, let received) = transcript.entries.first else {
            Issue.record("not a compressed message")
            return
        }
        #expect(try inflate(received) == [0] + payload)
    }
}
