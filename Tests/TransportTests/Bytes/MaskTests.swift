import Basis
import Testing

@testable import Transport

@Suite("Masking")
struct MaskTests {
    @Test("Masking XORs byte i with key byte i mod 4, from any start, at every length")
    func plainDefinition() {
        var random = SeededRandom(seed: 53)
        for length in 0..<70 {
            for start in [0, 1, 3, 8, 13] where start <= length {
                let key = UInt32(truncatingIfNeeded: random.next())
                let plain = random.bytes(length)
                var masked = plain
                Mask.apply(key, to: &masked, from: start)
                for index in 0..<length {
                    let position = UInt32((index - start) & 3)
                    let expected = index < start ? 0 : UInt8(truncatingIfNeeded: key >> (24 - 8 * position))
                    #expect(masked[index] == plain[index] ^ expected)
                }
                Mask.apply(key, to: &masked, from: start)
                #expect(masked == plain)
            }
        }
    }
}
