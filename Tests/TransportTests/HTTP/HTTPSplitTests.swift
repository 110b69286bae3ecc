import Basis
import Testing
import Transport

@Suite("HTTP reader, however its bytes arrive")
struct HTTPSplitTests {
    /// A random run of well-formed messages.
    private static func messages(_ direction: HTTPDirection, _ random: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<1 + random.index(below: 4) {
            switch direction {
            case .requests: bytes += utf8("POST /v1/opamp HTTP/1.1\r\nHost: a\r\n")
            case .responses:
                if random.chance(0.2) { bytes += utf8("HTTP/1.1 100 Continue\r\n\r\n") }
                bytes += utf8("HTTP/1.1 200 OK\r\n")
            }
            for field in 0..<random.index(below: 5) {
                bytes += utf8("X-Field-\(field): \(random.next())\r\n")
            }
            let body = random.bytes(random.index(below: 200))
            if random.chance(0.5) {
                bytes += utf8("Content-Length: \(body.count)\r\n\r\n") + body
            } else {
                bytes += utf8("Transfer-Encoding: chunked\r\n\r\n")
                for chunk in Splits.random(body, longest: 50, &random) {
                    bytes += utf8(String(chunk.count, radix: 16) + ";x=y\r\n") + chunk + utf8("\r\n")
                }
                bytes += utf8("0\r\nT: 1\r\n\r\n")
            }
        }
        return bytes
    }

    @Test("One byte at a time, in random pieces or whole, messages read the same", arguments: 0..<40 as Range<UInt64>)
    func splits(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 3)
        for direction in [HTTPDirection.requests, .responses] {
            let bytes = Self.messages(direction, &random)
            let whole = HTTPTranscript([bytes], direction)
            #expect(whole.error == nil)
            #expect(whole.entries.last == .end(keepAlive: true))
            for pieces in [Splits.single(bytes), Splits.random(bytes, longest: 60, &random)] {
                let isSame = HTTPTranscript(pieces, direction) == whole
                #expect(isSame)
            }
        }
    }

    @Test("Mutated messages never crash and read the same in pieces", arguments: 0..<40 as Range<UInt64>)
    func mutations(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 4)
        var limits = HTTPLimits()
        limits.headBytes = 300
        limits.lineBytes = 60
        limits.fieldCount = 5
        limits.bodyBytes = 300
        limits.chunkLineBytes = 12
        let spice = utf8("\r\n\r\n :;0123456789abcdefGET HTTP/1.chunkedContent-Length\u{0}\u{7F}")
        for _ in 0..<FuzzLength.rounds(25) {
            let direction: HTTPDirection = random.chance(0.5) ? .requests : .responses
            var bytes = Self.messages(direction, &random)
            for _ in 0..<1 + random.index(below: 4) {
                let place = random.index(below: bytes.count)
                switch random.index(below: 3) {
                case 0: bytes[place] = spice[random.index(below: spice.count)]
                case 1: bytes.remove(at: place)
                default: bytes.insert(spice[random.index(below: spice.count)], at: place)
                }
            }
            let closing = random.chance(0.5)
            let whole = HTTPTranscript([bytes], direction, limits: limits, closing: closing)
            let pieces = Splits.random(bytes, longest: 30, &random)
            let isSame = HTTPTranscript(pieces, direction, limits: limits, closing: closing) == whole
            #expect(isSame, "\(text(bytes))")
        }
    }
}
