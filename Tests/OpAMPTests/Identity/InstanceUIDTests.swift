import Basis
import OpAMP
import Testing

@Suite("Instance uids")
struct InstanceUIDTests {
    @Test("A new uid is a version 7 UUID that carries its time", arguments: [0, 1, 1_795_478_400_123, (1 << 48) - 1])
    func versionSeven(milliseconds: UInt64) {
        var random = SeededRandom(seed: 7)
        for _ in 0..<100 {
            let uid = InstanceUID(unixMilliseconds: milliseconds, random: &random)
            #expect(uid.version == 7)
            #expect(uid.low >> 62 == 0b10)
            #expect(uid.unixMilliseconds == milliseconds)
        }
    }

    @Test("The same random source gives the same uid, the next draw another")
    func determined() {
        var first = SeededRandom(seed: 3)
        var second = SeededRandom(seed: 3)
        let uid = InstanceUID(unixMilliseconds: 5, random: &first)
        #expect(uid == InstanceUID(unixMilliseconds: 5, random: &second))
        #expect(uid != InstanceUID(unixMilliseconds: 5, random: &second))
    }

    @Test("All 74 random bits are drawn")
    func randomBits() {
        var random = SeededRandom(seed: 9)
        var seen = (high: UInt64(0), low: UInt64(0))
        for _ in 0..<200 {
            let uid = InstanceUID(unixMilliseconds: 0, random: &random)
            seen.high |= uid.high
            seen.low |= uid.low
        }
        #expect(seen.high == 0x7FFF)
        #expect(seen.low == 0b10 << 62 | UInt64.max >> 2)
    }

    @Test("The canonical text is read back, in either case")
    func text() throws {
        let uid = InstanceUID(high: 0x0192_F0C4_A5B6_7D3E, low: 0x9A4B_3C2D_1E0F_5A6B)
        #expect(uid.description == "0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6b")
        #expect(InstanceUID("0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6b") == uid)
        #expect(InstanceUID("0192F0C4-A5B6-7D3E-9A4B-3C2D1E0F5A6B") == uid)
        var bytes = Array("x".utf8)
        uid.appendText(to: &bytes)
        #expect(bytes == Array("x0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6b".utf8))
    }

    @Test("Random uids survive text and bytes", arguments: 0..<UInt64(50))
    func roundTrip(stream: UInt64) {
        var random = SeededRandom(seed: 11, stream: stream)
        let uid = InstanceUID(high: random.next(), low: random.next())
        #expect(InstanceUID(uid.description) == uid)
        #expect(InstanceUID(bytes: uid.bytes) == uid)
    }

    @Test(
        "Any other text is refused",
        arguments: [
            "", "0192f0c4", "0192f0c4a5b67d3e9a4b3c2d1e0f5a6b", "0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6",
            "0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6b0", "0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6b-",
            "0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6g",
            "-192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6b", "0192f0c40a5b6-7d3e-9a4b-3c2d1e0f5a6b",
            "{0192f0c4-a5b6-7d3e-9a4b-3c2d1e0f5a6}",
        ])
    func otherText(text: String) {
        #expect(InstanceUID(text) == nil)
    }

    @Test("Uids are ordered as their bytes are")
    func order() {
        #expect(InstanceUID(high: 1, low: 2) < InstanceUID(high: 1, low: 3))
        #expect(InstanceUID(high: 1, low: .max) < InstanceUID(high: 2, low: 0))
        #expect(!(InstanceUID(high: 2, low: 0) < InstanceUID(high: 1, low: .max)))
    }

    @Test("A field of another length than 16 is kept as malformed, an empty one is absent", arguments: 0..<33)
    func fieldLengths(count: Int) throws {
        let content = (0..<count).map { UInt8($0 + 1) }
        let bytes = [0x0A, UInt8(count)] + content
        let field = try AgentToServer(decoding: bytes).instanceUID
        let viewed = try AgentToServerView(bytes.span.bytes).instanceUID
        #expect(field == viewed)
        switch count {
        case 0: #expect(field == .absent)
        case 16: #expect(field.uid?.bytes == content)
        default: #expect(field == .malformed(content))
        }
    }
}
