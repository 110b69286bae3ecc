import Basis
import Foundation
import OpAMP
import OrderedCollections
import Testing

@testable import Fleet

@Suite("The configuration that a server offers without a profile")
struct StandingConfigTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("standing-\(UUID().uuidString)")

    private func file(_ name: String, _ text: String, in place: String = "a") throws -> String {
        let url = folder.appendingPathComponent(place).appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    @Test("Files are offered unchanged, under their own names, with the types of their extensions")
    func files() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = [try file("collector.yaml", "a: 1\n"), try file("b.json", "{}"), try file("notes", "")]
        let offer = try StandingConfig.offer(paths)
        let map = try #require(offer.config).configMap
        #expect(map.keys == ["collector.yaml", "b.json", "notes"])
        #expect(map.values.map(\.body) == [Array("a: 1\n".utf8), Array("{}".utf8), []])
        #expect(map.values.map(\.contentType) == ["text/yaml", "application/json", "text/plain"])
    }

    @Test("What cannot be offered is reported by name")
    func refused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let one = try file("c.yaml", "a: 1\n")
        let other = try file("c.yaml", "a: 2\n", in: "b")
        #expect(throws: StandingConfigError.twice(name: "c.yaml")) { _ = try StandingConfig.offer([one, other]) }
        let missing = folder.appendingPathComponent("none.yaml").path
        #expect(throws: StandingConfigError.unreadable(FileError(.read, missing, .missing))) {
            _ = try StandingConfig.offer([missing])
        }
        #expect(throws: StandingConfigError.unreadable(FileError(.read, folder.path, .isADirectory))) {
            _ = try StandingConfig.offer([folder.path])
        }
        #expect(throws: StandingConfigError.unreadable(FileError(.read, "/dev/zero", .notAFile))) {
            _ = try StandingConfig.offer(["/dev/zero"])
        }
    }

    @Test("All files together have a limit, and one that just fits is offered")
    func limit() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let half = String(repeating: "#", count: StandingConfig.largest / 2)
        let fits = [try file("a", half), try file("b", half)]
        #expect(try StandingConfig.offer(fits).config?.configMap.count == 2)
        let beyond = try file("c", "#")
        #expect(throws: StandingConfigError.tooLarge(path: beyond)) { _ = try StandingConfig.offer(fits + [beyond]) }
    }
}
