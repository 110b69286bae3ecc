import Basis
import Testing
import Transport

@Suite("Content codings")
struct ContentCodingTests {
    private func encode(_ content: [UInt8], _ coding: ContentCoding, _ coder: ContentCoder = ContentCoder()) -> [UInt8]
    {
        var bytes: [UInt8] = []
        coder.encode(content.span.bytes, as: coding, into: &bytes)
        return bytes
    }

    private func decode(
        _ content: [UInt8], _ coding: ContentCoding, _ coder: ContentCoder = ContentCoder(), limit: Int = 1 << 20
    ) throws(ContentCodingError) -> [UInt8] {
        var bytes: [UInt8] = [7]
        do throws(ContentCodingError) {
            try coder.decode(content.span.bytes, as: coding, limit: limit, into: &bytes)
        } catch {
            #expect(bytes == [7], "failed content leaves the buffer as it was")
            throw error
        }
        return Array(bytes[1...])
    }

    /// "hello world" as written by the command-line tools gzip 1.12 and zstd 1.5.4 from a pipe.
    static let foreign: [(ContentCoding, String)] = [
        (.gzip, "1f8b0800000000000203cb48cdc9c95728cf2fca49010085114a0d0b000000"),
        (.zstd, "28b52ffd045859000068656c6c6f20776f726c6468691eb2"),
        (.identity, "68656c6c6f20776f726c64"),
    ]

    @Test("What other tools wrote is read", arguments: foreign)
    func foreignContent(coding: ContentCoding, content: String) throws {
        #expect(try decode(hex(content), coding) == utf8("hello world"))
    }

