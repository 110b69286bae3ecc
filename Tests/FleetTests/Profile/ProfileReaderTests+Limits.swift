import Schema
import Testing

@testable import Fleet

/// Text that is no profile, and the limits of its size and depth.
extension ProfileReaderTests {
    @Test(
        "Bytes that are not UTF-8 are reported by their offset",
        arguments: [[0xFF], [0xC3], [0xE2, 0x82], [0xC0, 0x80], [0xED, 0xA0, 0x80]])
    func notUTF8(bytes: [UInt8]) throws {
        let errors = try #require(throws: Problems.self) {
            try ProfileReader().read(bytes: Array("name: ü\n# ".utf8) + bytes, source: "x")
        }
        #expect(errors.list.map(\.kind) == [.notUTF8(offset: 11)])
    }

    @Test("A file that is too large is not parsed")
    func tooLarge() throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: Tree.maxBytes + 1)
        let errors = try #require(throws: Problems.self) { try ProfileReader().read(bytes: bytes, source: "x") }
        #expect(errors.list.map(\.kind) == [.tooLarge(limit: Tree.maxBytes)])
    }

    @Test("A missing file is reported")
    func missingFile() throws {
        let errors = try #require(throws: Problems.self) { try ProfileReader().read(path: "/nonexistent/p.yaml") }
        #expect("\(errors)" == "/nonexistent/p.yaml: cannot be read: no such file or directory; check the path")
    }

    @Test(
        "Nesting is limited in every form of YAML",
        arguments: ["[", "{a: ", "- ", "? ", "a:\n ", "[{", "{{", "{? "])
    func nesting(opening: String) {
        for count in [40, 500, 30_000] {
            let found = errors(String(repeating: opening, count: count))
            #expect(found.count == 1, "\(opening) \(count)")
        }
        #expect(
            errors(String(repeating: "[", count: 40) + String(repeating: "]", count: 40)).map(\.kind) == [
                .tooDeep(limit: 32)
            ])
    }

    @Test("Aliases that would expand without limit are refused before they expand")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<40 {
            let references = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(references)]\n? *a\(level)\n: 1\n"
        }
        #expect(errors(text).first?.description.contains("an a") == true)
    }
}
