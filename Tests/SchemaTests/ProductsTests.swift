import Basis
import Schema
import Testing

@Suite("What is made of a table for people and editors")
struct ProductsTests {
    static let explained: [(way: String, wanted: String)] = [
        ("beds", "beds: 0 to 9\n  How many beds.\n  default: 4\n  option: --beds\n  since: 0.1\n"),
        ("gate", "gate: whole seconds, 1s to 1m\n  How long it is open.\n  since: 0.1\n"),
        ("water", "water: rate of bytes, or `none`\n  How much water.\n  default: 10MiB/s\n  since: 0.1\n"),
        ("fence", "fence: a mapping with the keys below\n  The fence.\n  since: 0.1\n  keys: height, gates\n"),
        ("fence.gates", "fence.gates: 0 to 9\n  How many gates.\n  default: 1\n  option: --gates\n  since: 0.1\n"),
        ("plots[0].name", "plots.name: name\n  Its name.\n  default: none, it has to be given\n  since: 0.1\n"),
        ("plots.slow", "plots.slow: text\n  Late.\n  since: 1.1\n"),
        ("labels.anything", "labels.anything: text\n  Names and texts.\n"),
    ]

    @Test("A key is explained with kind, bounds, default, option and version", arguments: explained)
    func explain(way: String, wanted: String) throws {
        #expect(try Garden.schema.explain(way) == wanted)
    }

    @Test("A value of several forms is explained form by form")
    func forms() throws {
        let text = try Garden.schema.explain("plan")
        #expect(text.contains("  forms:\n    fallow: Nothing.\n    rows, or {form: rows, …}: In rows.\n"))
    }

    @Test("A value of a document is found, also in a list's items")
    func values() throws {
        var garden = Garden()
        garden.beds = 7
        garden.plots = [Garden.Plot(name: "a", shade: 0.25), Garden.Plot(name: "b")]
        #expect(try Garden.schema.explain("beds", in: garden).contains("  here: 7\n"))
        #expect(try Garden.schema.explain("plots[1].name", in: garden).contains("  here: b\n"))
        let shade = try Garden.schema.explain("shade", in: garden)
        #expect(shade.contains("  here, in plots[0]: 25%\n  here, in plots[1]: 0%\n"))
    }

    @Test(
        "An unknown key is reported with the nearest one and the existing keys",
        arguments: [
            ("bed", "unknown key 'bed', did you mean 'beds'? allowed here: name, note, seed"),
            ("fence.gate", "fence: unknown key 'gate', did you mean 'gates'? allowed here: height, gates"),
            ("beds.x", "beds: unknown key 'x'"),
        ])
    func unknown(way: String, wanted: String) throws {
        let problem = try #require(throws: Problem.self) { try Garden.schema.explain(way) }
        #expect(problem.description.hasPrefix(wanted), "\(problem)")
    }

    @Test("The reference has each key, section and form once, and its tables have their columns")
    func markdown() {
        let lines = Garden.schema.markdown.split(separator: "\n")
        #expect(lines.contains("| `beds` | 0 to 9 | `4` | How many beds. Option: `--beds`. |"))
        #expect(lines.contains("| `fence` | [fence](#fence) |  | The fence. |"))
        #expect(lines.contains { $0.hasPrefix("| `slow` | text |  | Late. Since 1.1. |") })
        #expect(lines.contains("Exactly one of `fast`, `slow` has to be given."))
        for heading in ["## garden", "## fence", "## plot", "**Forms of `plan`**"] {
            #expect(lines.count { $0 == heading } == 1, "\(heading)")
        }
        for line in lines where line.hasPrefix("|") {
            #expect([3, 5].contains(line.replacing("\\|", with: "").count { $0 == "|" }), "\(line)")
        }
    }

    @Test("The starter reads as the values given, with and without its comment marks")
    func starter() throws {
        let text = Garden.schema.starter(["beds": "7", "fence.gates": "3"])
        var wanted = Garden()
        wanted.plots = [Garden.Plot()]
        wanted.beds = 7
        wanted.fence.gates = 3
        func read(_ text: String) throws -> Garden {
            try Garden.schema.read(Array(text.utf8), source: "starter", judging: false)
        }
        #expect(try read(text) == wanted)
        let bare = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("# ") ? String($0.dropFirst(2)) : String($0) }.joined(separator: "\n")
        #expect(bare != text)
        #expect(try read(bare) == wanted)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test("JSON Schema has each key with its bounds, and refers to sections by name")
    func json() {
        let text = Garden.schema.jsonSchema(id: "urn:test").text()
        #expect(
            text.hasPrefix(
                "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"$id\": \"urn:test\""))
        #expect(
            text.contains(
                #""beds": {"description": "How many beds.", "type": "integer", "minimum": 0, "maximum": 9}"#))
        #expect(text.contains(##""$ref": "#/$defs/fence""##))
    }

    @Test("A setting of the command line is read as if it were written at its key")
    func settings() throws {
        func read(_ text: String, _ settings: String...) throws -> Garden {
            let overrides = try settings.map { try Override.setting($0, option: "--set") }
            return try Garden.schema.read(Array(text.utf8), source: "test", overrides: overrides)
        }
        #expect(try read("beds: 2", "beds=3").beds == 3)
        #expect(try read("{}", "fence.gates=3", "fence.height=2").fence == Garden.Fence(height: 2, gates: 3))
        #expect(try read("plan: fallow", "plan.form=tree").plan == .tree(Garden.Fence()))
        #expect(try read("days: [monday]", "days=[tuesday, sunday]").days == [.tuesday, .sunday])
        let plots = "plots: [{name: a, fast: 1s}, {name: b, fast: 1s}]"
        #expect(try read(plots, "plots.*.shade=10%", "plots.1.shade=20%").plots.map(\.shade) == [0.1, 0.2])
    }

    @Test(
        "Each problem of a setting is reported under its name",
        arguments: [
            ("beds=10", "--set beds: beds: 10 is out of range: allowed is 0 to 9"),
            ("bed=1", "--set bed: bed: unknown key 'bed', did you mean 'beds'?"),
            ("beds", "--set: found a text without '=', wanted KEY=VALUE"), ("=1", "--set: found '=', wanted KEY=VALUE"),
            ("beds=[1", "--set beds: not YAML"), ("beds=", "--set beds: "),
        ])
    func wrongSettings(text: String, wanted: String) {
        let found: String
        do throws(Problem) {
            found = problems("{}", overrides: [try Override.setting(text, option: "--set")]).joined()
        } catch {
            found = error.description
        }
        #expect(found.hasPrefix(wanted), "\(found)")
    }
}
