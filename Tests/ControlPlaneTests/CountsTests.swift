import ControlPlane
import Testing

@Suite("The server's own counts")
struct CountsTests {
    @Test("Every count has a name, and no two share one")
    func names() {
        let stored = Mirror(reflecting: ServerCounts()).children.compactMap(\.label)
        #expect(ServerCounts.fields.count == stored.count)
        #expect(Set(ServerCounts.fields.map(\.name)).count == stored.count)
        #expect(Set(ServerCounts.fields.map(\.path)).count == stored.count)
        let spelled = ServerCounts.fields.map { $0.name.replacing("_", with: "") }
        #expect(spelled == stored.map { $0.lowercased() })
    }

    @Test("The counts of two shards add up")
    func sum() {
        var (left, right) = (ServerCounts(), ServerCounts())
        for (index, field) in ServerCounts.fields.enumerated() {
            left[keyPath: field.path] = UInt64(index)
            right[keyPath: field.path] = 1_000
        }
        left += right
        for (index, field) in ServerCounts.fields.enumerated() {
            #expect(left[keyPath: field.path] == UInt64(index) + 1_000)
        }
    }
}
