import Foundation
import Schema
import Testing

@testable import Fleet

/// Events in files of their own.
@Suite("Files of events")
struct EventFileTests {
    /// A folder with a profile and its files of events.
    private struct Folder: ~Copyable {
        let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("events-\(UUID().uuidString)")

        init(_ files: [String: String]) throws {
            for (name, text) in files {
                let file = url.appendingPathComponent(name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func read() throws(Problems) -> Profile {
            try ProfileReader().read(path: url.appendingPathComponent("profile.yaml").path)
        }

        /// Its errors, with paths from the folder.
        func errors() -> [String] {
            do throws(Problems) {
                _ = try read()
                return []
            } catch {
                return error.description.replacing("\(url.path)/", with: "").components(separatedBy: "\n")
            }
        }
    }

    private static let head: String = "{agents: 10, duration: 1m, packages: {accepted: true}, events: "
    private static let inline: [String] = [
        "{at: 10s, name: storm, drop_connections: 50%}",
        "{at: 20s, offer_packages: {name: p, packages: {a: {version: '1'}}}}",
        "{after: {event: storm, is: recovered, plus: 1s}, leave: {share: 10%, by: {fin: 50%, reset: 50%}}}",
        "{at: 30s, every: 5s, until: 50s, jitter: 1s, report_status: all}",
        "{at: 55s, withdraw_packages: p}",
    ]

    private static func list(_ items: some Sequence<String>) -> String {
        items.map { "- \($0)\n" }.joined()
    }

    /// `events:` of a profile with the files that it names.
    private static let places: [(events: String, files: [String: String])] = [
        ("[{file: all.yaml}]", ["all.yaml": list(inline)]),
        ("[{file: all.yaml}]", ["all.yaml": "# As JSON.\n[\(inline.joined(separator: ", "))]"]),
        ("[{file: sub/all.yaml}]", ["sub/all.yaml": list(inline)]),
        (
            "[\(inline[0]), {file: a.yaml}, \(inline[3]), {file: b.yaml}]",
            ["a.yaml": list(inline[1...2]), "b.yaml": list(inline[4...])]
        ),
        ("[\(inline.joined(separator: ", ")), {file: none.yaml}]", ["none.yaml": "[]"]),
    ]

    @Test("Events in files are the same as those events written in the profile, in their places", arguments: places)
    func same(events: String, files: [String: String]) throws {
        let folder = try Folder(files.merging(["profile.yaml": "\(Self.head)\(events)}"]) { $1 })
        let plain = try Folder(["profile.yaml": "\(Self.head)[\(Self.inline.joined(separator: ", "))]}"])
        let profile = try folder.read()
        #expect(profile.events.count == Self.inline.count)
        #expect(try profile == plain.read())
        // The profile that is kept has them without the file.
        #expect(!profile.resolvedYAML.contains(".yaml"))
        #expect(try ProfileReader().read(text: profile.resolvedYAML, source: "kept") == profile)
    }

    @Test(
        "An error in a file names the file, the line and the column",
        arguments: [
            ("- {at: 1s, leave: 5%}\n- {at: 5, leave: 5%}", "e/a.yaml:2:8: events[2].at: found the bare number '5'"),
            (
                "- {at: 1s, leave: 5%}\n\n- {att: 1s, leave: 5%}",
                "e/a.yaml:3:4: events[2].att: unknown key 'att', did you mean 'at'?"
            ),
            ("- {at: 1s}", "e/a.yaml:1:3: events[1]: an event has one of 'drop_connections'"),
            ("- 5", "e/a.yaml:1:3: events[1]: found '5', wanted a mapping"),
            ("- {at: 1s, leave: 5%", "e/a.yaml:2:1: events[1].file: not YAML:"),
            ("- {at: 1s, leave: &a 5%}", "e/a.yaml:1:19: events[1].file: an anchor ('&name') is not supported"),
            ("- {at: 1s, leave: 5%, at: 2s}", "e/a.yaml:1:4: events[1].file: duplicate key 'at'"),
            ("events: []", "e/a.yaml:1:1: events[1].file: found a mapping, wanted a list of events"),
            ("- {file: b.yaml}", "e/a.yaml:1:4: events[1].file: a file of events names no further file"),
            // What has to hold between events and the rest of the profile.
            (
                "- {at: 1s, offer_packages: {packages: {a: {version: '1'}}}}",
                "e/a.yaml:1:28: events[1].offer_packages: no cohort accepts packages"
            ),
            ("- {at: 1s, withdraw_config: x}", "e/a.yaml:1:29: events[1].withdraw_config: no offer_config before it"),
        ])
    func placed(text: String, wanted: String) throws {
        let profile = "agents: 10\nevents:\n  - {at: 5s, leave: 5%}\n  - {file: e/a.yaml}\n"
        let folder = try Folder(["profile.yaml": profile, "e/a.yaml": text])
        let errors = folder.errors()
        #expect(errors.count == 1 && errors[0].hasPrefix(wanted), "\(errors)")
    }

    @Test("The errors of the profile and of its files are reported together")
    func together() throws {
        let folder = try Folder([
            "profile.yaml": "events:\n  - {at: 5, leave: 5%}\n  - {file: a.yaml}\n  - {file: b.yaml}\n",
            "a.yaml": "- {at: 6, leave: 5%}\n", "b.yaml": "- {at: 7, leave: 5%}\n",
        ])
        let errors = folder.errors().map { $0.prefix { $0 != " " } }
        #expect(errors == ["profile.yaml:2:10:", "a.yaml:1:8:", "b.yaml:1:8:"])
    }

    @Test(
        "A file that cannot be read as events is refused at its name, with what is wrong",
        arguments: [
            (
                "{file: missing.yaml}",
                "'missing.yaml' is not a readable file; paths are relative to the profile's folder"
            ),
            ("{file: e}", "'e' is not a readable file"),
            ("{file: e/large.yaml}", "'e/large.yaml' is larger than 128KiB; a run has at most 1000 events"),
            ("{file: e/empty.yaml}", "'e/empty.yaml' is empty; write a list of events"),
            ("{file: 5s, at: 1s}", "unknown key 'at'; allowed here: file"),
            ("{file: [a]}", "found a list, wanted text"),
        ])
    func refused(item: String, wanted: String) throws {
        let folder = try Folder([
            "profile.yaml": "events:\n  - \(item)\n", "e/empty.yaml": "# None.\n",
            "e/large.yaml": list(of: "{at: 1s, leave: 5%}", bytes: 128 << 10 + 1),
        ])
        let errors = folder.errors()
        #expect(errors.contains { $0.hasPrefix("profile.yaml:2:") && $0.contains(wanted) }, "\(errors)")
    }

    @Test("The files of a profile have a limit together, in bytes and in events")
    func limits() throws {
        let large = "- {at: 1s, leave: 5%}\n" + String(repeating: "# Nothing.\n", count: 7_000)
        let twice = try Folder(["profile.yaml": "events: [{file: a.yaml}, {file: a.yaml}]", "a.yaml": large])
        let wanted = "profile.yaml:1:33: events[1].file: the files of events have more than 128KiB together"
        #expect(twice.errors() == [wanted])
        let once = try Folder([
            "profile.yaml": "events: [{file: a.yaml}]", "a.yaml": list(of: "{at: 1s, leave: 5%}", bytes: 70 << 10),
        ])
        #expect(once.errors().count == 1)
        #expect(once.errors()[0].hasSuffix("is out of range: allowed are up to 1000"), "\(once.errors())")
    }

    @Test("Without a file's folder no file is read")
    func noFolder() {
        do throws(Problems) {
            let profile = try ProfileReader().read(text: "events: [{file: a.yaml}]", source: "text")
            Issue.record("\(profile.events)")
        } catch {
            #expect(error.description.contains("files are read only for a profile that is a file itself"))
        }
    }

    private func list(of item: String, bytes: Int) -> String {
        let line = "- \(item)\n"
        return String(repeating: line, count: bytes / line.utf8.count + 1)
    }
}
