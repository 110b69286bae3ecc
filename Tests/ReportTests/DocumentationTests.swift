import AgentModel
import Foundation
import Metrics
import Testing

@Suite("docs/results.md")
struct DocumentationTests {
    static let page: String? = {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try? String(contentsOf: root.appendingPathComponent("docs/results.md"), encoding: .utf8)
    }()

    @Test("Every measure, counter, error and state that a run writes is explained")
    func everyNameIsExplained() throws {
        let page = try #require(Self.page)
        let names = Measure.allCases.map(\.name) + Counter.allCases.map(\.name) + AgentState.allCases.map(\.key)
        #expect(names.filter { !page.contains("`\($0)`") } == [])
    }

    @Test("Every error has the row that its counter says: name, fault, meaning", arguments: Counter.errors)
    func errors(counter: Counter) throws {
        guard case .error(let origin) = counter.family else { return }
        let row = "| `\(counter.name)` | \(origin.rawValue) | \(counter.summary) |"
        #expect(try #require(Self.page).contains(row), "docs/results.md has to say: \(row)")
    }
}
