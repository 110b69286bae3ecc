import Basis
import Testing

@testable import Rollout

@Suite("Differences of texts")
struct TextDifferenceTests {
    /// The new text by the old one and their difference, as `patch` makes it; nil where they do not fit.
    private func patched(_ old: String, _ difference: String) -> String? {
        let lines = old.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // The part after the last line feed is a line only if it is not empty.
        var source = lines.dropLast().map { $0 + "\n" } + (lines.last == "" ? [] : [lines.last ?? ""])
        var (result, hunk) = ([String](), [String]())
        var taken = 0
        let parts = difference.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        var index = 2
        while index < parts.count {
            let part = parts[index]
            let hasNoEnd = index + 1 < parts.count && parts[index + 1].hasPrefix("\\")
            let line = String(part.dropFirst()) + (hasNoEnd ? "" : "\n")
            switch part.first {
            case "@":
                let numbers = part.split { !$0.isNumber }.compactMap { Int($0) }
                let start = numbers[1] == 0 ? numbers[0] : numbers[0] - 1
                guard (taken...source.count).contains(start) else { return nil }
                result += source[taken..<start]
                taken = start
                guard (numbers[3] == 0 ? numbers[2] : numbers[2] - 1) == result.count else { return nil }
            case " ":
                guard taken < source.count, source[taken] == line else { return nil }
                result.append(line)
                taken += 1
            case "-":
                guard taken < source.count, source[taken] == line else { return nil }
                hunk.append(line)
                taken += 1
            case "+": result.append(line)
            default: return nil
            }
            index += hasNoEnd ? 2 : 1
        }
        result += source[taken...]
        source = []
        return result.joined()
    }

    @Test("A difference makes the new text of the old one")
    func patches() {
        var random = SeededRandom(seed: 77)
        func text() -> String {
            let lines = (0..<random.index(below: 30)).map { _ in "line \(random.index(below: 8))" }
            return lines.joined(separator: "\n") + (random.chance(0.7) ? "\n" : "")
        }
        var compared = 0
        for _ in 0..<1_500 {
            let old = text()
            // Sometimes nearly the same.
            let new = random.chance(0.5) ? text() : old.replacing("line 3", with: "line three")
            let difference = TextDifference.unified(
                Array(old.utf8), Array(new.utf8), name: "a", from: "version 1", to: "version 2")
            #expect(difference.isEmpty == (old == new))
            guard old != new else { continue }
            compared += 1
            #expect(patched(old, difference) == new, "\(old.debugDescription)\n\(new.debugDescription)\n\(difference)")
        }
        #expect(compared > 1_000)
    }

    @Test("A difference has the changed lines with three lines around them")
    func shape() {
        let old = (1...9).map { "\($0)\n" }.joined()
        let text = TextDifference.unified(
            Array(old.utf8), Array(old.replacing("5", with: "five").utf8), name: "a.yaml", from: "version 1",
            to: "version 4")
        #expect(
            text == "--- a.yaml\tversion 1\n+++ a.yaml\tversion 4\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        )
    }

    @Test("Files that come and go, names that are left out, and contents that are no text are told")
    func others() {
        let old = LayerContent(files: ["a": [0xFF], "b": Array("x\n".utf8)])
        let new = LayerContent(files: ["a": [0xFE, 0xFF]], without: ["b"])
        let text = old.difference(to: new, from: "1", to: "2")
        #expect(text.contains("a is not UTF-8 text: 1 and 2 bytes"))
        #expect(text.contains("--- b\t1\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n") && text.hasSuffix("+without b\n"))
        #expect(old.difference(to: old, from: "1", to: "2").isEmpty)
    }

    @Test("Long texts without a common line are shown as replaced")
    func long() {
        let (old, new) = ((0..<3_000).map { "old \($0)\n" }.joined(), (0..<3_000).map { "new \($0)\n" }.joined())
        let text = TextDifference.unified(Array(old.utf8), Array(new.utf8), name: "a", from: "1", to: "2")
        #expect(text.split(separator: "\n").count == 6_003)
    }
}
