import Basis
import Schema
import Testing

@Suite("Reading a document by its table")
struct ReadingTests {
    static let cases: [(text: String, wanted: [String])] = [
        ("{}", []),
        (
            "bed: 5",
            [
                """
                1:1: bed: unknown key 'bed', did you mean 'beds'? allowed here: name, note, seed, beds, water, \
                gate, fence, plan, shade, tools, plots, days, labels
                """
            ]
        ),
        ("rows: 3", ["1:1: rows: unknown key 'rows': it is called 'beds' now"]),
        ("beds: 10", ["1:7: beds: 10 is out of range: allowed is 0 to 9"]),
        ("beds: \"5\"", ["1:7: beds: found the text '5', wanted a whole number"]),
        ("beds: [5]", ["1:7: beds: found a list, wanted a whole number"]),
        ("beds:", ["1:6: beds: found nothing, wanted a whole number"]),
        ("seed: -1", ["1:7: seed: -1 is out of range: allowed is a whole number from 0 to 18446744073709551615"]),
        ("water: 5", ["1:8: water: found '5', wanted a rate such as 512KiB/s or 10MiB/s"]),
        ("gate: 1.5s", ["1:7: gate: 1.5s is out of range: the protocol carries whole seconds here"]),
        ("gate: none", ["1:7: gate: found 'none', wanted a duration such as 500ms, 10s, 1m30s or 2h"]),
        ("fence: 5", ["1:8: fence: found '5', wanted a mapping (`key: value`, indented)"]),
        ("fence: {height: high}", ["1:17: fence.height: found 'high', wanted a number such as 0.5"]),
        ("plan: tre", ["1:7: plan: found 'tre', wanted fallow, rows or tree; did you mean 'tree'?"]),
        ("plan: {height: 1}", ["1:7: plan.form: the key 'form' is missing"]),
        ("plan: {form: fallow, height: 1}", ["1:22: plan.height: unknown key 'height'; allowed here: form"]),
        ("plots: []", ["1:8: plots: a list of 0 plots is out of range: allowed are 1 to 3"]),
        ("plots: [{slow: x}]", ["1:9: plots[0].name: the key 'name' is missing"]),
        ("plots: [{name: a}]", ["1:9: plots[0]: a plot has one of 'fast', 'slow'"]),
        ("plots: [{name: a, fast: 1s, slow: x}]", ["1:9: plots[0]: a plot has one of 'fast', 'slow'"]),
        (
            "plots: [{name: a, fst: 1s}]",
            [
                """
                1:19: plots[0].fst: unknown key 'fst', did you mean 'fast'? allowed here: name, shade, tools, \
                fast, slow
                """
            ]
        ),
        ("plots: [{name: a, fast: []}]", ["1:25: plots[0].fast: found a list, wanted a time such as 30s or 50%"]),
        (
            "days: [monday, sunday, monday]", ["1:24: days[2]: duplicate monday in the list"]
        ),
        (
            "labels: {a: 1, b: 2, c: 3}", ["1:9: labels: 3 labels is out of range: allowed are up to 2"]
        ),
        ("fence: {gates: 8}", ["1:16: fence.gates: more gates than beds"]),
        ("days: [sunday, monday]", ["1:8: days[0]: not on sunday first"]),
        ("shade: 60%", ["1:8: shade: the plot 'plot' is too dark"]),
        (
            "shade: 60%\nplots: [{name: a, slow: x}, {name: b, slow: x, shade: 1%}]",
            ["1:8: plots[0].shade: the plot 'a' is too dark"]
        ),
        (
            "beds: x\nfence: {gates: 99}\ndays: [holiday]",
            [
                "1:7: beds: found 'x', wanted a whole number",
                "2:16: fence.gates: 99 is out of range: allowed is 0 to 9",
                "3:8: days[0]: found 'holiday', wanted monday or tuesday or sunday",
            ]
        ),
        ("", ["the file is empty; write at least `{}`, which has every default"]),
        ("beds: 1\nbeds: 2", ["1:1: duplicate key 'beds' in the same mapping"]),
        ("name: &a x", ["1:7: an anchor ('&name') is not supported; write the value out, or in quotes if it is text"]),
        ("name: !!int 5", ["1:7: the tag 'tag:yaml.org,2002:int' is not supported; leave it out"]),
        ("name: \u{E000}", ["1:7: the character U+E000 is not supported; remove it"]),
        ("[: x", ["1:2: not YAML: while parsing a flow node, did not find expected node content"]),
    ]

    @Test("Every error has its place, its path and what is allowed, all at once", arguments: cases)
    func errors(text: String, wanted: [String]) {
        #expect(problems(text) == wanted)
    }

