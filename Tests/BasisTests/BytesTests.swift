import Basis
import Testing

@Suite("Base64, hexadecimal digits and FNV-1a")
struct BytesTests {
    @Test(
        "Base64 is that of RFC 4648, section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(plain: String, text: String) {
        #expect(Base64.text(Array(plain.utf8)) == text)
        #expect(Base64.encode(Array(plain.utf8)) == Array(text.utf8))
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test("Bytes of every length and value survive Base64")
    func base64RoundTrip() {
        var random = SeededRandom(seed: 1)
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let text = Base64.text(bytes)
            #expect(text.utf8.count == (count + 2) / 3 * 4)
            #expect(Base64.decode(text) == bytes)
            #expect(Base64.decode(text + "=") == nil && Base64.decode(" " + text) == nil)
        }
    }

    @Test(
        "What is not Base64 is refused",
        arguments: [
            "Zg=", "Zg", "Z===", "====", "Zg==Zg==", "Zm 8=", "Zm9!", "Zm 9", "Zm9é", "=Zg=", "Zg=g", "Zm9v\n", "Zm-_",
        ])
    func notBase64(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(Base64.decode(text.utf8, allowsExtraBits: true) == nil)
    }

    @Test("Bits that belong to no byte are refused, unless they are allowed", arguments: ["Zh==", "Zm9=", "Zm9vYn=="])
    func extraBits(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(Base64.decode(text.utf8, allowsExtraBits: true) != nil)
    }

    @Test("Hexadecimal text has two lower-case digits a byte")
    func hexText() {
        #expect(HexText.text([0, 10, 171, 255]) == "000aabff")
    }

    @Test(
        "FNV-1a gives the published hashes",
        arguments: [
            ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8 as UInt64),
        ])
    func fnv(text: String, hash: UInt64) {
        #expect(FNV1a.hash(text.utf8) == hash)
    }
}
