import Testing

/// The words that docs/glossary.md has another for.
@Suite("Words")
struct WordTests {
    /// The last column of the glossary's tables.
    static let forbidden: [String] = {
        let rows = Project.lines("docs/glossary.md").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }
        let cells = rows.filter { !$0.hasSuffix("| not |") }.compactMap { $0.split(separator: "|").last }
        return cells.flatMap { $0.split(separator: ",") }.map { $0.trimmed }.filter { !$0.isEmpty }
    }()

    /// Where such a word is right.
    private static let allowed = ["stands for", "in mind"]

    @Test("The glossary names words to avoid")
    func glossary() {
        #expect(Self.forbidden.count > 20)
        #expect(Self.forbidden.contains("goodbye"))
    }

    @Test("Comments, messages and documents use the terms of the glossary")
    func words() {
        var places: [String] = []
        for file in Project.sources + Project.tests where !file.path.hasPrefix("Tests/StyleTests") {
            for prose in file.prose {
                places += Self.found(in: prose.text).map { "\(file.path):\(prose.line): \($0)" }
            }
        }
        for document in Project.documents where document.path != "docs/glossary.md" {
            for (index, line) in document.lines.enumerated() {
                places += Self.found(in: line).map { "\(document.path):\(index + 1): \($0)" }
            }
        }
        #expect(places.isEmpty, "\(places.count) places: \(places.joined(separator: "\n"))")
    }

    @Test("Names of limits begin with max or min")
    func limits() {
        let names = (Project.sources + Project.tests).flatMap { file in
            file.declarations.filter { declaration in
                ["most", "least"].contains {
                    declaration.name.hasPrefix($0) && declaration.name.dropFirst($0.count).first?.isUppercase == true
                }
            }.map { "\(file.path):\($0.line): \($0.name)" }
        }
        #expect(names.isEmpty, "\(names.joined(separator: "\n"))")
    }

    /// The forbidden words and phrases in a text, each as often as it occurs.
    private static func found(in text: String) -> [String] {
        var text = text.lowercased()
        for phrase in allowed where text.contains(phrase) { text = text.replacing(phrase, with: "") }
        let words = text.split { !$0.isLetter }
        var found = words.filter { words in single.contains(words) }.map(String.init)
        found += phrases.filter { text.contains($0) }
        return found
    }

    private static let single = Set(forbidden.filter { !$0.contains(" ") }.map { Substring($0) })
    private static let phrases = forbidden.filter { $0.contains(" ") }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