    @Test("50 errors are kept, the others are counted, and suggestions are computed for those that are shown")
    func manyErrors() throws {
        let text = (0..<5_000).map { "unknown_key_\($0): 1\n" }.joined()
        let error = try #require(throws: Problems.self) { try Garden.schema.read(Array(text.utf8), source: "test") }
        #expect(error.list.count == 50)
        #expect(error.omitted == 4_950)
        // An error holds what a suggestion is made of, and none that was made.
        guard case .unknownKey("unknown_key_0", let allowed)? = error.list.first?.kind else {
            Issue.record("\(error.list[0].kind)")
            return
        }
        #expect(allowed.contains("beds"))
        #expect(error.description.hasSuffix("test: and 4950 more"))
    }

    @Test("Long texts and control characters do not get into a message")
    func quotes() {
        let long = problems("beds: \(String(repeating: "x", count: 10_000))")
        #expect(long.count == 1 && long.allSatisfy { $0.utf8.count < 300 })
        #expect(problems("beds: \"a\\nb\"") == ["1:7: beds: found the text 'a\u{FFFD}b', wanted a whole number"])
    }

    @Test("What is inherited is reported once, at the place where it is written")
    func inheritedOnce() {
        let text = "shade: 60%\nplots: [{name: a, slow: x}, {name: a, slow: x}]"
        #expect(problems(text) == ["1:8: plots[0].shade: the plot 'a' is too dark"])
    }

    @Test("Items begin with the keys beside the list; mappings by name add to what is inherited")
    func inheritance() throws {
        let text = "shade: 20%\ntools: {saw: 5B}\nplots: [{name: a, slow: x, tools: {axe: 6B, saw: 7B}}]"
        let garden = try Garden.schema.read(Array(text.utf8), source: "test")
        #expect(garden.plots.map(\.shade) == [0.2])
        #expect(garden.plots.map(\.tools) == [[Named("saw", 7), Named("axe", 6)]])
        let single = try Garden.schema.read(Array("shade: 20%".utf8), source: "test")
        #expect(single.plots.map(\.shade) == [0.2])
    }

    @Test("A section completes what follows from other keys, unless it is given")
    func completing() throws {
        let completed = try Garden.schema.read(Array("fence: {height: 0}".utf8), source: "test")
        #expect(completed.fence.gates == 0)
        let given = try Garden.schema.read(Array("fence: {height: 0, gates: 1}".utf8), source: "test")
        #expect(given.fence.gates == 1)
    }

    @Test("A random document reads back as it was written, whatever its values", arguments: 0..<300 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let garden = Garden.schema.sample(&random)
        let text = Garden.schema.write(garden)
        let back = try Garden.schema.read(Array(text.utf8), source: "written", judging: false)
        #expect(back == garden, "\(text)")
        #expect(Garden.schema.write(back) == text)
    }

    @Test("The document is written in the order of the table, without what is omitted by default")
    func written() {
        #expect(
            Garden.schema.write(.standard) == """
                name: garden
                seed: 1
                beds: 4
                water: 10MiB/s
                fence:
                  height: 1.5
                  gates: 1
                plan: fallow
                plots:
                  - name: plot
                    shade: 0%
                    tools: {}
                    fast: 50%
                days: []
                labels: {}

                """)
    }
}

@Suite("Options that replace keys of a document")
struct OverrideTests {
    private func option(_ option: String, _ value: String) throws -> Override {
        try #require(Garden.schema.override(option, value))
    }

    @Test("An option replaces the key, in every item that says otherwise, too")
    func replaced() throws {
        let text = "plots: [{name: a, slow: x, shade: 10%}, {name: b, slow: x}]\nfence: {height: 2}"
        let garden = try Garden.schema.read(
            Array(text.utf8), source: "test",
            overrides: [option("--shade", "30%"), option("--gates", "3"), option("--seed", "7")])
        #expect(garden.plots.map(\.shade) == [0.3, 0.3])
        #expect(garden.fence == Garden.Fence(height: 2, gates: 3))
        #expect(garden.seed == 7)
    }

    @Test("The error of an option has its name in the place of line and column")
    func errors() throws {
        let found = problems(
            "seed: x\nfence: 5",
            overrides: [try option("--beds", "many"), try option("--gates", "3"), try option("--seed", "7")])
        #expect(
            found == [
                "2:8: fence: found '5', wanted a mapping (`key: value`, indented)",
                "--beds: beds: found 'many', wanted a whole number",
            ])
        let contradiction = problems("beds: 2", overrides: [try option("--gates", "3")])
        #expect(contradiction == ["--gates: fence.gates: more gates than beds"])
    }

    @Test("A key is removed from every item, by its name in any case if asked")
    func removed() throws {
        var tree = try Tree(yaml: Array("a: {X-Key: 1, b: 2}\nlist: [{x-key: 1}, {y: 2}]".utf8))
        tree.remove(["list", "*", "X-KEY"], ignoringCase: true)
        tree.remove(["a", "b"])
        #expect(tree.yaml == "a:\n  X-Key: 1\nlist:\n  - {}\n  - \"y\": 2\n")
    }
}
