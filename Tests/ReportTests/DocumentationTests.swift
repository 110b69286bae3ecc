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
        let names = Measure.allCases.map(\.name) + Counter.allCases.map(\.name) + LifeState.allCases.map(\.name)
        #expect(names.filter { !page.contains("`\($0)`") } == [])
    }

    @Test("Errors stand there with whose fault they are", arguments: Counter.errors)
    func faults(counter: Counter) throws {
        guard case .error(let fault) = counter.family else { return }
        #expect(try #require(Self.page).contains("| `\(counter.name)` | \(fault.rawValue) |"))
    }
}
