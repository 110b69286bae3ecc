import Basis
import Testing

@Suite("Bytes of a span")
struct RawSpanBytesTests {
    @Test("The first index of a byte is the one that a plain search finds, in every range")
    func firstIndex() {
        var random = SeededRandom(seed: 11)
        // Neighbours of the wanted byte in value, which a search by words could mistake.
        let alphabet: [UInt8] = [0x0A, 0x0B, 0x09, 0x8A, 0x00, 0xFF, 0x01, 0x80]
        for length in 0..<40 {
            for _ in 0..<20 {
                let bytes = (0..<length).map { _ in alphabet[random.index(below: random.chance(0.5) ? 8 : 2)] }
                let start = random.index(below: length + 1)
                let end = start + random.index(below: length - start + 1)
                for wanted in alphabet {
                    let found = bytes.span.bytes.firstIndex(of: wanted, in: start..<end)
                    #expect(found == bytes[start..<end].firstIndex(of: wanted))
                }
            }
        }
    }

    @Test("Numbers are written in decimal", arguments: [0, 9, 10, 99, 100, 4_320, .max] as [UInt64])
    func decimal(number: UInt64) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number)
        #expect(String(decoding: bytes, as: UTF8.self) == String(number))
    }

    @Test("A buffer grows with what arrives, to no more than twice that nor beyond the end")
    func growth() {
        var bytes: [UInt8] = []
        for _ in 0..<10_000 {
            bytes.grow(by: 10, towards: 1 << 30)
            bytes.append(contentsOf: [UInt8](repeating: 1, count: 10))
            #expect(bytes.capacity <= 2 * bytes.count + 64)
        }
        bytes.grow(by: 10, towards: bytes.count + 10)
        #expect(bytes.capacity <= 2 * bytes.count + 64)
    }
}
