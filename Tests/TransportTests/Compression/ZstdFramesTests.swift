import Testing

@testable import Transport

@Suite("A file of zstd frames")
struct ZstdFramesTests {
    private static let contents: [[UInt8]] = [[], [1], [UInt8](repeating: 7, count: 100_000), Array("line\n".utf8)]
    private static let file = contents.flatMap { ZstdFrames.frame($0) }

    private static func read(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> [[UInt8]] {
        var contents: [[UInt8]] = []
        try ZstdFrames.read(bytes, limit: limit) { contents.append($0) }
        return contents
    }

    @Test("What was written is read, frame by frame")
    func roundTrip() throws {
        #expect(try Self.read(Self.file) == Self.contents)
        #expect(try Self.read([]) == [])
    }

    @Test("A file that was cut anywhere gives the frames before the cut, or says that it is damaged")
    func cut() throws {
        for length in 0..<Self.file.count {
            let contents = (try? Self.read(Array(Self.file[..<length]))) ?? []
            #expect(contents.count < Self.contents.count && Array(Self.contents.prefix(contents.count)) == contents)
        }
    }

    @Test("Other bytes, and frames that hold more than allowed, are refused")
    func damaged() {
        #expect(throws: ContentCodingError.self) { try Self.read(Array("no frame of zstd at all".utf8)) }
        #expect(throws: ContentCodingError.self) { try Self.read(Self.file, limit: 1_000) }
        var file = Self.file
        file[9] ^= 0xFF
        #expect(((try? Self.read(file)) ?? []).count <= Self.contents.count)
    }
}
