import Testing

@testable import Transport

@Suite("SHA-1")
struct SHA1Tests {
    @Test(
        "SHA-1 gives the digests of FIPS 180's examples",
        arguments: [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ),
            (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        ])
    func vectors(message: String, digest: String) {
        #expect(SHA1.digest(utf8(message)) == hex(digest))
    }

    /// From Python's hashlib, of `"x" * n`: around the length where the padding needs another block.
    @Test(
        "SHA-1 pads right at the edges of a block",
        arguments: [
            (55, "cef734ba81a024479e09eb5a75b6ddae62e6abf1"), (56, "901305367c259952f4e7af8323f480d59f81335b"),
            (63, "0ddc4e0cccd9a12850deb5abb0853a4425559fec"), (64, "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163"),
            (65, "78c741ddc482e4cdf8c474a0876347a0905b6233"),
        ])
    func padding(count: Int, digest: String) {
        #expect(SHA1.digest([UInt8](repeating: 0x78, count: count)) == hex(digest))
    }
}
