import Basis
import OpenSSL
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    /// Known answers: of FIPS 180-4's examples, and of lengths around a block's end made with Python's hashlib.
    static let known: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "m", count: 55), "3376424373aba5558fe0d6fb4de3b937b5cc23e38bf978d47a792423bb77a235"),
        (String(repeating: "m", count: 56), "433433c89b6417aafffa5b2361b4912dbb11e4a796207bf7ca3a1dcc116ea994"),
        (String(repeating: "m", count: 63), "6e80a1cca9ce209522c092413cd97b7b71b18c8c3e90b2e0d5fe59b97c37ad18"),
        (String(repeating: "m", count: 64), "55d24d1e5bb5c78ff659439718f787646160ce78ff2f48952745723fe61d06e6"),
        (String(repeating: "m", count: 65), "676fc2b538902dd46ab4f093f1cfd8d218dfa9624fc3d539cad3cba6a3eb07f5"),
        (String(repeating: "m", count: 119), "4f1fca6f9f81f68cd9b37209a7bf1eebece7533f47acfe55e204736ea05c26b6"),
        (String(repeating: "m", count: 120), "864bacb2b3f3b4c49e904e197a03783d6825bc7738ce9e945b14c75dca2b3ff7"),
        (String(repeating: "m", count: 128), "a7061f12c459e9a58c2368fad32b8bd799483e6f145b22cdaf6b0bc14ad384eb"),
        (String(repeating: "m", count: 1000), "2084d99a684fdfa598f61fe4464d8d58b37bbd0533a9d1fb598dfb4603023669"),
    ]

    @Test("SHA-256 gives the known answers, however the bytes are cut", arguments: known)
    func sha256(text: String, expected: String) {
        let bytes = Array(text.utf8)
        #expect(HexText.text(SHA256.hash(of: bytes)) == expected)
        for size in [1, 3, 63, 64, 65] {
            let hash = SHA256()
            for start in stride(from: 0, to: bytes.count, by: size) {
                hash.add(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(HexText.text(hash.finish()) == expected)
        }
    }
}