    @Test("Content survives every coding, one coder for all", arguments: [0, 1, 40, 3_000, 300_000])
    func roundTrips(size: Int) throws {
        let coder = ContentCoder()
        var random = SeededRandom(seed: UInt64(size))
        for letters in [2, 256] {
            let content = (0..<size).map { _ in UInt8(random.index(below: letters)) }
            for coding in ContentCoding.allCases {
                let encoded = encode(content, coding, coder)
                #expect(try decode(encoded, coding, coder) == content)
                if coding != .identity, letters == 2, size > 1_000 { #expect(encoded.count < size / 3) }
            }
        }
    }

    @Test(
        "A bomb is refused exactly at the limit, and the coder continues to work", arguments: ContentCoding.allCases)
    func bomb(coding: ContentCoding) throws {
        let coder = ContentCoder()
        let content = [UInt8](repeating: 0, count: 5_000_000)
        let encoded = encode(content, coding, coder)
        var bytes: [UInt8] = []
        #expect(throws: ContentCodingError.tooLarge(limit: 1_000)) {
            try coder.decode(encoded.span.bytes, as: coding, limit: 1_000, into: &bytes)
        }
        #expect(bytes.capacity < 500_000, "a bomb does not grow the buffer far beyond the limit")
        #expect(throws: ContentCodingError.tooLarge(limit: 4_999_999)) {
            try decode(encoded, coding, coder, limit: 4_999_999)
        }
        #expect(try decode(encoded, coding, coder, limit: 5_000_000) == content)
        #expect(throws: ContentCodingError.tooLarge(limit: 0)) {
            try decode(encode([1], coding, coder), coding, coder, limit: 0)
        }
        #expect(try decode(encode([], coding, coder), coding, coder, limit: 0) == [])
    }

    @Test("A bomb beyond a large limit does not use the limit's memory either", arguments: [ContentCoding.gzip, .zstd])
    func largeBomb(coding: ContentCoding) throws {
        let coder = ContentCoder()
        let encoded = encode([UInt8](repeating: 0, count: 33 << 20), coding, coder)
        var bytes: [UInt8] = []
        #expect(throws: ContentCodingError.tooLarge(limit: 32 << 20)) {
            try coder.decode(encoded.span.bytes, as: coding, limit: 32 << 20, into: &bytes)
        }
        #expect(bytes.capacity < 10 << 20)
        try coder.decode(encoded.span.bytes, as: coding, limit: 33 << 20, into: &bytes)
        #expect(bytes.count == 33 << 20 && bytes.allSatisfy { $0 == 0 })
    }

    @Test(
        "Thousands of empty members or frames are refused: each costs more than its few bytes",
        arguments: [ContentCoding.gzip, .zstd])
    func emptyMembers(coding: ContentCoding) throws {
        let empty = encode([], coding)
        let some = Array(repeatElement(empty, count: 1_000).joined())
        #expect(try decode(some, coding) == [])
        let many = Array(repeatElement(empty, count: 5_000).joined())
        #expect(throws: ContentCodingError.corrupt(coding)) { try decode(many, coding) }
    }

    @Test("Content that is cut anywhere is truncated, never accepted", arguments: [ContentCoding.gzip, .zstd])
    func truncated(coding: ContentCoding) throws {
        let coder = ContentCoder()
        let encoded = encode(utf8("some content, some more content"), coding, coder)
        for count in 0..<encoded.count {
            #expect(throws: ContentCodingError.truncated(coding)) {
                try decode(Array(encoded[..<count]), coding, coder)
            }
        }
        #expect(try decode(encoded, coding, coder).count == 31)
    }

    @Test("Several members or frames in a row are one content", arguments: [ContentCoding.gzip, .zstd])
    func concatenated(coding: ContentCoding) throws {
        let joined = encode(utf8("one "), coding) + encode([], coding) + encode(utf8("two"), coding)
        #expect(try decode(joined, coding) == utf8("one two"))
        #expect(throws: ContentCodingError.tooLarge(limit: 6)) { try decode(joined, coding, limit: 6) }
    }

    @Test("What is not of the coding, or has something behind it, is corrupt", arguments: [ContentCoding.gzip, .zstd])
    func corrupt(coding: ContentCoding) throws {
        let good = encode(utf8("hello world"), coding)
        #expect(throws: ContentCodingError.corrupt(coding)) { try decode(utf8("plain text, not encoded"), coding) }
        #expect(throws: ContentCodingError.corrupt(coding)) { try decode(good + utf8("garbage behind"), coding) }
    }

    @Test("A wrong checksum is corrupt")
    func checksum() {
        var gzip = encode(utf8("hello world"), .gzip)
        gzip[gzip.count - 6] ^= 1
        #expect(throws: ContentCodingError.corrupt(.gzip)) { try decode(gzip, .gzip) }
    }

    @Test("A zstd frame that announces a window beyond 8 MiB is refused, not allocated for")
    func largeWindow() {
        // A frame without a content size and with a window of 16 MiB, then of 2 GiB.
        for descriptor in ["70", "A8"] {
            #expect(throws: ContentCodingError.corrupt(.zstd)) {
                try decode(hex("28B52FFD 00 \(descriptor) 010000"), .zstd)
            }
        }
        #expect(throws: Never.self) { try decode(hex("28B52FFD 00 68 010000"), .zstd) }
    }

    @Test("Random and mutated content never crashes and never outgrows the limit", arguments: 0..<10 as Range<UInt64>)
    func fuzz(seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: 6)
        let coder = ContentCoder()
        for _ in 0..<FuzzLength.rounds(200) {
            let coding: ContentCoding = random.chance(0.5) ? .gzip : .zstd
            var content = encode((0..<random.index(below: 500)).map { UInt8($0 & 7) }, coding, coder)
            for _ in 0..<random.index(below: 4) {
                content[random.index(below: content.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            let plain = try? decode(content, coding, coder, limit: 400)
            #expect(plain.map { $0.count <= 400 } ?? true)
        }
    }

    @Test(
        "Content-Encoding names one supported coding, or none",
        arguments: [
            ([], .identity), ([""], .identity), (["gzip"], .gzip), (["GZIP"], .gzip), (["x-gzip"], .gzip),
            (["zstd"], .zstd), (["identity"], .identity), (["br"], nil), (["gzip, gzip"], nil),
            (["gzip", "zstd"], nil),
        ] as [([String], ContentCoding?)])
    func contentEncoding(values: [String], coding: ContentCoding?) throws {
        var fields = HTTPFields()
        for value in values { try fields.append("Content-Encoding", value) }
        #expect((try? ContentCoding(contentEncodingOf: fields)) == coding)
        if coding == nil {
            #expect(throws: ContentCodingError.unsupported(values.joined(separator: ", "))) {
                try ContentCoding(contentEncodingOf: fields)
            }
        }
    }

    @Test(
        "Accept-Encoding chooses the coding that the peer prefers",
        arguments: [
            ([], .identity), ([""], .identity), (["gzip"], .gzip), (["zstd, gzip"], .gzip),
            (["gzip;q=0.5, zstd"], .zstd), (["gzip; q=0.5 , ZSTD ; q=0.501"], .zstd), (["*"], .gzip),
            (["gzip;q=0, *"], .zstd), (["gzip;q=0"], .identity), (["br, deflate"], .identity),
            (["identity, gzip;q=0.9"], .identity), (["identity, gzip"], .gzip), (["gzip;q=0.000"], .identity),
            (["gzip;q=1.001"], .identity),
            (["gzip;q=x"], .identity), (["gzip;q=0.1234"], .identity), (["gzip;level=1"], .identity),
            (["br", "zstd"], .zstd), (["gzip;q=0", "gzip"], .gzip),
        ] as [([String], ContentCoding)])
    func acceptEncoding(values: [String], best: ContentCoding) throws {
        var fields = HTTPFields()
        for value in values { try fields.append("Accept-Encoding", value) }
        #expect(AcceptEncoding(fields).best(of: [.gzip, .zstd]) == best)
    }

    @Test("Identity is taken unless it is excluded")
    func identityWeight() throws {
        for (value, isTaken) in [("gzip", true), ("identity;q=0", false), ("*;q=0", false), ("*;q=0, identity", true)] {
            var fields = HTTPFields()
            try fields.append("Accept-Encoding", value)
            #expect((AcceptEncoding(fields).weight(of: .identity) > 0) == isTaken)
        }
    }
}
