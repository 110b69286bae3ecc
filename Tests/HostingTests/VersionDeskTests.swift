import Basis
import ControlPlane
import Foundation
import Rollout
import Testing
import Transport

@testable import Hosting

@Suite("The file with the versions of layers and channels")
struct VersionDeskTests {
    private static func inFile(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("versions-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private static let base = VersionBook.Name(.layer, "base")

    private static func content(_ text: String) -> LayerContent { LayerContent(files: ["a": Array(text.utf8)]) }

    private static func desk(_ text: String, _ path: String?) throws(VersionDeskError) -> VersionDesk {
        try VersionDesk([VersionDesk.Declared(base, for: .all, content(text))], file: path) { 1_800_000_000_000 }
    }

    private static func change(_ desk: VersionDesk, _ text: String) throws(VersionDeskError) {
        _ = try desk.change(isTrial: false) { book, _, now in
            try book.changing(base, to: content(text), at: now)
        }
    }

    @Test("What was changed is there after a restart; another declared content is a new version")
    func restart() throws {
        try Self.inFile { path in
            do {
                let desk = try Self.desk("one", path)
                try Self.change(desk, "two")
                try Self.change(desk, "three")
                #expect(throws: VersionDeskError.inUse(path: path)) { try Self.desk("one", path) }
            }
            do {
                let again = try Self.desk("one", path)
                #expect(again.recovered == 3)
                #expect(again.book[Self.base].current?.content == Self.content("three"))
            }
            let other = try Self.desk("four", path)
            #expect(other.book[Self.base].versions.map(\.number) == [1, 2, 3, 4])
            #expect(other.book[Self.base].current?.content == Self.content("four"))
        }
    }

    @Test("A file that is cut at any byte is continued from its complete records")
    func cuts() throws {
        try Self.inFile { path in
            do {
                let desk = try Self.desk("one", path)
                for text in ["two", "three"] { try Self.change(desk, text) }
            }
            let bytes = try Files.read(path, limit: 1 << 20)
            for length in 0...bytes.count {
                try Files.replace(path, with: bytes.prefix(length))
                let complete = try VersionJournal.recover(Array(bytes.prefix(length))).book[Self.base].versions.count
                do {
                    let desk = try Self.desk("one", path)
                    #expect(desk.book[Self.base].versions.count == max(complete, 1), "cut at \(length)")
                    try Self.change(desk, "later")
                }
                let again = try Self.desk("one", path)
                #expect(again.book[Self.base].current?.content == Self.content("later"), "cut at \(length)")
            }
        }
    }

    @Test("A trial changes nothing and writes nothing")
    func trial() throws {
        try Self.inFile { path in
            let desk = try Self.desk("one", path)
            let before = try Files.read(path, limit: 1 << 20)
            let change = try desk.change(isTrial: true) { book, _, now in
                try book.changing(Self.base, to: Self.content("two"), at: now)
            }
            #expect(change.record?.version.number == 2)
            #expect(desk.book[Self.base].current?.number == 1)
            #expect(try Files.read(path, limit: 1 << 20) == before)
        }
    }

    @Test("Another file is refused and stays as it is")
    func foreign() throws {
        try Self.inFile { path in
            try Files.create(path, Array("name: steady\n".utf8))
            #expect(throws: VersionDeskError.noJournal(path: path)) { try Self.desk("one", path) }
            #expect(try Files.read(path, limit: 100) == Array("name: steady\n".utf8))
        }
    }

    @Test("A change that cannot be written is refused and does not take effect; the next one is written again")
    func unwritable() throws {
        try Self.inFile { path in
            let desk = try Self.desk("one", path)
            try Files.delete(path)
            #expect(throws: VersionDeskError.self) { try Self.change(desk, "two") }
            #expect(desk.book[Self.base].current?.content == Self.content("one"))
            try Self.change(desk, "three")
            #expect(try VersionJournal.recover(try Files.read(path, limit: 1 << 20)).book == desk.book)
        }
    }

    @Test(
        "Addresses are taken apart",
        arguments: [
            ("/muster/layers", ["layers"], [:]),
            ("/muster/layers/eu/diff?from=1&to=2", ["layers", "eu", "diff"], ["from": "1", "to": "2"]),
            ("/muster/layers/eu?file=a%20b%26c.yaml", ["layers", "eu"], ["file": "a b&c.yaml"]),
            ("/muster/served?agent", ["served"], ["agent": ""]),
        ] as [(String, [String], [String: String])])
    func addresses(target: String, path: [String], words: [String: String]) throws {
        let request = try #require(ControlRequest(.get, target: target))
        #expect(request.path == path)
        for (word, value) in words { #expect(request[word] == value) }
        #expect(ControlRequest(.get, target: "/v1/opamp") == nil)
    }
}
