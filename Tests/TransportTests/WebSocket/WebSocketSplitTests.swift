import Basis
import Testing
import Transport

@Suite("WebSocket reader, however its bytes arrive")
struct WebSocketSplitTests {
    typealias Entry = WebSocketTranscript.Entry

    /// A random conversation: what was said, and its bytes.
    private static func conversation(
        _ role: WebSocketRole, _ random: inout SeededRandom
    ) -> (entries: [Entry], bytes: [UInt8]) {
        var entries: [Entry] = []
        var bytes: [UInt8] = []
        func mask(_ random: inout SeededRandom) -> UInt32? {
            role == .server ? UInt32(truncatingIfNeeded: random.next()) : nil
        }
        for _ in 0..<1 + random.index(below: 8) {
            let size = [0, 1, 7, 40, 125, 126, 300, 70_000][random.index(below: random.chance(0.05) ? 8 : 7)]
            let payload = random.bytes(size)
            let key = mask(&random)
            switch random.index(below: 5) {
            case 0:
                let short = Array(payload.prefix(125))
                WebSocketFrame.append(.ping, payload: short.span.bytes, mask: key, to: &bytes)
                entries.append(.ping(short))
            case 1:
                let letters = payload.map { $0 & 0x3F | 0x40 }
                WebSocketFrame.append(.text, payload: letters.span.bytes, mask: key, to: &bytes)
                entries.append(.message(.text, letters))
            case 2:
                let pieces = Splits.random(payload, longest: max(1, size / 3), &random)
                for (index, piece) in ([[]] + pieces).enumerated() {
                    WebSocketFrame.append(
                        index == 0 ? .binary : .continuation, payload: piece.span.bytes, mask: mask(&random),
                        isFinal: false, to: &bytes)
                    if random.chance(0.3) {
                        WebSocketFrame.append(
                            .pong, payload: [UInt8]([1, 2]).span.bytes, mask: mask(&random), to: &bytes)
                        entries.append(.pong([1, 2]))
                    }
                }
                WebSocketFrame.append(.continuation, payload: [UInt8]([9]).span.bytes, mask: mask(&random), to: &bytes)
                entries.append(.message(.binary, payload + [9]))
            default:
                WebSocketFrame.append(.binary, payload: payload.span.bytes, mask: key, to: &bytes)
                entries.append(.message(.binary, payload))
            }
        }
        return (entries, bytes)
    }

    @Test(
        "One byte at a time, in random pieces or whole, a conversation reads the same",
        arguments: 0..<40 as Range<UInt64>)
    func splits(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for role in [WebSocketRole.client, .server] {
            let (entries, bytes) = Self.conversation(role, &random)
            #expect(WebSocketTranscript([bytes], role: role).entries == entries)
            #expect(WebSocketTranscript(Splits.single(bytes), role: role).entries == entries)
            for longest in [2, 5, 64, 1_000] {
                let pieces = Splits.random(bytes, longest: longest, &random)
                #expect(WebSocketTranscript(pieces, role: role).entries == entries)
            }
        }
    }

    @Test(
        "Mutated conversations never crash, hold little, and read the same in pieces",
        arguments: 0..<40 as Range<UInt64>)
    func mutations(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 1)
        let limits = WebSocketLimits(messageBytes: 4_096, frameBytes: 2_048)
        for _ in 0..<FuzzLength.rounds(25) {
            let role: WebSocketRole = random.chance(0.5) ? .client : .server
            var bytes = Self.conversation(role, &random).bytes
            for _ in 0..<1 + random.index(below: 4) {
                bytes[random.index(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.removeLast(random.index(below: bytes.count))
            let whole = WebSocketTranscript([bytes], role: role, limits: limits, deflate: true)
            let pieces = Splits.random(bytes, longest: 50, &random)
            let split = WebSocketTranscript(pieces, role: role, limits: limits, deflate: true)
            #expect(whole == split)
            #expect(split.maxHeld <= Int(limits.messageBytes + limits.frameBytes) + 14)
        }
    }

    @Test("Random bytes never crash and hold little", arguments: 0..<10 as Range<UInt64>)
    func noise(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 2)
        let limits = WebSocketLimits(messageBytes: 256, frameBytes: 200)
        for _ in 0..<FuzzLength.rounds(300) {
            let bytes = random.bytes(1 + random.index(below: 60))
            let role: WebSocketRole = random.chance(0.5) ? .client : .server
            let whole = WebSocketTranscript([bytes], role: role, limits: limits, deflate: true)
            #expect(whole == WebSocketTranscript(Splits.single(bytes), role: role, limits: limits, deflate: true))
            #expect(whole.maxHeld <= 256 + 200 + 14)
        }
    }
}
