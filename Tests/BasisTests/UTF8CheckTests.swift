import Basis
import Testing

@Suite("UTF-8 check")
struct UTF8CheckTests {
    private static func bytes(_ digits: String) -> [UInt8] {
        digits.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }

    private func isValid(_ bytes: [UInt8]) -> Bool {
        UTF8Check.isValid(bytes.span.bytes)
    }

    @Test(
        "Ill-formed sequences are refused at every place",
        arguments: [
            "80", "BF", "C0 80", "C1 BF", "C2", "C2 41", "E0 80 80", "E0 9F BF", "E1 80", "E1 80 41", "ED A0 80",
            "ED BF BF", "F0 80 80 80", "F0 8F BF BF", "F1 80 80", "F1 80 80 41", "F4 90 80 80", "F5 80 80 80", "FF",
        ])
    func illFormed(digits: String) {
        let bad = Self.bytes(digits)
        for lead in 0..<10 {
            let bytes = [UInt8](repeating: 0x61, count: lead) + bad
            #expect(!isValid(bytes))
            #expect(!isValid(bytes + Array("tail of ascii".utf8)))
        }
    }

    @Test("The edges of every well-formed range are accepted")
    func wellFormed() {
        let scalars: [UInt32] = [
            0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x1_0000, 0xF_FFFF, 0x10_FFFF,
        ]
        for lead in 0..<10 {
            for value in scalars {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let bytes = Array((String(repeating: "a", count: lead) + String(scalar) + "b").utf8)
                #expect(isValid(bytes))
            }
        }
        #expect(isValid([]))
    }

    @Test("The verdict on random bytes is the standard library's", arguments: [1, 2, 3] as [UInt64])
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        // Bytes that make well-formed and nearly well-formed sequences likely.
        let alphabet = Self.bytes("41 7F 80 8F 90 9F A0 BF C1 C2 DF E0 E1 EC ED EE EF F0 F1 F4 F5")
        for _ in 0..<20_000 {
            let bytes = (0..<random.index(below: 7)).map { _ in alphabet[random.index(below: alphabet.count)] }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            #expect(isValid(bytes) == expected, "\(bytes)")
        }
    }
}
